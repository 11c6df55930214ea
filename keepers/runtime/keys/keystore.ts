import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { decryptKeystoreJson, encryptKeystoreJson, SigningKey, Wallet } from "ethers";
import { FatalError } from "../errors.ts";
import { badKeystore, readKeystore, writeKeystore } from "./keystoreFile.ts";
import { readPasswordFile } from "./secretFile.ts";

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
const EXTENSION = ".json";

/** Makes a new random key. @throws FatalError keys/bad-name, keys/exists */
export async function createKey(
  dataDir: string,
  name: string,
  passwordFile: string,
  scrypt = STRONG_SCRYPT,
): Promise<KeyEntry> {
  return importKey(dataDir, name, `0x${randomBytes(32).toString("hex")}`, passwordFile, scrypt);
}

/** Stores a key that exists already. @throws FatalError keys/bad-name, keys/exists, keys/bad-private-key */
export async function importKey(
  dataDir: string,
  name: string,
  privateKey: string,
  passwordFile: string,
  scrypt = STRONG_SCRYPT,
): Promise<KeyEntry> {
  const file = keyFile(dataDir, name);
  const { address, privateKey: key } = walletOf(privateKey);
  const password = await readPasswordFile(passwordFile);
  await writeKeystore(file, await encryptKeystoreJson({ address, privateKey: key }, password, { scrypt }));
  return { name, address, file };
}

/** The private key, 0x-hex, for a backup; the caller must not log it. @throws FatalError as `openKeystore` */
export async function exportKey(dataDir: string, name: string, passwordFile: string): Promise<string> {
  return (await openKeystore(keyFile(dataDir, name), passwordFile)).privateKey;
}

/** Keys in a data directory, by name. @throws FatalError as `readKeystore` when one of them is broken or open to others */
export async function listKeys(dataDir: string): Promise<KeyEntry[]> {
  const files = await readdir(join(dataDir, "keys")).catch(() => []);
  const names = files
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length));
  const entries: KeyEntry[] = [];
  for (const name of names.filter((found) => NAME.test(found)).sort()) {
    const file = keyFile(dataDir, name);
    entries.push({ name, address: (await readKeystore(file)).address, file });
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
  return join(dataDir, "keys", name + EXTENSION);
}

/**
 * Decrypts a web3 v3 keystore.
 * @throws FatalError keys/no-keystore, keys/open-permissions, keys/bad-keystore, keys/wrong-password, keys/no-password-file
 */
export async function openKeystore(file: string, passwordFile: string): Promise<Wallet> {
  const { address, json } = await readKeystore(file);
  const password = await readPasswordFile(passwordFile);
  const account = await decryptKeystoreJson(json, password).catch((cause: unknown) => {
    // The cause may quote the password or the file, so it stays out.
    throw cause instanceof Error && cause.message.includes("incorrect password")
      ? new FatalError("keys/wrong-password", `the password in ${passwordFile} does not open ${file}`, {
          file,
        })
      : badKeystore(file, "can't be decrypted");
  });
  const wallet = new Wallet(account.privateKey);
  if (wallet.address !== address)
    throw badKeystore(file, `says ${address} but holds the key of ${wallet.address}`);
  return wallet;
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
