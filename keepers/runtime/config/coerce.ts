import type { LeafKind } from "./schema.ts";

/**
 * Turns a text into the kind of value a schema asks for. What can't be turned stays a text, so that the schema's own message
 * says what was expected. A list is separated by commas, or is JSON.
 */
export function coerceText(text: string, kind: LeafKind): unknown {
  switch (kind) {
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "bigint":
      return /^-?\d+$/.test(text) ? BigInt(text) : text;
    case "list":
      return text.trimStart().startsWith("[") ? parsedOr(text) : splitList(text);
    case "json":
      return parsedOr(text);
    case "string":
      return text;
  }
}

function splitList(text: string): string[] {
  return text === "" ? [] : text.split(",").map((item) => item.trim());
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
