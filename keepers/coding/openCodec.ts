import type { Closers } from "../runtime/lifecycle/closers.ts";
import { type Codec, type CodecOptions, createCodec } from "./codec.ts";

/** A codec that is closed with everything else that its owner has open. */
export async function openCodec(
  { closers }: { readonly closers: Pick<Closers, "add"> },
  options?: CodecOptions,
): Promise<Codec> {
  const codec = await createCodec(options);
  closers.add("codec", () => codec.close());
  return codec;
}
