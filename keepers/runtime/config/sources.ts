import { readFile } from "node:fs/promises";
import { FatalError } from "../errors.ts";
import { coerceText } from "./coerce.ts";
import { nearestName } from "./nearest.ts";
import { type Leaf, VARIABLE_PREFIX } from "./schema.ts";

/** A value that was given, and by what: "file /etc/mycelia.json", "env MYCELIA_HTTP_PORT", "flag --set http.port". */
export interface Given {
  readonly value: unknown;
  readonly source: string;
}

export type GivenValues = ReadonlyMap<string, Given>;

const MAX_FILE_BYTES = 1024 * 1024;

/** @throws FatalError config/no-file, config/bad-file, config/unknown-key */
export async function fromFile(file: string, leaves: readonly Leaf[]): Promise<GivenValues> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new FatalError(
      "config/no-file",
      `the configuration file ${file} can't be read: ${String(cause)}`,
      { file },
      cause,
    );
  });
  if (text.length > MAX_FILE_BYTES) throw badFile(file, `is larger than ${MAX_FILE_BYTES} bytes`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    // The parser's message may quote the file, which may hold a secret.
    throw badFile(file, `is not JSON${positionOf(cause)}`);
  }
  if (!isSection(parsed)) throw badFile(file, "must hold one JSON object");
  const given = new Map<string, Given>();
  collect(parsed, [], new Map(leaves.map((leaf) => [leaf.path, leaf])), file, given);
  return given;
}

/** @throws FatalError config/unknown-key for a MYCELIA_ variable that no value has, config/secret-by-value */
export function fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  leaves: readonly Leaf[],
  otherVariables: readonly string[],
  allowSecrets: boolean,
): GivenValues {
  const byVariable = new Map(leaves.map((leaf) => [leaf.variable, leaf]));
  const given = new Map<string, Given>();
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(VARIABLE_PREFIX) || text === undefined || otherVariables.includes(name)) continue;
    const leaf = byVariable.get(name);
    const source = `env ${name}`;
    if (leaf === undefined) throw unknownKey(name, [...byVariable.keys()], "the environment");
    if (leaf.secret && !allowSecrets) throw secretByValue(leaf, source);
    given.set(leaf.path, { value: coerceText(text, leaf.kind), source });
  }
  return given;
}

/**
 * @param flags by path ("http.port"); an undefined value counts as not given
 * @throws FatalError config/unknown-key, config/secret-by-value
 */
export function fromFlags(
  flags: Readonly<Record<string, unknown>>,
  leaves: readonly Leaf[],
  allowSecrets: boolean,
): GivenValues {
  const byPath = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  const given = new Map<string, Given>();
  for (const [path, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const leaf = byPath.get(path);
    if (leaf === undefined) throw unknownKey(path, [...byPath.keys()], "the flags");
    const source = `flag ${leaf.flag}`;
    if (leaf.secret && !allowSecrets) throw secretByValue(leaf, source);
    given.set(path, { value: typeof value === "string" ? coerceText(value, leaf.kind) : value, source });
  }
  return given;
}

function collect(
  section: Record<string, unknown>,
  path: readonly string[],
  leaves: ReadonlyMap<string, Leaf>,
  file: string,
  given: Map<string, Given>,
): void {
  for (const [name, value] of Object.entries(section)) {
    const here = [...path, name];
    const key = here.join(".");
    const leaf = leaves.get(key);
    if (leaf !== undefined) given.set(key, { value: bigintOf(leaf, value), source: `file ${file}` });
    else if (isSection(value) && hasSection(leaves, key)) collect(value, here, leaves, file, given);
    else throw unknownKey(key, [...leaves.keys()], file);
  }
}

/** JSON has no integers beyond 2^53, so a bigint stands there as a text. */
function bigintOf(leaf: Leaf, value: unknown): unknown {
  return leaf.kind === "bigint" && typeof value === "string" ? coerceText(value, "bigint") : value;
}

function hasSection(leaves: ReadonlyMap<string, Leaf>, key: string): boolean {
  return [...leaves.keys()].some((path) => path.startsWith(`${key}.`));
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function positionOf(cause: unknown): string {
  const found = /\(line \d+ column \d+\)|at position \d+/.exec(cause instanceof Error ? cause.message : "");
  return found === null ? "" : ` ${found[0]}`;
}

function badFile(file: string, why: string): FatalError {
  return new FatalError("config/bad-file", `the configuration file ${file} ${why}`, { file });
}

function unknownKey(key: string, known: readonly string[], place: string): FatalError {
  const near = nearestName(key, known);
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return new FatalError("config/unknown-key", `"${key}" in ${place} is no setting${hint}`, {
    key,
    place,
    nearest: near,
  });
}

function secretByValue(leaf: Leaf, source: string): FatalError {
  return new FatalError(
    "config/secret-by-value",
    `${source} gives the secret "${leaf.path}" by value, where other processes can read it; put it in a file and give its path`,
    { path: leaf.path },
  );
}
