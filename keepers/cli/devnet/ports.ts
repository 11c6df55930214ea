import { createServer } from "node:net";
import { RetryableError } from "../../runtime/errors.ts";

const highestPort = 65_535;

/** Whether a loopback TCP port can be listened on now. */
export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** The first free loopback port from `from` on that is not in `taken`; adds it to `taken`. */
export async function takePort(from: number, taken: Set<number>): Promise<number> {
  for (let port = from; port <= highestPort; port += 1) {
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new RetryableError("devnet/no-free-port", `no free loopback port from ${from} on`, { from });
}
