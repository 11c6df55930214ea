import { z } from "zod";
import { FatalError } from "../../runtime/errors.ts";
import { readSecretJson } from "../../runtime/keys/secretFile.ts";

export type Right = "read" | "write";

/** An access key of the operator's making, and what it may do. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly grants: readonly Grant[];
}

export interface Grant {
  /** Name of a bucket; "*" for all, and for objects by their roots. */
  readonly bucket: string;
  readonly rights: readonly Right[];
}

/** Access keys by their ids. */
export type Credentials = ReadonlyMap<string, AccessKey>;

const schema = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        // No "/": it divides what a credential is written of.
        id: z.string().regex(/^[\w.-]{3,128}$/),
        secret: z.string().min(16).max(256),
        grants: z.array(
          z.strictObject({
            bucket: z.string().min(1).max(63),
            rights: z.array(z.enum(["read", "write"])).min(1),
          }),
        ),
      }),
    )
    .min(1),
});

/**
 * Reads access keys out of a file that only its owner may read.
 * @throws FatalError gateway/no-credentials-file, keys/open-permissions, gateway/bad-credentials-file (without what is in it)
 */
export async function readCredentials(file: string): Promise<Credentials> {
  const parsed = schema.safeParse(await readSecretJson(file, "gateway/no-credentials-file"));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw bad(file, `${issue?.path.join(".")} is not as it should be`);
  }
  const { keys } = parsed.data;
  const credentials = new Map(keys.map((key) => [key.id, key]));
  if (credentials.size < keys.length) throw bad(file, "it names a key twice");
  return credentials;
}

/** Whether somebody may do something in a bucket; objects by their roots lie in none. */
export function isGranted(key: AccessKey, bucket: string | undefined, right: Right): boolean {
  return key.grants.some(
    (grant) => (grant.bucket === "*" || grant.bucket === bucket) && grant.rights.includes(right),
  );
}

function bad(file: string, why: string): FatalError {
  return new FatalError(
    "gateway/bad-credentials-file",
    `${file} is no list of access keys: ${why}; it looks like {"keys":[{"id","secret","grants":[{"bucket","rights"}]}]}`,
    { file },
  );
}
