import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { hexlify } from "ethers";
import { createCodec } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { createStorageClient } from "../../storage/client.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import type { Output } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";
import { withPerson } from "../withPerson.ts";

export interface PutRequest extends PersonChoice {
  readonly dataDir: string;
  readonly file: string;
  readonly publish: boolean;
  readonly output: Output;
}

export interface StoredFile {
  readonly objectRoot: string;
  readonly size: number;
  readonly segments: number;
  readonly state: string;
  readonly slotsCovered: number;
  /** Position in the log, fee in wei and expiry in seconds of each batch; none when it was not published. */
  readonly batches: readonly { readonly id: number; readonly fee: bigint; readonly expiry: number }[];
}

/** Stores a file over the committee, and publishes it. */
export async function putFile(request: PutRequest): Promise<StoredFile> {
  const { dataDir, file, output } = request;
  const size = sizeOf(file);
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async (person, signal) => {
      const codec = await createCodec();
      person.closers.add("codec", () => codec.close());
      const storage = createStorageClient({ ...person, codec });
      const progress = createProgress(`storing ${basename(file)}`, !output.json);
      const put = await storage.put(createReadStream(file), {
        signal,
        onProgress: ({ done }) => progress.update(done, size),
      });
      progress.end();
      const { state, slotsCovered } = put;
      const batches = request.publish ? await storage.publish([put], { signal }) : [];
      return {
        objectRoot: hexlify(put.objectRoot),
        size: put.size,
        segments: put.segments.length,
        state,
        slotsCovered,
        batches: batches.map(({ id, fee, expiry }) => ({ id: Number(id), fee, expiry: Number(expiry) })),
      };
    },
  );
}

function sizeOf(file: string): number {
  try {
    const { size } = statSync(file);
    return size;
  } catch (cause) {
    throw new FatalError("cli/no-file", `cannot read ${file}`, { file }, cause);
  }
}
