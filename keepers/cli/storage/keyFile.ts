import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { FatalError } from "../../runtime/errors.ts";
import { KEY_BYTES } from "../../storage/format/encryption.ts";

const OTHERS = 0o077;

/** The key in a file: 64 hex digits, readable by its owner alone. @throws FatalError cli/no-file, cli/bad-key-file */
export function readKeyFile(file: string): Uint8Array {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (cause) {
    throw new FatalError("cli/no-file", `cannot read the key file ${file}`, { file }, cause);
  }
  try {
    if ((fstatSync(handle).mode & OTHERS) !== 0)
      throw new FatalError("cli/bad-key-file", `others may read ${file}; chmod 600 it`, { file });
    const text = readFileSync(handle, "utf8").trim();
    if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
    throw new FatalError("cli/bad-key-file", `${file} holds no key: 64 hex digits`, { file });
  } finally {
    closeSync(handle);
  }
}

/** The key in a file, which is made with a fresh one when it is missing. */
export function ensureKeyFile(file: string): Uint8Array {
  try {
    const key = randomBytes(KEY_BYTES);
    writeFileSync(file, `${key.toString("hex")}\n`, { flag: "wx", mode: 0o600 });
    return key;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return readKeyFile(file);
    throw new FatalError("cli/no-file", `cannot write the key file ${file}`, { file }, cause);
  }
}
