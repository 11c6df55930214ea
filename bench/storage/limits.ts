import { hash, randomFillSync } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttpClient } from "../../keepers/runtime/http/client.ts";

const MiB = 2 ** 20;
const rowBytes = 1024;
/** About what a member is sent of a segment, or sends of one. */
const bodyBytes = 900 * 1024;
const turns = 5;

/** What a MiB takes on this machine at best, seconds: of one processor, but for the disk. */
export interface Limits {
  /** Native SHA-256 of rows of 1 KiB. */
  readonly sha256: number;
  /** A copy between two buffers that no cache holds. */
  readonly copy: number;
  /** Append and fdatasync, a member's share of a segment at a time; by the clock. */
  readonly disk: number;
  /** Through HTTP over loopback, both ends. */
  readonly loopback: number;
}

export async function measureLimits(): Promise<Limits> {
  const source = randomFillSync(Buffer.alloc(64 * MiB));
  const target = Buffer.alloc(source.length);
  return {
    sha256: await best(16 * MiB, processorSeconds, () => hashRows(source.subarray(0, 16 * MiB))),
    copy: await best(source.length, processorSeconds, () => source.copy(target)),
    disk: await diskSeconds(source),
    loopback: await loopbackSeconds(source.subarray(0, bodyBytes)),
  };
}

/** Others may use the machine too: what a processor does is timed by its own clock. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function wallSeconds(): number {
  return performance.now() / 1000;
}

async function best(bytes: number, clock: () => number, go: () => unknown): Promise<number> {
  let shortest = Infinity;
  for (let turn = 0; turn < turns; turn++) {
    const started = clock();
    await go();
    shortest = Math.min(shortest, clock() - started);
  }
  return shortest / (bytes / MiB);
}

function hashRows(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += rowBytes)
    hash("sha256", bytes.subarray(at, at + rowBytes), "binary");
}

async function diskSeconds(source: Buffer): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "storage-bench-"));
  const handle = await open(join(directory, "disk"), "wx");
  try {
    return await best(source.length, wallSeconds, async () => {
      for (let at = 0; at < source.length; at += bodyBytes) {
        await handle.write(source.subarray(at, at + bodyBytes));
        await handle.datasync();
      }
    });
  } finally {
    await handle.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function loopbackSeconds(body: Buffer): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const http = createHttpClient({ allowPrivate: true });
  const requests = 64;
  try {
    return await best(requests * body.length, processorSeconds, async () => {
      for (let sent = 0; sent < requests; sent++)
        await http.request(`http://127.0.0.1:${port}/`, { method: "PUT", body });
    });
  } finally {
    await http.close();
    await new Promise((resolve) => server.close(resolve));
  }
}
