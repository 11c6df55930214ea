import { MyceliaError } from "../runtime/errors.ts";

/** S3's error codes that the gateway answers with, and their HTTP status. */
const STATUSES = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  MissingSecurityHeader: 400,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  NotModified: 304,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3Code = keyof typeof STATUSES;

/** What the gateway says no with. Its code is S3's in our form: "gateway/no-such-key". */
export class Refusal extends MyceliaError {
  readonly s3Code: S3Code;
  readonly status: number;
  readonly retry: boolean;

  constructor(s3Code: S3Code, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(`gateway/${kebab(s3Code)}`, message, details, cause);
    this.s3Code = s3Code;
    this.status = STATUSES[s3Code];
    this.retry = this.status >= 500 && s3Code !== "NotImplemented";
  }
}

export function notImplemented(what: string): Refusal {
  return new Refusal("NotImplemented", `this gateway does not do ${what}`);
}

function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}
