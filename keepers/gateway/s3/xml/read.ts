import { XMLParser, XMLValidator } from "fast-xml-parser";
import { Refusal } from "../../refusal.ts";

/** Largest XML that is read, bytes: 1,000 keys of 1,024 bytes, each byte escaped. */
export const MAX_XML_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 8;
const ENTITY = /&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|[a-z]{1,8});?/g;
const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

const parser = () =>
  new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
    // Entities are read here, when the text is known to have none of its own.
    processEntities: false,
    removeNSPrefix: true,
    maxNestedTags: MAX_DEPTH,
  });

/** An element of a request: what it holds by name, each as often as it stands there. */
export class XmlElement {
  readonly #children: ReadonlyMap<string, readonly unknown[]>;

  constructor(value: unknown) {
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    this.#children = new Map(
      entries.map(([name, content]) => [name, Array.isArray(content) ? content : [content]]),
    );
  }

  /** Elements of a name. */
  all(name: string): XmlElement[] {
    return (this.#children.get(name) ?? []).map((content) => new XmlElement(content));
  }

  /** Text of the one element of a name; undefined when there is none. @throws Refusal MalformedXML when it is no text */
  text(name: string): string | undefined {
    const found = this.#children.get(name);
    if (found === undefined) return undefined;
    const [content] = found;
    if (found.length > 1 || typeof content !== "string") throw malformed(`<${name}> is not one text`);
    return withoutEntities(content);
  }

  /** @throws Refusal MalformedXML */
  requireText(name: string): string {
    const text = this.text(name);
    if (text === undefined) throw malformed(`<${name}> is missing`);
    return text;
  }
}

/**
 * Reads the one document that a request of this kind has; document types, and with them entities of their own, are refused.
 * @throws Refusal MalformedXML
 */
export function readXml(bytes: Uint8Array, rootName: string): XmlElement {
  const text = decodeUtf8(bytes);
  if (/<!(?!--)/.test(text)) throw malformed("it has a document type or raw data");
  if (XMLValidator.validate(text) !== true) throw malformed("it is not well-formed");
  const parsed = parse(text);
  const names = Object.keys(parsed).filter((name) => name !== "#text");
  if (names.length !== 1 || names[0] !== rootName) throw malformed(`its root is not <${rootName}>`);
  return new XmlElement(parsed[rootName]);
}

function parse(text: string): Record<string, unknown> {
  try {
    return parser().parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new Refusal("MalformedXML", "the XML of the request can't be read", {}, cause);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed("it is not UTF-8");
  }
}

function withoutEntities(text: string): string {
  return text.replace(ENTITY, (entity, name: string) => {
    const point = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    const named = name.startsWith("#") ? fromCodePoint(point) : NAMED.get(name);
    if (named === undefined || !entity.endsWith(";")) throw malformed("it has an unknown entity");
    return named;
  });
}

function fromCodePoint(point: number): string | undefined {
  const isCharacter = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return isCharacter ? String.fromCodePoint(point) : undefined;
}

export function malformed(why: string): Refusal {
  return new Refusal("MalformedXML", `the XML of the request is not what is expected: ${why}`);
}
