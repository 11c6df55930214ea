/** As turns.ts; a timer would be held back for milliseconds once a few follow each other. */
export async function giveWay(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
  signal?.throwIfAborted();
}
