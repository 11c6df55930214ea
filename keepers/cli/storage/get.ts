import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { getBytes, isHexString } from "ethers";
import { createCodec } from "../../coding/codec.ts";
import type { Blame } from "../../storage/client/clientTypes.ts";
import { createStorageClient } from "../../storage/client.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";
import { withPerson } from "../withPerson.ts";

export interface GetRequest extends PersonChoice {
  readonly dataDir: string;
  /** 0x-hex. */
  readonly root: string;
  /** File, or "-" for standard output. */
  readonly out: string;
  readonly output: Output;
}

export interface ReadFileResult {
  readonly file: string;
  readonly size: number;
  readonly rebuilt: number;
  readonly blamed: readonly Blame[];
}

/** Reads an object into a file that appears only when it is whole. */
export async function getObject(request: GetRequest): Promise<ReadFileResult> {
  const { dataDir, root, out, output } = request;
  if (!isHexString(root, 32))
    throw new UsageError(`"${root}" is no object root: 0x and 64 hex digits`, { root });
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async (person, signal) => {
      const codec = await createCodec();
      person.closers.add("codec", () => codec.close());
      const progress = createProgress("reading", !output.json && out !== "-");
      const storage = createStorageClient({ ...person, codec });
      const object = await storage.get(getBytes(root), {
        signal,
        onProgress: ({ done, total }) => progress.update(done, total ?? 0),
      });
      await write(Readable.from(object), out);
      progress.end();
      const { rebuilt, blamed } = object.report;
      return { file: out, size: object.size, rebuilt, blamed };
    },
  );
}

async function write(bytes: Readable, out: string): Promise<void> {
  if (out === "-") {
    for await (const chunk of bytes) process.stdout.write(chunk as Uint8Array);
    return;
  }
  const unfinished = `${out}.part`;
  try {
    await pipeline(bytes, createWriteStream(unfinished));
    await rename(unfinished, out);
  } finally {
    await rm(unfinished, { force: true });
  }
}
