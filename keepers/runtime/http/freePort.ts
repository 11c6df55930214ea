import { type AddressInfo, createServer } from "node:net";

/** A port that nobody listens on now. Whoever needs it must be quick: it is not reserved. */
export async function freePort(host: string): Promise<number> {
  const probe = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  probe.once("error", reject);
  probe.listen({ host, port: 0, exclusive: true }, resolve);
  await promise;
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}
