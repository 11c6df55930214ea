import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";

/** A connection that doesn't keep to the rules. */
export class HostileSocket {
  readonly socket: Socket;
  /** What came back, once the connection has ended, whoever ended it. */
  readonly ended: Promise<string>;
  #received = "";
  #isOpen = true;

  private constructor(socket: Socket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.ended = promise;
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#isOpen = false;
      resolve(this.#received);
    });
  }

  /** @param from address of this machine to come from */
  static async open(port: number, from?: string): Promise<HostileSocket> {
    const socket = connect({ port, host: "127.0.0.1", ...(from && { localAddress: from }) });
    const hostile = new HostileSocket(socket);
    await Promise.race([once(socket, "connect"), hostile.ended]);
    return hostile;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Begins to take what is sent, which it does not do before. */
  listen(): this {
    this.socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
    });
    return this;
  }

  send(...parts: (string | Uint8Array)[]): this {
    for (const part of parts) if (!this.socket.destroyed) this.socket.write(part);
    return this;
  }

  /** One byte after the other, for as long as somebody listens. */
  async trickle(bytes: string, pauseMs: number): Promise<void> {
    for (const byte of bytes) {
      if (!this.#isOpen) return;
      this.send(byte);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  drop(): void {
    this.socket.destroy();
  }
}

/** Watches how much memory a process takes, MiB, until it is told to stop: by how much it grew at most. */
export async function watchMemory(pid: number): Promise<() => Promise<number>> {
  const before = await residentMebibytes(pid);
  let most = before;
  const look = async () => {
    most = Math.max(most, await residentMebibytes(pid));
  };
  const timer = setInterval(() => void look().catch(() => undefined), 50);
  return async () => {
    clearInterval(timer);
    await look();
    return Math.round(most - before);
  };
}

async function residentMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
