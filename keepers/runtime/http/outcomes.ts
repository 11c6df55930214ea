import { HttpError, refused } from "./errors.ts";
import { readProblem } from "./problem.ts";

/** Bytes of an error answer that are read for its problem document. */
export const MAX_PROBLEM_BYTES = 16 * 1024;

/** A URL that may be asked at all. @throws HttpError http/bad-url, http/bad-scheme, http/credentials-in-url */
export function checkUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw refused("http/bad-url", `"${clip(url)}" is not a URL`, { url: clip(url) });
  if (parsed.username !== "" || parsed.password !== "") {
    throw refused("http/credentials-in-url", `the URL for ${parsed.host} carries a user name or password`, {
      host: parsed.host,
    });
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw refused("http/bad-scheme", `"${clip(url)}" is neither http nor https`, { scheme: parsed.protocol });
  }
  return parsed;
}

/** What an answer with an error status says. @param body as far as it could be read */
export function statusError(
  url: URL,
  status: number,
  contentType: string | undefined,
  body: Uint8Array | undefined,
): HttpError {
  const isProblem = contentType?.startsWith("application/problem+json") ?? false;
  const problem = isProblem && body !== undefined ? readProblem(body) : undefined;
  const said = problem === undefined ? "" : `: ${problem.code}: ${problem.detail}`;
  return new HttpError("http/status", `${url.origin}${url.pathname} answered ${status}${said}`, {
    retry: status === 408 || status === 425 || status === 429 || status >= 500,
    status,
    problem,
    details: { url: url.origin + url.pathname, status },
  });
}

/** @param status where the platform tells it */
export function redirected(url: URL, status?: number): HttpError {
  const named = status === undefined ? "a redirect" : `redirect ${status}`;
  return new HttpError("http/redirect", `${url.origin} answered with ${named}, which is not followed`, {
    retry: false,
    status,
    details: { url: url.origin + url.pathname, ...(status !== undefined && { status }) },
  });
}

export function tooLarge(url: URL, maxBytes: number): HttpError {
  return refused(
    "http/too-large",
    `the answer of ${url.origin}${url.pathname} is larger than ${maxBytes} bytes`,
    {
      url: url.origin + url.pathname,
      maxBytes,
    },
  );
}

function clip(text: string): string {
  return text.length > 128 ? `${text.slice(0, 128)}…` : text;
}
