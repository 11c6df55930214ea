import { z } from "zod";
import { FatalError } from "../../runtime/errors.ts";
import { bareHost, isLoopback } from "../../runtime/http/addresses.ts";
import { readSecretJson } from "../../runtime/keys/secretFile.ts";

/** A bucket, or a part of one, in which a node keeps its rows. */
export interface BucketSettings {
  /** URL of anything that speaks S3. */
  readonly endpoint: string;
  readonly region?: string;
  readonly bucket: string;
  /** What the names of all objects begin with; no other node may use it. */
  readonly prefix?: string;
  /** Whether the bucket is named in the path rather than in the host. */
  readonly pathStyle?: boolean;
  /** File with the access key, which only its owner may read. */
  readonly credentialsFile: string;
  /** Takes an endpoint without TLS that is not on this machine. */
  readonly allowHttp?: boolean;
  /** How long an endpoint may stand still before a request is tried again, milliseconds. */
  readonly timeoutMs?: number;
  /** Size at which an object takes no more records, bytes. */
  readonly objectBytes?: number;
  /** How often the node says that it lives, milliseconds. */
  readonly beatMs?: number;
}

export interface BucketCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

const credentials = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
});

/** @throws FatalError storage/no-credentials-file, keys/open-permissions, storage/bad-credentials-file (without what is in it) */
export async function readBucketCredentials(file: string): Promise<BucketCredentials> {
  const parsed = credentials.safeParse(await readSecretJson(file, "storage/no-credentials-file"));
  if (parsed.success) return parsed.data;
  throw new FatalError(
    "storage/bad-credentials-file",
    `${file} holds no access key; it looks like {"accessKeyId","secretAccessKey"}, and "sessionToken" where there is one`,
    { file },
  );
}

/** @throws FatalError storage/bad-endpoint, storage/insecure-endpoint */
export function parseEndpoint({ endpoint, allowHttp = false }: BucketSettings): URL {
  const url = URL.parse(endpoint);
  const isPlain =
    url !== null &&
    ["http:", "https:"].includes(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === "");
  if (!isPlain) {
    const message = "the S3 endpoint must be an http(s) URL without user, query and fragment";
    throw new FatalError("storage/bad-endpoint", message);
  }
  if (url.protocol === "https:" || allowHttp || isLoopback(bareHost(url.hostname))) return url;
  throw new FatalError(
    "storage/insecure-endpoint",
    `${url.origin} is not on this machine and has no TLS: whoever is between could change rows and replay requests; use https, or set allowHttp`,
    { endpoint: url.origin },
  );
}
