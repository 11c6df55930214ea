import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { FatalError } from "../errors.ts";

const MAX_PASSWORD_BYTES = 1024;
/** Bits that let anybody but the owner read, write or run. */
const OTHERS = 0o077;

/**
 * Reads a password out of a file that only its owner may read; one line end after it is not part of it.
 * @throws FatalError keys/no-password-file, keys/open-permissions, keys/bad-password-file
 */
export async function readPasswordFile(file: string): Promise<string> {
  const handle = await openSecret(file, "keys/no-password-file");
  const buffer = Buffer.alloc(MAX_PASSWORD_BYTES + 2);
  try {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const password = buffer.toString("utf8", 0, bytesRead).replace(/\r?\n$/, "");
    if (password === "" || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
      throw new FatalError(
        "keys/bad-password-file",
        `${file} must hold a password of 1 to ${MAX_PASSWORD_BYTES} bytes`,
        { file },
      );
    }
    return password;
  } finally {
    buffer.fill(0);
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
