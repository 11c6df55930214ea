import { decode, headerOf, type SignableRequest } from "./request.ts";

/** RFC 3986: all but the unreserved characters as their bytes. */
export function encodeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The canonical request of signature version 4 in S3's way: the path encoded once and not normalised.
 * @param left parameters that are not signed
 * @throws Refusal InvalidURI
 */
export function canonicalRequest(
  { method, rawPath, query, headers }: SignableRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
  left: readonly string[] = [],
): string {
  const path = decode(rawPath).split("/").map(encodeUri).join("/");
  const parameters = query
    .filter(([name]) => !left.includes(name))
    .map(([name, value]) => [encodeUri(name), encodeUri(value)] as const)
    .sort(byNameAndValue)
    .map(([name, value]) => `${name}=${value}`);
  const lines = signedHeaders.map((name) => `${name}:${canonicalValue(headerOf(headers, name) ?? "")}`);
  return [method, path, parameters.join("&"), ...lines, "", signedHeaders.join(";"), payloadHash].join("\n");
}

function canonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, " ");
}

type Parameter = readonly [name: string, value: string];

/** Encoded texts are ASCII, so their order by UTF-16 is that by bytes. */
function byNameAndValue([aName, aValue]: Parameter, [bName, bValue]: Parameter): number {
  return compare(aName, bName) || compare(aValue, bValue);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
