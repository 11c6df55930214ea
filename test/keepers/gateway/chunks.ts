import { hash } from "node:crypto";
import type { ChunkSigning } from "../../../keepers/gateway/body/chunkedBody.ts";

export interface ChunkOptions {
  readonly signing?: ChunkSigning | undefined;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** An aws-chunked body, as its description says. */
export function chunked(chunks: readonly Uint8Array[], { signing, trailers = {} }: ChunkOptions): Buffer {
  let previous = signing?.signature ?? "";
  const head = (data: Uint8Array): string => {
    if (signing === undefined) return `${data.length.toString(16)}\r\n`;
    previous = signing.signer.ofChunk(previous, hash("sha256", data));
    return `${data.length.toString(16)};chunk-signature=${previous}\r\n`;
  };
  const parts = chunks.flatMap((data) => [Buffer.from(head(data)), data, Buffer.from("\r\n")]);
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}`);
  const last = head(new Uint8Array());
  if (signing !== undefined && lines.length > 0) {
    const text = lines.map((line) => `${line}\n`).join("");
    lines.push(`x-amz-trailer-signature:${signing.signer.ofTrailers(previous, text)}`);
  }
  const end = [last, ...lines.map((line) => `${line}\r\n`), "\r\n"].join("");
  return Buffer.concat([...parts, Buffer.from(end)]);
}
