import { MyceliaError } from "../../runtime/errors.ts";
import { Refusal, type S3Code } from "../refusal.ts";
import { element, type Xml } from "./xml/write.ts";

/** What storage says, in S3's words; what is missing here is a retry or nobody's fault but ours. */
const CODES: Readonly<Record<string, S3Code>> = {
  "storage/object-too-large": "EntityTooLarge",
  "http/body-too-large": "EntityTooLarge",
  "store/disk-full": "SlowDown",
};

/** What a caller is told of an error; the reason of what it can't mend stays in the log. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof MyceliaError)) return internal(error);
  const code = CODES[error.code];
  if (code !== undefined) return new Refusal(code, error.message, {}, error);
  if (!error.retry) return internal(error);
  return new Refusal("ServiceUnavailable", `${error.code}: ${error.message}`, {}, error);
}

/** The body of an error's answer. */
export function errorXml({ s3Code, message, details }: Refusal, resource?: string): Xml {
  const { region } = details;
  const xml = [
    element("Code", s3Code),
    element("Message", message),
    resource === undefined ? undefined : element("Resource", resource),
    typeof region === "string" ? element("Region", region) : undefined,
  ];
  // An error has no namespace.
  return element("Error", ...xml);
}

function internal(error: unknown): Refusal {
  return new Refusal("InternalError", "the gateway failed; its log has the reason", {}, error);
}
