import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { FatalError } from "../errors.ts";

const MAX_SECRET_BYTES = 1024;
const MAX_JSON_BYTES = 1024 * 1024;
/** Bits that let anybody but the owner read, write or run. */
const OTHERS = 0o077;

/**
 * Reads a password out of a file that only its owner may read; one line end after it is not part of it.
 * @throws FatalError keys/no-password-file, keys/open-permissions, keys/bad-password-file
 */
export async function readPasswordFile(file: string): Promise<string> {
  const password = await readLine(file, "keys/no-password-file");
  if (password !== undefined) return password;
  throw new FatalError(
    "keys/bad-password-file",
    `${file} must hold a password of 1 to ${MAX_SECRET_BYTES} bytes`,
    { file },
  );
}

/**
 * Reads a private key (0x and 64 hex digits) out of a file that only its owner may read.
 * @throws FatalError keys/no-key-file, keys/open-permissions, keys/bad-private-key
 */
export async function readPrivateKey(file: string): Promise<string> {
  const text = (await readLine(file, "keys/no-key-file"))?.trim() ?? "";
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) return text.startsWith("0x") ? text : `0x${text}`;
  throw new FatalError("keys/bad-private-key", `${file} must hold a private key: 64 hex digits`, { file });
}

/** A file's text without the line end; undefined when it is empty or too long. */
async function readLine(file: string, missing: string): Promise<string | undefined> {
  const handle = await openSecret(file, missing);
  const buffer = Buffer.alloc(MAX_SECRET_BYTES + 3);
  try {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const text = buffer.toString("utf8", 0, bytesRead).replace(/\r?\n$/, "");
    return text === "" || Buffer.byteLength(text) > MAX_SECRET_BYTES ? undefined : text;
  } finally {
    buffer.fill(0);
    await handle.close();
  }
}

/**
 * Reads JSON out of a file that only its owner may read; undefined when it is none, since a parser's message may quote a secret.
 * @throws FatalError `missing`, keys/open-permissions
 */
export async function readSecretJson(file: string, missing: string): Promise<unknown> {
  const handle = await openSecret(file, missing);
  try {
    const { size } = await handle.stat();
    return size > MAX_JSON_BYTES ? undefined : JSON.parse(await handle.readFile("utf8"));
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

/** Opens a file for reading after checking that nobody else can. @throws FatalError `missing`, keys/open-permissions */
export async function openSecret(file: string, missing: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY).catch((cause: unknown) => {
    throw new FatalError(missing, `${file} can't be read: ${String(cause)}`, { file }, cause);
  });
  // Asked of the open file, so that it can't be swapped in between.
  const { mode } = await handle.stat();
  if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
    await handle.close();
    const found = (mode & 0o777).toString(8);
    throw new FatalError(
      "keys/open-permissions",
      `${file} is open to others (mode ${found}); close it with: chmod 600 ${file}`,
      { file, mode: found },
    );
  }
  return handle;
}
