/** A piece of XML that is well-formed. */
export class Xml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type XmlContent = Xml | string | number | boolean | undefined;

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
export const XML_HEAD = `<?xml version="1.0" encoding="UTF-8"?>\n`;

/** An element; what is undefined is left out. */
export function element(name: string, ...content: readonly XmlContent[]): Xml {
  return new Xml(`<${name}>${inside(content)}</${name}>`);
}

/** An element, or nothing where there is no content. */
export function optional(name: string, content: XmlContent): Xml | undefined {
  return content === undefined ? undefined : element(name, content);
}

/** The root element of an answer, without the document's head. */
export function root(name: string, ...content: readonly XmlContent[]): Xml {
  return new Xml(`<${name} xmlns="${NAMESPACE}">${inside(content)}</${name}>`);
}

export function documentOf({ text }: Xml): string {
  return XML_HEAD + text;
}

function inside(content: readonly XmlContent[]): string {
  return content.map((part) => (part instanceof Xml ? part.text : escaped(String(part ?? "")))).join("");
}

/** Control characters too, as S3 does: keys may hold any. */
function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  return text.replace(/[&<>"'\u0000-\u001f\u007f\ufffe\uffff]/g, (mark) => {
    return NAMED[mark] ?? `&#x${mark.charCodeAt(0).toString(16)};`;
  });
}

const NAMED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
