import { z } from "zod";
import { FatalError } from "../errors.ts";
import { isSecretName } from "../logging/redaction.ts";

/** What a text from the environment or a flag is turned into before the schema judges it. */
export type LeafKind = "string" | "number" | "boolean" | "bigint" | "list" | "json";

/** One configurable value. */
export interface Leaf {
  /** "http.bodyLimit". */
  readonly path: string;
  /** "MYCELIA_HTTP_BODY_LIMIT". */
  readonly variable: string;
  /** "--set http.bodyLimit". */
  readonly flag: string;
  readonly kind: LeafKind;
  /** Never printed, and refused as a value in environment or flags: others can read those. */
  readonly secret: boolean;
  /** Printed only as scheme, host and port: paths of hosted endpoints carry keys. */
  readonly originOnly: boolean;
  readonly description: string | undefined;
}

export const VARIABLE_PREFIX = "MYCELIA_";

/**
 * Every value that a schema names, in its order. Nested objects are sections; anything else is one value.
 * A secret is a value named like one, or marked `.meta({ secret: true })`; a URL whose path may hold a key is marked
 * `.meta({ originOnly: true })`.
 * @throws FatalError config/ambiguous-name when two values would share a variable
 */
export function leavesOf(schema: z.ZodObject): Leaf[] {
  const leaves = walk(schema, []);
  const seen = new Map<string, string>();
  for (const { path, variable } of leaves) {
    const other = seen.get(variable);
    if (other !== undefined) {
      throw new FatalError(
        "config/ambiguous-name",
        `"${other}" and "${path}" would both be set by ${variable}`,
        {
          variable,
        },
      );
    }
    seen.set(variable, path);
  }
  return leaves;
}

function walk(schema: z.ZodObject, path: readonly string[]): Leaf[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const here = [...path, name];
    const inner = unwrap(field as z.ZodType);
    return inner instanceof z.ZodObject ? walk(inner, here) : [leafOf(here, field as z.ZodType, inner)];
  });
}

function leafOf(path: readonly string[], field: z.ZodType, inner: z.ZodType): Leaf {
  const words = path.flatMap((name) => name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").split(" "));
  const marked = field.meta()?.secret ?? inner.meta()?.secret;
  return {
    path: path.join("."),
    variable: VARIABLE_PREFIX + words.join("_").toUpperCase(),
    flag: `--set ${path.join(".")}`,
    kind: kindOf(inner),
    secret: marked === true || (marked === undefined && isSecretName(path.at(-1) ?? "")),
    originOnly: (field.meta()?.originOnly ?? inner.meta()?.originOnly) === true,
    description: field.description ?? inner.description,
  };
}

/** What is inside of optional, default and their like; a pipe counts as what it takes in. */
function unwrap(type: z.ZodType): z.ZodType {
  if (
    type instanceof z.ZodOptional ||
    type instanceof z.ZodNullable ||
    type instanceof z.ZodDefault ||
    type instanceof z.ZodPrefault ||
    type instanceof z.ZodReadonly
  ) {
    return unwrap(type.unwrap() as z.ZodType);
  }
  return type instanceof z.ZodPipe ? unwrap(type.in as z.ZodType) : type;
}

function kindOf(type: z.ZodType): LeafKind {
  if (type instanceof z.ZodString || type instanceof z.ZodEnum || type instanceof z.ZodStringFormat)
    return "string";
  if (type instanceof z.ZodNumber) return "number";
  if (type instanceof z.ZodBoolean) return "boolean";
  if (type instanceof z.ZodBigInt) return "bigint";
  if (type instanceof z.ZodArray) return "list";
  return "json";
}
