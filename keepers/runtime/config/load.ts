import type { z } from "zod";
import { FatalError } from "../errors.ts";
import { REDACTED, withoutCredentials } from "../logging/redaction.ts";
import { type Leaf, leavesOf } from "./schema.ts";
import { fromEnvironment, fromFile, fromFlags, type GivenValues } from "./sources.ts";

export interface ConfigInputs {
  /** JSON file; its keys are the schema's. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By path: { "http.port": 8080 }. Texts are read as the environment's are. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** MYCELIA_ variables that mean something to somebody else. */
  readonly otherVariables?: readonly string[];
  /** Lets secrets come by value from environment and flags; for tests only. */
  readonly allowSecretValues?: boolean;
}

/** One line of a printed configuration. */
export interface ConfigRow {
  readonly path: string;
  /** As JSON; secrets blanked. */
  readonly value: string;
  /** "default", "unset", "file …", "env …" or "flag …". */
  readonly source: string;
  readonly description: string | undefined;
}

export interface Config<Schema extends z.ZodObject> {
  readonly values: z.output<Schema>;
  /** Where each value came from, by path. */
  readonly sources: ReadonlyMap<string, string>;
  /** Every value in the schema's order, safe to print. */
  describe(): ConfigRow[];
}

/**
 * Reads a configuration: default < file < environment < flag, value by value.
 * @throws FatalError config/invalid naming each wrong value and where it came from; config/unknown-key,
 * config/secret-by-value, config/no-file, config/bad-file, config/ambiguous-name
 */
export async function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  inputs: ConfigInputs,
): Promise<Config<Schema>> {
  const leaves = leavesOf(schema);
  const allowSecrets = inputs.allowSecretValues ?? false;
  const given: GivenValues = new Map([
    ...(inputs.file === undefined ? [] : await fromFile(inputs.file, leaves)),
    ...fromEnvironment(inputs.env, leaves, inputs.otherVariables ?? [], allowSecrets),
    ...fromFlags(inputs.flags, leaves, allowSecrets),
  ]);
  const parsed = schema.safeParse(nest(given));
  if (!parsed.success) throw invalid(parsed.error, given, leaves);
  const values = parsed.data as z.output<Schema>;
  const sources = new Map(leaves.map(({ path }) => [path, sourceOf(path, given, values)]));
  return { values, sources, describe: () => leaves.map((leaf) => rowOf(leaf, values, sources)) };
}

/** Paths back into sections. */
function nest(given: GivenValues): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, { value }] of given) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let section = root;
    for (const name of names) {
      section[name] ??= {};
      section = section[name] as Record<string, unknown>;
    }
    section[last] = value;
  }
  return root;
}

function sourceOf(path: string, given: GivenValues, values: unknown): string {
  return given.get(path)?.source ?? (valueAt(values, path) === undefined ? "unset" : "default");
}

function rowOf(leaf: Leaf, values: unknown, sources: ReadonlyMap<string, string>): ConfigRow {
  const value = valueAt(values, leaf.path);
  return {
    path: leaf.path,
    value: shownFor(leaf, value),
    source: sources.get(leaf.path) ?? "unset",
    description: leaf.description,
  };
}

function shownFor(leaf: Leaf, value: unknown): string {
  if (value === undefined) return "";
  if (leaf.secret) return REDACTED;
  return shown(leaf.originOnly && URL.canParse(String(value)) ? new URL(String(value)).origin : value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? item.toString() : item,
  );
  return withoutCredentials(text);
}

function valueAt(values: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (section, name) =>
        typeof section === "object" && section !== null
          ? (section as Record<string, unknown>)[name]
          : undefined,
      values,
    );
}

function invalid(error: z.ZodError, given: GivenValues, leaves: readonly Leaf[]): FatalError {
  const problems = error.issues.map((issue) => {
    const path = issue.path.map(String).join(".");
    const leaf = leaves.find((found) => path === found.path || path.startsWith(`${found.path}.`));
    const input = leaf === undefined ? undefined : given.get(leaf.path);
    const where = input === undefined ? wayIn(leaf) : ` (${input.source})`;
    return { path, message: issue.message, where };
  });
  const lines = problems.map(
    ({ path, message, where }) => `${path || "the configuration"}${where}: ${message}`,
  );
  return new FatalError("config/invalid", lines.join("; "), { paths: problems.map(({ path }) => path) });
}

/** How a value that is missing can be given. */
function wayIn(leaf: Leaf | undefined): string {
  if (leaf === undefined) return "";
  return leaf.secret ? " (give it in the file)" : ` (give it as ${leaf.flag} or ${leaf.variable})`;
}
