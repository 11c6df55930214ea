import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A KV node that answers as another does, but says of every value that it is its own. */
export interface LyingNode {
  readonly url: string;
  close(): Promise<void>;
}

/** @param honest URL of the node whose answers are changed */
export async function startLyingNode(honest: string, value: string): Promise<LyingNode> {
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const asked = await fetch(new URL(request.url ?? "", honest));
      const json = (await asked.json()) as { entry?: { value: string } };
      if (json.entry !== undefined) json.entry.value = Buffer.from(value).toString("base64");
      const type = asked.headers.get("content-type") ?? "application/json";
      // Pages ask it as well.
      const headers = { "content-type": type, "access-control-allow-origin": "*" };
      response.writeHead(asked.status, headers).end(JSON.stringify(json));
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
