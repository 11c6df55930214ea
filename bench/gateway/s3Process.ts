/** S3's client in a process of its own: `node s3Process.ts <order as JSON>`; prints an S3Report as JSON. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

/** What the client may be asked to do. */
export type S3Work =
  | { readonly kind: "bucket" }
  | { readonly kind: "put"; readonly key: string; readonly file: string }
  | { readonly kind: "put in parts"; readonly key: string; readonly file: string }
  | { readonly kind: "get"; readonly key: string };

export type S3Order = S3Work & {
  readonly endpoint: string;
  readonly accessKey: { readonly id: string; readonly secret: string };
};

export interface S3Report {
  readonly size: number;
  /** CRC-32 of what came out; 0 for what went in. */
  readonly crc: number;
  readonly seconds: number;
  /** Time of all threads in user and system mode, milliseconds. */
  readonly cpuMs: number;
}

const Bucket = "bench";
const partBytes = 32 * 1024 * 1024;
const partsAtOnce = 2;
const readBytes = 1024 * 1024;

const order = JSON.parse(process.argv[2] ?? "{}") as S3Order;
const s3 = new S3Client({
  endpoint: order.endpoint,
  forcePathStyle: true,
  region: "us-east-1",
  credentials: { accessKeyId: order.accessKey.id, secretAccessKey: order.accessKey.secret },
});
const before = process.cpuUsage();
const started = performance.now();
const done = await work(order);
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(before);
const report: S3Report = { ...done, seconds, cpuMs: (user + system) / 1000 };
process.stdout.write(JSON.stringify(report));
s3.destroy();

async function work(what: S3Work): Promise<Pick<S3Report, "size" | "crc">> {
  if (what.kind === "bucket") {
    await s3.send(new CreateBucketCommand({ Bucket }));
    return { size: 0, crc: 0 };
  }
  if (what.kind === "get") return await get(what.key);
  const { size } = await stat(what.file);
  if (what.kind === "put") {
    const Body = createReadStream(what.file, { highWaterMark: readBytes });
    await s3.send(new PutObjectCommand({ Bucket, Key: what.key, Body, ContentLength: size }));
  } else await putInParts(what.key, what.file, size);
  return { size, crc: 0 };
}

async function get(Key: string): Promise<Pick<S3Report, "size" | "crc">> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  let [size, crc] = [0, 0];
  for await (const chunk of Body as AsyncIterable<Uint8Array>) {
    crc = crc32(chunk, crc);
    size += chunk.length;
  }
  return { size, crc };
}

async function putInParts(Key: string, file: string, size: number): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  const numbers = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index + 1);
  const upload = async () => {
    for (let PartNumber = numbers.shift(); PartNumber !== undefined; PartNumber = numbers.shift()) {
      const start = (PartNumber - 1) * partBytes;
      const ContentLength = Math.min(partBytes, size - start);
      const end = start + ContentLength - 1;
      const Body = createReadStream(file, { start, end, highWaterMark: readBytes });
      const part = { Bucket, Key, UploadId, PartNumber, Body, ContentLength };
      const { ETag } = await s3.send(new UploadPartCommand(part));
      Parts.push({ PartNumber, ETag });
    }
  };
  await Promise.all(Array.from({ length: partsAtOnce }, upload));
  Parts.sort((a, b) => a.PartNumber - b.PartNumber);
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}
