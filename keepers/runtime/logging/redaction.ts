import { createHash } from "node:crypto";
import { MyceliaError } from "../errors.ts";

/** Stands where a secret was. */
export const REDACTED = "[redacted]";

const SECRET =
  /^(password|passphrase|private-?key|secret|secret-?key|mnemonic|seed-?phrase|api-?key|(access|auth|bearer)-?token|authorization|cookie|set-cookie|signature|x-.*-signature|voucher-signature)$/i;
/** What users wrote or got: told apart by hash, never shown. */
const PRIVATE = /^(prompts?|messages|completion|request-?body|response-?body|body|payload|input|output)$/i;
const CREDENTIALS_IN_URL = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const MAX_DEPTH = 8;
const MAX_ENTRIES = 100;

/** True for a field whose value must never be shown; the name of a file that holds a secret is none. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}

/** A copy that may be logged: secrets blanked, users' data hashed, bytes and bigints readable, bounded. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return withoutCredentials(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return digest(value);
  if (depth >= MAX_DEPTH) return "[deep]";
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((item) => redact(item, depth + 1));
  if ("toJSON" in value && typeof value.toJSON === "function") return redact(value.toJSON(), depth + 1);
  return redactFields(value, depth);
}

export function redactFields(fields: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .slice(0, MAX_ENTRIES)
      .map(([name, value]) => [name, redactField(name, value, depth)]),
  );
}

/** User name and password of a URL are blanked: a Redis URL may carry one. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS_IN_URL, `$1${REDACTED}@`);
}

function redactField(name: string, value: unknown, depth: number): unknown {
  if (value === undefined) return value;
  if (isSecretName(name)) return REDACTED;
  if (PRIVATE.test(name)) return digest(value);
  return redact(value, depth + 1);
}

function digest(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(textOf(value), "utf8");
  return `sha256:${createHash("sha256").update(bytes).digest("hex").slice(0, 16)} (${bytes.length} bytes)`;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const own =
    error instanceof MyceliaError
      ? { code: error.code, details: redact(error.details, depth + 1) }
      : codeOf(error);
  return {
    type: error.name,
    message: withoutCredentials(error.message),
    ...own,
    stack: withoutCredentials(error.stack ?? ""),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}

function codeOf(error: Error): Record<string, unknown> {
  return "code" in error && typeof error.code === "string" ? { code: error.code } : {};
}
