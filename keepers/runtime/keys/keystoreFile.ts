import { randomBytes } from "node:crypto";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { getAddress } from "ethers";
import { z } from "zod";
import { FatalError } from "../errors.ts";
import { openSecret } from "./secretFile.ts";

/** A web3 v3 keystore that was read and looked at, but not decrypted. */
export interface Keystore {
  readonly address: string;
  /** Holds the fields that were looked at and no others. */
  readonly json: string;
}

const MAX_KEYSTORE_BYTES = 16 * 1024;
/** A foreign file must not make us allocate more than 1 GiB: scrypt takes 128·N·r bytes. */
const MAX_SCRYPT_BLOCKS = 2 ** 23;
const MAX_SCRYPT_LANES = 16;

const hex = z.string().regex(/^(0x)?[0-9a-fA-F]*$/);
const cost = z.number().int().positive();
const keystoreSchema = z.object({
  version: z.literal(3),
  address: hex,
  crypto: z.object({
    cipher: z.literal("aes-128-ctr"),
    cipherparams: z.object({ iv: hex }),
    ciphertext: hex,
    kdf: z.literal("scrypt"),
    kdfparams: z
      .object({ n: cost, r: cost, p: cost.max(MAX_SCRYPT_LANES), dklen: z.literal(32), salt: hex })
      .refine(({ n, r }) => n * r <= MAX_SCRYPT_BLOCKS),
    mac: hex,
  }),
});

/** @throws FatalError keys/no-keystore, keys/open-permissions, keys/bad-keystore */
export async function readKeystore(file: string): Promise<Keystore> {
  const handle = await openSecret(file, "keys/no-keystore");
  try {
    const { size } = await handle.stat();
    if (size > MAX_KEYSTORE_BYTES) throw badKeystore(file, `is larger than ${MAX_KEYSTORE_BYTES} bytes`);
    return parseKeystore(await handle.readFile("utf8"), file);
  } finally {
    await handle.close();
  }
}

/** Cost of a keystore's password hash. */
export function scryptCostOf({ json }: Keystore): { N: number; r: number; p: number } {
  const { n, r, p } = keystoreSchema.parse(JSON.parse(json)).crypto.kdfparams;
  return { N: n, r, p };
}

/** Whole, on disk, and never over a key that exists: losing one is losing money. @throws FatalError keys/exists */
export async function writeKeystore(file: string, json: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString("hex")}.draft`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(json);
    await handle.sync();
    await link(draft, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new FatalError("keys/exists", `${file} exists already; choose another name`, { file }, cause);
  } finally {
    await handle.close();
    await unlink(draft);
  }
}

export function badKeystore(file: string, why: string): FatalError {
  return new FatalError("keys/bad-keystore", `${file} ${why}`, { file });
}

/** Only what was checked is handed on, so that no other spelling of a field reaches the decryption. */
function parseKeystore(text: string, file: string): Keystore {
  const checked = keystoreSchema.safeParse(withLowerCrypto(parsedOrUndefined(text)));
  if (!checked.success) {
    const place = checked.error.issues.map(({ path }) => path.join(".") || "everything").join(", ");
    throw badKeystore(file, `is no web3 v3 keystore with scrypt at a reasonable cost (see ${place})`);
  }
  const { address, ...rest } = checked.data;
  try {
    return {
      address: getAddress(address.startsWith("0x") ? address : `0x${address}`),
      json: JSON.stringify({ address, ...rest }),
    };
  } catch {
    throw badKeystore(file, "names no valid address");
  }
}

/** geth writes "crypto", ethers "Crypto". */
function withLowerCrypto(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return "Crypto" in value && !("crypto" in value) ? { ...value, crypto: value.Crypto } : value;
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
