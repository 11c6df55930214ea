import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** What an adversary does to an answer of the honest node behind it; undefined never answers. */
export type Twist = (path: string, body: Buffer) => Buffer | undefined;

/** A real server in front of a real node, which passes requests on and twists answers. */
export class Adversary {
  readonly #server: Server;
  readonly #target: string;
  #twist: Twist = (_path, body) => body;
  #twistRefusal: Twist = (_path, body) => body;
  requests = 0;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.requests++;
      this.#pass(request, response).catch(() => response.destroy());
    });
  }

  static async infrontOf(target: string): Promise<Adversary> {
    const adversary = new Adversary(target);
    adversary.#server.listen(0, "127.0.0.1");
    await once(adversary.#server, "listening");
    return adversary;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  twist(twist: Twist): void {
    this.#twist = twist;
  }

  /** The same for what the node refuses. */
  twistRefusal(twist: Twist): void {
    this.#twistRefusal = twist;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "GET", url = "/" } = request;
    const headers: Record<string, string> = {};
    for (const name of ["content-type", "authorization", "mycelia-read-voucher"] as const) {
      const value = request.headers[name];
      if (typeof value === "string") headers[name] = value;
    }
    const body = method === "GET" ? undefined : Buffer.concat(chunks);
    const answer = await fetch(this.#target + url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const honest = Buffer.from(await answer.arrayBuffer());
    const twisted = (answer.ok ? this.#twist : this.#twistRefusal)(`${method} ${url}`, honest);
    if (twisted === undefined) return;
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
    response.end(answer.status === 204 ? undefined : twisted);
  }
}
