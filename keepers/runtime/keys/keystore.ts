import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decryptKeystoreJson, encryptKeystoreJson, getAddress, SigningKey, Wallet } from "ethers";
import { FatalError } from "../errors.ts";
import { openSecret, readPasswordFile } from "./secretFile.ts";

/** A key as it is listed: nothing in it is secret. */
export interface KeyEntry {
  readonly name: string;
  readonly address: string;
  readonly file: string;
}

/** Cost of the password hash. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** The usual cost for real keys: about 128 MiB and a second. */
export const STRONG_SCRYPT: ScryptCost = { N: 131_072, r: 8, p: 1 };
/** For tests and a devnet whose keys guard nothing. */
export const WEAK_SCRYPT: ScryptCost = { N: 1024, r: 8, p: 1 };

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const MAX_KEYSTORE_BYTES = 16 * 1024;
/** A foreign file must not make us allocate more than 1 GiB: scrypt takes 128·N·r bytes. */
const MAX_SCRYPT_BLOCKS = 2 ** 23;
const MAX_SCRYPT_LANES = 16;

/** Makes a new random key. @throws FatalError keys/bad-name, keys/exists */
export function createKey(
  dataDir: string,
  name: string,
  passwordFile: string,
  scrypt = STRONG_SCRYPT,
): Promise<KeyEntry> {
  return writeKey(dataDir, name, `0x${randomBytes(32).toString("hex")}`, passwordFile, scrypt);
}

/** Stores a key that exists already. @throws FatalError keys/bad-name, keys/exists, keys/bad-private-key */
export function importKey(
  dataDir: string,
  name: string,
  privateKey: string,
  passwordFile: string,
  scrypt = STRONG_SCRYPT,
): Promise<KeyEntry> {
  return writeKey(dataDir, name, privateKey, passwordFile, scrypt);
}

/** The private key, 0x-hex, for a backup; the caller must not log it. @throws FatalError as `openKeystore` */
export async function exportKey(dataDir: string, name: string, passwordFile: string): Promise<string> {
  return (await openKeystore(keyFile(dataDir, name), passwordFile)).privateKey;
}

/** Keys in a data directory, by name. */
export async function listKeys(dataDir: string): Promise<KeyEntry[]> {
  const files = await readdir(join(dataDir, "keys")).catch(() => []);
  const names = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  const entries: KeyEntry[] = [];
  for (const name of names.filter((found) => NAME.test(found)).sort()) {
    const file = keyFile(dataDir, name);
    entries.push({ name, file, address: addressOf(await readKeystore(file), file) });
  }
  return entries;
}

/** `<dataDir>/keys/<name>.json`. @throws FatalError keys/bad-name */
export function keyFile(dataDir: string, name: string): string {
  if (!NAME.test(name)) {
    throw new FatalError("keys/bad-name", `"${name}" is no key name: use a-z, 0-9 and "-", at most 63`, {
      name,
    });
  }
  return join(dataDir, "keys", `${name}.json`);
}

/**
 * Decrypts a web3 v3 keystore.
 * @throws FatalError keys/no-keystore, keys/open-permissions, keys/bad-keystore, keys/wrong-password, keys/no-password-file
 */
export async function openKeystore(file: string, passwordFile: string): Promise<Wallet> {
  const json = await readKeystore(file);
  const address = addressOf(json, file);
  const password = await readPasswordFile(passwordFile);
  const account = await decryptKeystoreJson(json, password).catch((cause: unknown) => {
    const wrong = cause instanceof Error && /incorrect password/.test(cause.message);
    if (wrong)
      throw new FatalError("keys/wrong-password", `the password in ${passwordFile} does not open ${file}`, {
        file,
      });
    // The cause may quote the file, so it stays out.
    throw badKeystore(file, "can't be decrypted");
  });
  const wallet = new Wallet(account.privateKey);
  if (wallet.address !== address)
    throw badKeystore(file, `says ${address} but holds the key of ${wallet.address}`);
  return wallet;
}

async function writeKey(
  dataDir: string,
  name: string,
  privateKey: string,
  passwordFile: string,
  scrypt: ScryptCost,
): Promise<KeyEntry> {
  const file = keyFile(dataDir, name);
  const wallet = walletOf(privateKey);
  const password = await readPasswordFile(passwordFile);
  const json = await encryptKeystoreJson(
    { address: wallet.address, privateKey: wallet.privateKey },
    password,
    { scrypt },
  );
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeOnce(file, json);
  return { name, file, address: wallet.address };
}

function walletOf(privateKey: string): Wallet {
  try {
    return new Wallet(new SigningKey(privateKey));
  } catch {
    throw new FatalError(
      "keys/bad-private-key",
      "a private key is 0x and 64 hex digits, and below the curve's order",
    );
  }
}

/** Whole, on disk, and never over a key that exists: losing one is losing money. */
async function writeOnce(file: string, json: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}.draft`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(json);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (cause) {
    throw new FatalError("keys/exists", `${file} exists already; choose another name`, { file }, cause);
  } finally {
    await unlink(draft);
  }
}

async function readKeystore(file: string): Promise<string> {
  const handle = await openSecret(file, "keys/no-keystore");
  try {
    const { size } = await handle.stat();
    if (size > MAX_KEYSTORE_BYTES) throw badKeystore(file, `is larger than ${MAX_KEYSTORE_BYTES} bytes`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** Looks at a keystore's open fields. @throws FatalError keys/bad-keystore */
function addressOf(json: string, file: string): string {
  let parsed: KeystoreHead;
  try {
    parsed = JSON.parse(json) as KeystoreHead;
  } catch {
    throw badKeystore(file, "is not JSON");
  }
  const crypto = parsed?.crypto ?? parsed?.Crypto;
  const { n = 0, r = 0, p = 0 } = crypto?.kdfparams ?? {};
  if (parsed?.version !== 3 || crypto?.kdf !== "scrypt" || typeof parsed.address !== "string") {
    throw badKeystore(file, "is not a web3 v3 keystore with scrypt and an address");
  }
  if (!(n > 1 && r > 0 && p > 0 && n * r <= MAX_SCRYPT_BLOCKS && p <= MAX_SCRYPT_LANES)) {
    throw badKeystore(file, `asks for an unreasonable scrypt cost (N ${n}, r ${r}, p ${p})`);
  }
  try {
    return getAddress(parsed.address.startsWith("0x") ? parsed.address : `0x${parsed.address}`);
  } catch {
    throw badKeystore(file, "names no valid address");
  }
}

interface KeystoreHead {
  readonly version?: unknown;
  readonly address?: unknown;
  readonly crypto?: KeystoreCrypto;
  readonly Crypto?: KeystoreCrypto;
}

interface KeystoreCrypto {
  readonly kdf?: unknown;
  readonly kdfparams?: { readonly n?: number; readonly r?: number; readonly p?: number };
}

function badKeystore(file: string, why: string): FatalError {
  return new FatalError("keys/bad-keystore", `${file} ${why}`, { file });
}
