import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";

export interface Signable {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
}

/** SHA-256 as the SDK's signer wants it. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === "string" ? secret : secret && bytesOf(secret);
    this.#hash = key === undefined ? createHash("sha256") : createHmac("sha256", key);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === "string" ? data : bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The SDK's own signer, for requests that its clients would not send. */
export function signerOf(credentials: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): SignatureV4 {
  return new SignatureV4({
    ...{ credentials, region: "us-east-1", service: "s3", sha256: Sha256 },
    ...{ uriEscapePath: false, applyChecksum: false },
  });
}

/** As the SDK's signer knows a request. */
export function requestOf({ method, url, headers = {} }: Signable) {
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length === 1 ? values[0]! : values;
  }
  return {
    ...{ method, query, protocol: url.protocol, hostname: url.hostname, path: url.pathname },
    headers: { host: url.host, ...headers },
  };
}

/** Headers of a request, with its signature. @param at time of signing */
export async function signedHeaders(
  credentials: Parameters<typeof signerOf>[0],
  request: Signable,
  at = new Date(),
): Promise<Record<string, string>> {
  const given = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...request.headers };
  const signed = await signerOf(credentials).sign(requestOf({ ...request, headers: given }), {
    signingDate: at,
  });
  return signed.headers;
}
