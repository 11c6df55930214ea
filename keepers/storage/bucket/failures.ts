import { FatalError, type MyceliaError, RetryableError } from "../../runtime/errors.ts";

/** What an S3 client throws, as far as it can be believed. */
interface Failure {
  readonly name: string;
  readonly status: number | undefined;
}

const PASSING = new Set([408, 425, 429]);

/** What is told of an endpoint's answer: its name and status, no more; a message may quote what was signed. */
export function readFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "unknown", status: undefined };
  const { code } = error as { code?: unknown };
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const name = status === undefined && typeof code === "string" ? code : error.name;
  return { name: name.slice(0, 64).replace(/[^\w.-]/g, "?"), status };
}

/** @param work "write rows" */
export function failureOf(error: unknown, origin: string, work: string): MyceliaError {
  const { name, status } = readFailure(error);
  const details = { endpoint: origin, reason: name, ...(status !== undefined && { status }) };
  const answer = status === undefined ? name : `${name}, status ${status}`;
  if (name === "NoSuchBucket")
    return new FatalError(
      "storage/no-bucket",
      `${origin} has no such bucket: make it, or name another`,
      details,
    );
  if (status !== undefined && status >= 300 && status < 400)
    return new FatalError(
      "storage/bucket-elsewhere",
      `${origin} sends us elsewhere (${answer}), where we don't go: set the endpoint and region of the bucket`,
      details,
    );
  if (status !== undefined && status >= 400 && status < 500 && !PASSING.has(status))
    return new FatalError(
      "storage/bucket-refused",
      `${origin} refused to ${work} (${answer}): check the access key, its rights on the bucket and the region`,
      details,
    );
  return new RetryableError("storage/bucket-unavailable", `${origin} did not ${work} (${answer})`, details);
}
