import { readFile, writeFile } from "node:fs/promises";
import { isAddress } from "ethers";
import { z } from "zod";
import type { Change, SignedWrite } from "../../kv/client/kvTypes.ts";
import { FatalError } from "../../runtime/errors.ts";
import { toJson } from "../terminal/output.ts";
import { whileNoting } from "../terminal/waiting.ts";
import { type KvRequest, withKv } from "./session.ts";
import { judged, type TakenWrite } from "./write.ts";

const hex = (bytes: number) => z.string().regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`));
const signedWrites = z
  .array(
    z.strictObject({
      writer: z.string().refine((text) => isAddress(text), "is no address"),
      stream: hex(32),
      nonce: z
        .string()
        .regex(/^\d{1,20}$/)
        .transform(BigInt),
      objectRoot: hex(32),
      signature: z.string().regex(/^0x([0-9a-f]{2})*$/),
    }),
  )
  .min(1)
  .max(100);

/** Stores a batch and signs its announcement, which anybody may bring to the chain. */
export async function signChange(request: KvRequest, change: Change): Promise<SignedWrite[]> {
  return await withKv(request, async ({ kv, stream, signal }) =>
    whileNoting(request.output, "storing the batch", kv.sign(stream, [change], { signal })),
  );
}

/** Announces what others have signed, and waits for what comes of it. @throws FatalError kv/forged, and the code of a refusal */
export async function relayFile(request: KvRequest, file: string): Promise<TakenWrite[]> {
  const writes = parseSigned(await contentOf(file), file);
  return await withKv(request, async ({ kv, signal }) => {
    const relaying = kv.relay(writes, { signal });
    const announced = await whileNoting(request.output, "announcing", relaying);
    const forged = writes.filter((_, i) => announced[i] === undefined);
    const taken: TakenWrite[] = [];
    for (const [i, write] of announced.entries())
      if (write !== undefined)
        taken.push(await judged({ kv, signal }, request.output, writes[i]!.stream, write));
    if (forged.length === 0) return taken;
    throw new FatalError(
      "kv/forged",
      `${forged.length} of ${writes.length} announcements were not signed by their writer, for this chain and contract`,
      { writers: forged.map(({ writer }) => writer), taken: taken.map(({ version }) => version) },
    );
  });
}

/** Writes the file that `relayFile` reads, or the same to standard output. */
export async function writeSigned(writes: readonly SignedWrite[], file: string | undefined): Promise<void> {
  const text = `${toJson(writes, 2)}\n`;
  if (file === undefined) process.stdout.write(text);
  else await writeFile(file, text);
}

function parseSigned(text: string, file: string): SignedWrite[] {
  const parsed = signedWrites.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const why = `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim();
  throw new FatalError("kv/bad-file", `${file} holds no signed announcements: ${why}`, { file });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new FatalError("cli/no-file", `cannot read ${file}`, { file }, cause);
  }
}
