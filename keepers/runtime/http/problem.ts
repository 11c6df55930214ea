import type { MyceliaError } from "../errors.ts";
import { hexOf, textOf } from "../platform/bytes.ts";
import type { RemoteProblem } from "./errors.ts";

/** RFC 9457 problem document, plus our stable code. */
export interface Problem {
  /** "urn:mycelia:error:<code>". */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
}

const MAX_TEXT = 512;

// The second half of a code says what happened; the first only where.
const STATUS_BY_REASON: Readonly<Record<string, number>> = {
  unsigned: 401,
  expired: 401,
  replayed: 401,
  "wrong-audience": 401,
  "bad-signature": 401,
  unauthenticated: 401,
  "payment-required": 402,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  gone: 410,
  "too-slow": 408,
  "too-large": 413,
  "body-too-large": 413,
  unsupported: 415,
  misdirected: 421,
  "rate-limited": 429,
  busy: 503,
  unavailable: 503,
  timeout: 504,
  "quota-exceeded": 507,
  "disk-full": 507,
};

/** HTTP status for each error code; roles add their own with `set`. */
export interface StatusTable {
  set(code: string, status: number): void;
  /** The code's own status, else its reason's ("x/not-found" is 404), else 503 when a retry may help and 400 when not. */
  statusOf(error: MyceliaError): number;
}

export function createStatusTable(statuses: Readonly<Record<string, number>> = {}): StatusTable {
  const exact = new Map(Object.entries(statuses));
  return {
    set: (code, status) => void exact.set(code, status),
    statusOf(error) {
      const reason = error.code.slice(error.code.indexOf("/") + 1);
      return exact.get(error.code) ?? STATUS_BY_REASON[reason] ?? (error.retry ? 503 : 400);
    },
  };
}

export function toProblem(error: MyceliaError, status: number): Problem {
  const base = describe(error.code, status, error.message, error.retry);
  return Object.keys(error.details).length === 0 ? base : { ...base, details: error.details };
}

export function describe(code: string, status: number, detail: string, retry: boolean): Problem {
  const title = code.slice(code.indexOf("/") + 1).replaceAll("-", " ");
  return { type: `urn:mycelia:error:${code}`, title, status, code, detail, retry };
}

/** What a peer's problem document says; undefined when it is not one. */
export function readProblem(body: Uint8Array): RemoteProblem | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(body));
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || !("code" in parsed)) return undefined;
  if (typeof parsed.code !== "string" || !/^[a-z0-9/-]{1,64}$/.test(parsed.code)) return undefined;
  const detail = "detail" in parsed && typeof parsed.detail === "string" ? parsed.detail : "";
  const said = { code: parsed.code, detail: printable(detail).slice(0, MAX_TEXT) };
  return "details" in parsed ? { ...said, details: parsed.details } : said;
}

/** Foreign text must not steer a terminal or forge a log line. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, " ");
}

/** JSON with bigints as decimal strings and bytes as 0x-hex. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
    // Read from the holder: Bytes has turned itself into an array of numbers by now.
    const raw = this[key];
    if (typeof raw === "bigint") return raw.toString();
    return raw instanceof Uint8Array ? `0x${hexOf(raw)}` : item;
  });
}
