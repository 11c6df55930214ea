import { FatalError } from "../../runtime/errors.ts";
import { MAX_SEGMENT_BYTES } from "../format/limits.ts";
import { MAX_PACKED_OBJECT_BYTES } from "../format/pack.ts";
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
  // Many streams are short: room for a whole segment is made when it is needed.
  let run = new Uint8Array(MAX_PACKED_OBJECT_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === 0 && chunk.length - at >= MAX_SEGMENT_BYTES) {
        yield chunk.subarray(at, at + MAX_SEGMENT_BYTES);
        at += MAX_SEGMENT_BYTES;
        continue;
      }
      if (filled + chunk.length - at > run.length) run = roomFor(run, filled);
      const taken = Math.min(chunk.length - at, run.length - filled);
      run.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < MAX_SEGMENT_BYTES) continue;
      yield run;
      run = new Uint8Array(MAX_SEGMENT_BYTES);
      filled = 0;
    }
  }
  // A small object waits in a pack, and its room would wait with it.
  if (filled > 0) yield filled <= MAX_PACKED_OBJECT_BYTES ? run.slice(0, filled) : run.subarray(0, filled);
}

/** The same run with room for a whole segment. */
function roomFor(run: Uint8Array<ArrayBuffer>, filled: number): Uint8Array<ArrayBuffer> {
  if (run.length === MAX_SEGMENT_BYTES) return run;
  const larger = new Uint8Array(MAX_SEGMENT_BYTES);
  larger.set(run.subarray(0, filled));
  return larger;
}
