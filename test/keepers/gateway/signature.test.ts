import { expect } from "chai";
import fc from "fast-check";
import { authenticate } from "../../../keepers/gateway/access/authenticate.ts";
import type { Credentials } from "../../../keepers/gateway/access/credentials.ts";
import { signableOf } from "../../../keepers/gateway/access/request.ts";
import { requestOf, signedHeaders, signerOf } from "./signedRequests.ts";

const KEY = { accessKeyId: "some-key", secretAccessKey: "a-secret-of-the-test" };
const CREDENTIALS: Credentials = new Map([
  [KEY.accessKeyId, { id: KEY.accessKeyId, secret: KEY.secretAccessKey, grants: [] }],
]);
const NOW = Date.parse("2026-11-30T12:00:00Z");
const NEEDS = { credentials: CREDENTIALS, region: "us-east-1", now: () => NOW };
const HOST = "http://gateway.example:8080";

const text = fc
  .string({ unit: "binary", minLength: 1, maxLength: 24 })
  .filter((drawn) => drawn.isWellFormed());
/** As S3's clients write a path (RFC 3986), which their signer takes as it is. */
const escaped = (part: string) => encodeURIComponent(part).replace(/[!'()*]/g, (mark) => ESCAPED[mark]!);
const ESCAPED: Record<string, string> = { "!": "%21", "'": "%27", "(": "%28", ")": "%29", "*": "%2A" };
const path = text.map((drawn) => `/s3/bucket/${drawn.split("/").map(escaped).join("/")}`);
/** Not "__proto__": the SDK's signer keeps parameters in plain objects and loses it. */
const query = fc.dictionary(
  text.filter((name) => !name.toLowerCase().startsWith("x-amz-") && name !== "__proto__"),
  text,
  { maxKeys: 4 },
);
const headerValue = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const headers = fc.dictionary(fc.stringMatching(/^x-amz-meta-[a-z0-9-]{1,12}$/), headerValue, { maxKeys: 4 });
const request = fc.record({ method: fc.constantFrom("GET", "PUT", "DELETE"), path, query, headers });

/** As it goes over the wire. */
function urlOf({ path: where, query: values }: { path: string; query: Record<string, string> }): string {
  const parameters = Object.entries(values).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return parameters.length === 0 ? where : `${where}?${parameters.join("&")}`;
}

describe("gateway: signatures", () => {
  it("takes what the SDK's own signer signs, whatever path, query and headers", async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path: where, query: values, headers: given }) => {
        const url = urlOf({ path: where, query: values });
        const signed = await signerOf(KEY).sign(
          {
            ...requestOf({ method, url: new URL(HOST), headers: given }),
            ...{ path: where, query: values },
            headers: { host: "gateway.example:8080", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...given },
          },
          { signingDate: new Date(NOW) },
        );
        const found = authenticate(signableOf(method, url, signed.headers), NEEDS);
        expect(found?.key.id).to.equal(KEY.accessKeyId);
      }),
      { numRuns: 300 },
    );
  });

  it("takes what the SDK presigns, until it has expired", async () => {
    const host = "gateway.example:8080";
    await fc.assert(
      fc.asyncProperty(path, query, async (where, values) => {
        const presigned = await signerOf(KEY).presign(
          {
            ...requestOf({ method: "GET", url: new URL(HOST) }),
            ...{ path: where, query: values },
            headers: { host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
          },
          { signingDate: new Date(NOW), expiresIn: 60 },
        );
        const url = urlOf({ path: where, query: presigned.query as Record<string, string> });
        const signed = signableOf("GET", url, { host });
        const at = (now: number) => () => authenticate(signed, { ...NEEDS, now: () => now });
        expect(at(NOW + 60_000)()?.isPresigned).to.equal(true);
        expect(codeOf(at(NOW + 60_001))).to.equal("AccessDenied");
        expect(codeOf(at(NOW - 16 * 60_000))).to.equal("AccessDenied");
        const longer = signableOf("GET", url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), { host });
        expect(codeOf(() => authenticate(longer, NEEDS))).to.equal("SignatureDoesNotMatch");
      }),
      { numRuns: 100 },
    );
  });

  const plain = { method: "GET", url: new URL(`${HOST}/s3/bucket/key?a=1`) };
  const signable = async (
    given: Partial<typeof plain> & { headers?: Record<string, string> } = {},
    at = NOW,
  ) =>
    signableOf("GET", "/s3/bucket/key?a=1", await signedHeaders(KEY, { ...plain, ...given }, new Date(at)));

  it("refuses a request of which anything was changed", async () => {
    const signed = await signable({ headers: { "x-amz-meta-a": "b" } });
    expect(authenticate(signed, NEEDS)?.key.id).to.equal(KEY.accessKeyId);
    const { headers: given } = signed;
    const changed = [
      { ...signed, method: "PUT" },
      { ...signed, rawPath: "/s3/bucket/kez" },
      { ...signed, query: [["a", "2"] as const] },
      { ...signed, query: [...signed.query, ["b", ""] as const] },
      { ...signed, headers: { ...given, host: "other.example" } },
      { ...signed, headers: { ...given, "x-amz-meta-a": "c" } },
      { ...signed, headers: { ...given, "x-amz-content-sha256": "0".repeat(64) } },
      {
        ...signed,
        headers: {
          ...given,
          authorization: given.authorization?.replace(/.$/, (d) => (d === "0" ? "1" : "0")),
        },
      },
    ];
    for (const [index, request_] of changed.entries())
      expect(
        codeOf(() => authenticate(request_, NEEDS)),
        `change ${index}`,
      ).to.equal("SignatureDoesNotMatch");
  });

  it("refuses a header of S3's that nobody has signed", async () => {
    const signed = await signable();
    const headersToo = { ...signed.headers, "x-amz-copy-source": "bucket/other" };
    expect(codeOf(() => authenticate({ ...signed, headers: headersToo }, NEEDS))).to.equal("AccessDenied");
  });

  it("refuses what was signed 15 minutes before or after, and nothing sooner", async () => {
    for (const minutes of [-16, 16]) {
      const signed = await signable({}, NOW + minutes * 60_000);
      expect(
        codeOf(() => authenticate(signed, NEEDS)),
        String(minutes),
      ).to.equal("RequestTimeTooSkewed");
    }
    for (const minutes of [-14, 14]) {
      const signed = await signable({}, NOW + minutes * 60_000);
      expect(authenticate(signed, NEEDS)?.key.id, String(minutes)).to.equal(KEY.accessKeyId);
    }
  });

  it("says which part of a credential is wrong", async () => {
    const signed = await signable();
    const withAuthorization = (change: (header: string) => string) => ({
      ...signed,
      headers: { ...signed.headers, authorization: change(signed.headers.authorization ?? "") },
    });
    const codes = [
      [withAuthorization((header) => header.replace("some-key", "other-key")), "InvalidAccessKeyId"],
      [
        withAuthorization((header) => header.replace("us-east-1", "eu-west-1")),
        "AuthorizationHeaderMalformed",
      ],
      [withAuthorization((header) => header.replace("/s3/", "/ec2/")), "AuthorizationHeaderMalformed"],
      [withAuthorization((header) => header.replace("20261130", "20261129")), "AuthorizationHeaderMalformed"],
      [withAuthorization(() => "AWS4-HMAC-SHA256 nonsense"), "AuthorizationHeaderMalformed"],
      [withAuthorization(() => "Bearer x"), "AuthorizationHeaderMalformed"],
      [withAuthorization((header) => header.replace("host;", "")), "AccessDenied"],
    ] as const;
    for (const [changed, code] of codes) expect(codeOf(() => authenticate(changed, NEEDS))).to.equal(code);
    const { "x-amz-content-sha256": _, ...without } = signed.headers;
    expect(codeOf(() => authenticate({ ...signed, headers: without }, NEEDS))).to.equal(
      "MissingSecurityHeader",
    );
  });

  it("knows whoever has not signed as nobody", () => {
    expect(authenticate(signableOf("GET", "/s3/bucket/key?a=1", {}), NEEDS)).to.equal(undefined);
  });

  it("reads no header out of what every object has", async () => {
    const signed = await signable();
    const authorization = signed.headers.authorization?.replace(
      /SignedHeaders=[^,]+/,
      "SignedHeaders=host;__proto__;constructor",
    );
    const changed = {
      ...signed,
      headers: {
        host: "gateway.example:8080",
        authorization,
        "x-amz-date": undefined,
        date: "Mon, 30 Nov 2026 12:00:00 GMT",
      },
    };
    expect(codeOf(() => authenticate(changed, NEEDS))).to.equal("MissingSecurityHeader");
  });
});

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { s3Code?: string }).s3Code ?? String(error);
  }
  return "none";
}
