import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * What a proxy does to requests of a method: sends an answer of its own, cuts the connection after some bytes of the body, loses the answer
 * that the server has given, or stands still.
 */
export type Fault =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "cut"; readonly afterBytes: number }
  | { readonly kind: "lose-answer" }
  | { readonly kind: "stall" };

interface Planned {
  readonly method: string;
  readonly fault: Fault;
  left: number;
}

export const SLOW_DOWN: Fault = {
  kind: "answer",
  text: "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
};

/** A TCP proxy on loopback that can be told to fail. */
export class FaultProxy {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #planned: Planned[] = [];
  /** Requests that a fault has met. */
  hits = 0;

  private constructor(target: URL) {
    this.#target = target;
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(target));
    await proxy.up();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}${this.#target.pathname.replace(/\/$/, "")}`;
  }

  /** Meets the next requests of a method with a fault, or all. */
  plan(method: string, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#planned.push({ method, fault, left: times });
    // A connection that is kept would go on with what it began.
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#planned = [];
  }

  async down(): Promise<void> {
    const closed = once(this.#server!, "close");
    this.#server!.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async up(): Promise<void> {
    this.#server = createServer((socket) => this.#take(socket)).listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await this.down();
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    let upstream: Socket | undefined;
    let fault: Fault | undefined;
    let received = 0;
    socket.on("data", (bytes: Buffer) => {
      const method = /^([A-Z]+) [^\r]+ HTTP\/1\.1\r\n/.exec(bytes.subarray(0, 2048).toString("latin1"))?.[1];
      if (method !== undefined) [fault, received] = [this.#faultOf(method), 0];
      received += bytes.length;
      if (fault?.kind === "stall") return;
      if (fault?.kind === "answer") return void socket.end(fault.text);
      upstream ??= this.#connect(socket, () => fault);
      upstream.write(bytes);
      if (fault?.kind === "cut" && received >= fault.afterBytes) {
        socket.destroy();
        upstream.destroy();
      }
    });
    socket.on("close", () => upstream?.end());
  }

  #connect(socket: Socket, faultNow: () => Fault | undefined): Socket {
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    upstream.on("error", () => socket.destroy());
    upstream.on("close", () => socket.destroy());
    upstream.on("data", (bytes: Buffer) => {
      // Of an upload that asks first, "100 Continue" is not the answer.
      const isInterim = bytes.subarray(0, 12).toString("latin1") === "HTTP/1.1 100";
      if (faultNow()?.kind === "lose-answer" && !isInterim) socket.destroy();
      else if (!socket.destroyed) socket.write(bytes);
    });
    return upstream;
  }

  #faultOf(method: string): Fault | undefined {
    const planned = this.#planned.find((each) => each.method === method && each.left > 0);
    if (planned === undefined) return undefined;
    planned.left--;
    this.hits++;
    return planned.fault;
  }
}
