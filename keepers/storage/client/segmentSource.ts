import { FatalError } from "../../runtime/errors.ts";
import { MAX_SEGMENT_BYTES } from "../format/limits.ts";
import type { ByteSource } from "./clientTypes.ts";

/**
 * Cuts a source into runs of 4 MiB (the last may be shorter), whatever the size of its chunks; one run is held at a time.
 * @throws FatalError storage/empty-object
 */
export async function* cutSegments(source: ByteSource): AsyncGenerator<Uint8Array> {
  let isEmpty = true;
  for await (const run of source instanceof Uint8Array ? cutBytes(source) : cutStream(source)) {
    isEmpty = false;
    yield run;
  }
  if (isEmpty) throw new FatalError("storage/empty-object", "there is nothing to store: the input is empty");
}

function* cutBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MAX_SEGMENT_BYTES)
    yield bytes.subarray(at, at + MAX_SEGMENT_BYTES);
}

async function* cutStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let run = new Uint8Array(MAX_SEGMENT_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === 0 && chunk.length - at >= MAX_SEGMENT_BYTES) {
        yield chunk.subarray(at, at + MAX_SEGMENT_BYTES);
        at += MAX_SEGMENT_BYTES;
        continue;
      }
      const taken = Math.min(chunk.length - at, MAX_SEGMENT_BYTES - filled);
      run.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < MAX_SEGMENT_BYTES) continue;
      yield run;
      run = new Uint8Array(MAX_SEGMENT_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield run.subarray(0, filled);
}
