import { FatalError } from "../../runtime/errors.ts";
import { MAX_SEGMENT_BYTES } from "../format/limits.ts";
import { MAX_OBJECT_BYTES, MAX_SEGMENTS } from "../format/manifest.ts";

/**
 * Cuts a source into runs of 4 MiB (the last may be shorter), whatever the size of its chunks; one run is held at a time.
 * @throws FatalError storage/empty-object, storage/object-too-large
 */
export async function* cutSegments(
  source: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let segments = 0;
  for await (const run of source instanceof Uint8Array ? cutBytes(source) : cutStream(source)) {
    if (++segments > MAX_SEGMENTS) throw tooLarge();
    yield run;
  }
  if (segments === 0)
    throw new FatalError("storage/empty-object", "there is nothing to store: the input is empty");
}

function* cutBytes(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length > MAX_OBJECT_BYTES) throw tooLarge();
  for (let at = 0; at < bytes.length; at += MAX_SEGMENT_BYTES)
    yield bytes.subarray(at, at + MAX_SEGMENT_BYTES);
}

async function* cutStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let run = new Uint8Array(MAX_SEGMENT_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
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

function tooLarge(): FatalError {
  return new FatalError(
    "storage/object-too-large",
    `an object has at most ${MAX_OBJECT_BYTES} bytes (${MAX_SEGMENTS} segments); split the input`,
    { maxBytes: MAX_OBJECT_BYTES, maxSegments: MAX_SEGMENTS },
  );
}
