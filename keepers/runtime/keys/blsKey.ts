import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import { SecretKey } from "@chainsafe/blst";
import { encryptKeystoreJson, getBytes, Wallet } from "ethers";
import { encodeKey, encodeSignature, type G1Point, type G2Point } from "../bls/points.ts";
import { FatalError } from "../errors.ts";
import { openKeystore } from "./keystore.ts";
import { readKeystore, scryptCostOf, writeKeystore } from "./keystoreFile.ts";
import { readPasswordFile } from "./secretFile.ts";

/** A BLS12-381 key that can sign, in the suite and the encodings of core/BLS. */
export interface BlsSigner {
  readonly key: G1Point;
  /** @param digest 32 bytes, 0x-hex */
  sign(digest: string): G2Point;
}

const EXTENSION = ".bls";

/** A signer for tests and a devnet. @param secret 32 bytes that the key follows from; random when none is given */
export function createMemoryBlsSigner(secret: Uint8Array = randomBytes(32)): BlsSigner {
  return signerOf(SecretKey.fromKeygen(secret));
}

/**
 * The BLS key that lies beside a signing key, in `<file>.bls` under the same password; made at the first call.
 * Its file is a web3 v3 keystore like the other's, at the same cost: a BLS secret is a number of 32 bytes below secp256k1's order,
 * too, and the address in the file is its check.
 * @param file keystore of the signing key
 * @throws FatalError as `openKeystore`; keys/bad-bls-key when what the file holds is no BLS secret
 */
export async function openBlsSigner(file: string, passwordFile: string): Promise<BlsSigner> {
  const blsFile = file + EXTENSION;
  if (!(await exists(blsFile))) await makeBlsKey(file, blsFile, passwordFile);
  const { privateKey } = await openKeystore(blsFile, passwordFile);
  try {
    return signerOf(SecretKey.fromBytes(getBytes(privateKey)));
  } catch (cause) {
    throw new FatalError(
      "keys/bad-bls-key",
      `${blsFile} holds a number that is no BLS12-381 secret; restore it from a backup`,
      { file: blsFile },
      cause,
    );
  }
}

async function makeBlsKey(file: string, blsFile: string, passwordFile: string): Promise<void> {
  const scrypt = scryptCostOf(await readKeystore(file));
  const { address, privateKey } = new Wallet(SecretKey.fromKeygen(randomBytes(32)).toHex());
  const password = await readPasswordFile(passwordFile);
  await writeKeystore(blsFile, await encryptKeystoreJson({ address, privateKey }, password, { scrypt }));
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** The secret stays in the closure: printing or serialising the signer shows its public key and nothing else. */
function signerOf(secret: SecretKey): BlsSigner {
  return {
    key: encodeKey(secret.toPublicKey()),
    sign: (digest) => encodeSignature(secret.sign(getBytes(digest))),
  };
}
