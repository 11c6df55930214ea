import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createKey,
  importKey,
  type KeyEntry,
  keyFile,
  listKeys,
  WEAK_SCRYPT,
} from "../../runtime/keys/keystore.ts";
import { devnetWallet, type Party } from "./accounts.ts";
import { devnetChainId } from "./chain.ts";

/** Somebody with a key of a network that `up` manages. */
export interface PartyName {
  readonly party: Party;
  /** From 1. */
  readonly number: number;
}

export interface ManagedKey {
  readonly address: string;
  readonly file: string;
  readonly passwordFile: string;
}

/** Where a chain's managed keys lie: apart by chain, so that a key that everybody knows never meets real money. */
export function keyringDirectory(dataDir: string, chainId: number): string {
  return join(dataDir, "chains", String(chainId));
}

/** The key of a party on a chain: from the devnet's mnemonic there, random and made once anywhere else. */
export async function ensureKey(dataDir: string, chainId: number, who: PartyName): Promise<ManagedKey> {
  const directory = keyringDirectory(dataDir, chainId);
  const passwordFile = ensurePassword(directory, chainId);
  const name = `${who.party}-${who.number}`;
  const entry = existsSync(keyFile(directory, name))
    ? await findKey(directory, name)
    : await makeKey(directory, chainId, who, name, passwordFile);
  return { address: entry.address, file: entry.file, passwordFile };
}

async function findKey(directory: string, name: string): Promise<KeyEntry> {
  const found = (await listKeys(directory)).find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`the key ${name} has vanished from ${directory}`);
  return found;
}

async function makeKey(
  directory: string,
  chainId: number,
  { party, number }: PartyName,
  name: string,
  passwordFile: string,
): Promise<KeyEntry> {
  if (chainId !== devnetChainId) return await createKey(directory, name, passwordFile);
  return await importKey(directory, name, devnetWallet(party, number).privateKey, passwordFile, WEAK_SCRYPT);
}

function ensurePassword(directory: string, chainId: number): string {
  const keys = join(directory, "keys");
  const file = join(keys, "managed.password");
  if (existsSync(file)) return file;
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const password = chainId === devnetChainId ? "devnet" : randomBytes(32).toString("hex");
  writeFileSync(file, password, { mode: 0o600 });
  chmodSync(file, 0o600);
  return file;
}
