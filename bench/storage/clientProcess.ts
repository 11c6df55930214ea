/**
 * A client in a process of its own, so that its time and memory are those of a client and of nothing else:
 * `node --import=tsx clientProcess.ts <order as JSON>`; prints a ClientReport as JSON.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { createCodec } from "../../keepers/coding/codec.ts";
import type { HttpClient } from "../../keepers/runtime/http/client.ts";
import { createStorageClient, type StorageClient } from "../../keepers/storage/client.ts";
import { type NodeSetup, openNodeContext } from "../../test/keepers/storage/nodeContext.ts";

export type ClientOrder = { readonly setup: NodeSetup } & (
  | { readonly kind: "put"; readonly file: string }
  | { readonly kind: "get"; readonly objectRoot: string }
);

export interface ClientReport {
  /** Lower-case hex. */
  readonly objectRoot: string;
  /** Bytes of the object. */
  readonly size: number;
  /** CRC-32 of the object as it went in or came out. */
  readonly crc: number;
  readonly seconds: number;
  /** Time of all threads in user and system mode, milliseconds. */
  readonly cpuMs: number;
  /** Largest resident size of the process, bytes. */
  readonly peakBytes: number;
  /** Bytes of request bodies and of answers' bodies. */
  readonly wireBytes: number;
  /** "full" or worse for a put; how many segments needed parity or were miscoded, or who failed, for a get. */
  readonly outcome: string;
}

const readBytes = 1024 * 1024;

async function put(storage: StorageClient, file: string) {
  const { size } = await stat(file);
  let crc = 0;
  async function* source() {
    for await (const chunk of createReadStream(file, { highWaterMark: readBytes })) {
      crc = crc32(chunk as Buffer, crc);
      yield chunk as Buffer;
    }
  }
  const { objectRoot, state } = await storage.put(source(), { size });
  return { objectRoot: Buffer.from(objectRoot).toString("hex"), size, crc, outcome: state };
}

async function get(storage: StorageClient, objectRoot: string) {
  const object = await storage.get(Buffer.from(objectRoot, "hex"));
  let [size, crc] = [0, 0];
  for await (const chunk of object) {
    crc = crc32(chunk, crc);
    size += chunk.length;
  }
  const { blamed, failures, miscoded, rebuilt } = object.report;
  const isClean = blamed.length + failures.length + miscoded.length === 0;
  return { objectRoot, size, crc, outcome: isClean ? `${rebuilt} segments needed parity` : "members failed" };
}

/** The same client, and the bytes of all bodies that it has sent and received. */
function counting(http: HttpClient) {
  const counter = {
    bytes: 0,
    request: async (...[url, request]: Parameters<HttpClient["request"]>) => {
      const answer = await http.request(url, request);
      counter.bytes += (request?.body?.length ?? 0) + answer.body.length;
      return answer;
    },
    close: () => http.close(),
  };
  return counter;
}

const order = JSON.parse(process.argv[2] ?? "{}") as ClientOrder;
const context = await openNodeContext(order.setup);
const http = counting(context.http);
const codec = await createCodec();
const storage = createStorageClient({ ...context, http, codec });
const before = process.cpuUsage();
const started = performance.now();
const done = await (order.kind === "put" ? put(storage, order.file) : get(storage, order.objectRoot));
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(before);
const report: ClientReport = {
  ...done,
  seconds,
  cpuMs: (user + system) / 1000,
  peakBytes: process.resourceUsage().maxRSS * 1024,
  wireBytes: http.bytes,
};
process.stdout.write(JSON.stringify(report));
await codec.close();
await context.closers.closeAll();
