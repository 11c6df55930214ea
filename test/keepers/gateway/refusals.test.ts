import { hash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { RequestSigner } from "../../../keepers/gateway/access/signature.ts";
import { chunked } from "./chunks.ts";
import { codeOf } from "./codes.ts";
import { GatewayNetwork, OWNER } from "./gatewayNetwork.ts";
import { type RawAnswer, send } from "./rawRequest.ts";
import { signedHeaders } from "./signedRequests.ts";

const MIB = 1024 * 1024;
const Bucket = "bucket";
const Key = "key";

describe("gateway: what S3's door refuses", () => {
  let network: GatewayNetwork;
  let s3: S3Client;

  before(async () => {
    network = await GatewayNetwork.start({ maxBodyBytes: 6 * MIB, bodyGraceMs: 500 });
    s3 = network.client();
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  after(() => network.stop());

  const put = (client: S3Client, Body: Uint8Array | string = "x") =>
    client.send(new PutObjectCommand({ Bucket, Key, Body }));
  const isThere = async (key = Key) =>
    (await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: key })))) === "none";

  /** Signed by the SDK's signer, and sent as it is. */
  const sendSigned = async (
    method: string,
    path: string,
    given: Record<string, string> = {},
    body: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = [],
  ): Promise<RawAnswer> => {
    const url = new URL(network.endpoint + path);
    const headers = await signedHeaders(OWNER, { method, url, headers: given });
    return await send({ method, url: url.href, headers, body });
  };

  it("a wrong secret, an unknown key, a clock that is wrong", async () => {
    const wrong = network.client({ credentials: { ...OWNER, secretAccessKey: "another-secret" } });
    expect(await codeOf(put(wrong))).to.equal("SignatureDoesNotMatch");
    const unknown = network.client({ credentials: { ...OWNER, accessKeyId: "nobody" } });
    expect(await codeOf(put(unknown))).to.equal("InvalidAccessKeyId");
    const elsewhere = network.client({ region: "eu-west-1" });
    expect(await codeOf(put(elsewhere))).to.equal("AuthorizationHeaderMalformed");
    const url = new URL(`${network.endpoint}/${Bucket}/${Key}`);
    const late = new Date(Date.now() - 20 * 60_000);
    const headers = await signedHeaders(OWNER, { method: "PUT", url }, late);
    const answer = await send({ method: "PUT", url: url.href, headers, body: [Buffer.from("x")] });
    expect(answer).to.include({ status: 403, code: "RequestTimeTooSkewed" });
    expect(await send({ method: "PUT", url: url.href, headers: {} })).to.include({
      status: 403,
      code: "AccessDenied",
    });
    expect(await isThere()).to.equal(false);
  });

  it("a presigned URL whose time is over", async () => {
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 61_000),
    });
    const answer = await send({ method: "GET", url, headers: {} });
    expect(answer).to.include({ status: 403, code: "AccessDenied" });
    expect(answer.body).to.include("Request has expired");
  });

  it("bytes that are not those that were signed, and names nothing by them", async () => {
    const data = Buffer.from("what was signed");
    const hashed = { "x-amz-content-sha256": hash("sha256", data), "content-length": String(data.length) };
    const other = Buffer.from("what was sent  ");
    expect(await sendSigned("PUT", `/${Bucket}/${Key}`, hashed, [other])).to.include({
      status: 400,
      code: "XAmzContentSHA256Mismatch",
    });
    const md5 = { "content-md5": hash("md5", data, "base64"), "content-length": String(data.length) };
    expect(await sendSigned("PUT", `/${Bucket}/${Key}`, md5, [other])).to.include({ code: "BadDigest" });
    const crc = { "x-amz-checksum-crc32": "AAAAAA==", "content-length": String(data.length) };
    expect(await sendSigned("PUT", `/${Bucket}/${Key}`, crc, [other])).to.include({ code: "BadDigest" });
    expect(await isThere()).to.equal(false);
    expect(await sendSigned("PUT", `/${Bucket}/signed`, hashed, [data])).to.include({ status: 200 });
    expect(await isThere("signed")).to.equal(true);
  });

  /** A body in signed chunks, sent after `change` has been at it. */
  const sendChunks = async (
    key: string,
    change: (body: Buffer) => Buffer,
    size?: number,
  ): Promise<RawAnswer> => {
    const data = [randomBytes(8_192), randomBytes(8_192), randomBytes(100)];
    const length = data.reduce((sum, part) => sum + part.length, 0);
    const url = new URL(`${network.endpoint}/${Bucket}/${key}`);
    const headers = await signedHeaders(OWNER, {
      method: "PUT",
      url,
      headers: {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": String(size ?? length),
        "x-amz-trailer": "x-amz-checksum-sha256",
        "content-encoding": "aws-chunked",
      },
    });
    const date = headers["x-amz-date"]!;
    const signer = new RequestSigner(
      OWNER.secretAccessKey,
      { day: date.slice(0, 8), region: "us-east-1" },
      date,
    );
    const signature = /Signature=(\w+)/.exec(headers.authorization!)![1]!;
    const trailers = { "x-amz-checksum-sha256": hash("sha256", Buffer.concat(data), "base64") };
    const body = change(chunked(data, { signing: { signer, signature }, trailers }));
    return await send({ method: "PUT", url: url.href, headers, body: [body] });
  };

  it("a chunk of which a bit was changed, and names nothing by it", async () => {
    expect(await sendChunks("chunked", (body) => body)).to.include({ status: 200 });
    expect(await isThere("chunked")).to.equal(true);
    for (const at of [200, 9_000, 16_800]) {
      const flipped = (body: Buffer) => {
        body[at]! ^= 1;
        return body;
      };
      expect((await sendChunks(Key, flipped)).code, String(at)).to.equal("SignatureDoesNotMatch");
    }
    const withoutEnd = (body: Buffer) => body.subarray(0, 9_000);
    expect((await sendChunks(Key, withoutEnd)).code).to.equal("IncompleteBody");
    expect((await sendChunks(Key, (body) => body, 100)).code).to.equal("IncompleteBody");
    const withoutTrailer = (body: Buffer) => body.subarray(0, body.indexOf("x-amz-checksum-sha256"));
    expect(
      (await sendChunks(Key, (body) => Buffer.concat([withoutTrailer(body), Buffer.from("\r\n")]))).code,
    ).to.equal("MalformedTrailerError");
    expect(await isThere()).to.equal(false);
  });

  it("a body that is too large, said or not, before it is through", async () => {
    const data = randomBytes(6 * MIB + 1);
    expect(await codeOf(put(s3, data))).to.equal("EntityTooLarge");
    const path = `/${Bucket}/${Key}`;
    const endless = async function* () {
      for (let sent = 0; sent < 64 * MIB; sent += MIB) yield data.subarray(0, MIB);
    };
    expect((await sendSigned("PUT", path, { "transfer-encoding": "chunked" }, endless())).code).to.equal(
      "EntityTooLarge",
    );
    expect(await isThere()).to.equal(false);
    await put(s3, data.subarray(1));
    expect(await isThere()).to.equal(true);
  });

  it("a body that hardly moves", async () => {
    const slow = async function* () {
      for (let sent = 0; sent < 100; sent++) {
        yield Buffer.from("x");
        await sleep(50);
      }
    };
    const answer = await sendSigned("PUT", `/${Bucket}/slow`, { "content-length": "100" }, slow());
    expect(answer.code).to.equal("RequestTimeout");
    expect(await isThere("slow")).to.equal(false);
  });

  it("buckets, keys and uploads that are not there", async () => {
    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: "missing" })))).to.equal("NoSuchKey");
    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket: "missing", Key })))).to.equal("NoSuchBucket");
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket: "missing", Key, Body: "x" })))).to.equal(
      "NoSuchBucket",
    );
    expect(await codeOf(s3.send(new ListObjectsV2Command({ Bucket: "missing" })))).to.equal("NoSuchBucket");
    for (const UploadId of ["0".repeat(32), "../../etc/passwd"])
      expect(await codeOf(s3.send(new ListPartsCommand({ Bucket, Key, UploadId })))).to.equal("NoSuchUpload");
    const invalid = network.client({ forcePathStyle: true });
    for (const name of ["AB", "a", "UpperCase", "a..b", "1.2.3.4", "x".repeat(64)])
      expect(await codeOf(invalid.send(new CreateBucketCommand({ Bucket: name }))), name).to.equal(
        "InvalidBucketName",
      );
  });

  it("XML that it does not understand", async () => {
    const deleteOf = async (xml: string) =>
      (await sendSigned("POST", `/${Bucket}?delete`, {}, [Buffer.from(xml)])).code;
    const good = "<Delete><Quiet>true</Quiet><Object><Key>nothing&amp;&#x41;</Key></Object></Delete>";
    expect(await deleteOf(good)).to.equal("");
    const bad = [
      "",
      "nonsense",
      "<Delete>",
      "<Delete></Delete>",
      "<Other><Object><Key>a</Key></Object></Other>",
      "<Delete><Object><Name>a</Name></Object></Delete>",
      "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
      "<Delete><Object><Key>&unknown;</Key></Object></Delete>",
      '<!DOCTYPE d [<!ENTITY a "aaaa">]><Delete><Object><Key>&a;</Key></Object></Delete>',
      '<!DOCTYPE d SYSTEM "file:///etc/passwd"><Delete><Object><Key>a</Key></Object></Delete>',
      `<Delete>${"<Object><Key>a</Key></Object>".repeat(1_001)}</Delete>`,
      `${"<Delete>".repeat(5_000)}${"</Delete>".repeat(5_000)}`,
    ];
    for (const xml of bad) expect(await deleteOf(xml), xml.slice(0, 60)).to.equal("MalformedXML");
    expect(await deleteOf("<Delete>\ud800".concat("x".repeat(7 * MIB)))).to.be.oneOf([
      "EntityTooLarge",
      "MalformedXML",
    ]);
  });

  it("what this gateway does not do", async () => {
    expect(await codeOf(s3.send(new GetBucketAclCommand({ Bucket })))).to.equal("NotImplemented");
    expect(await codeOf(s3.send(new GetObjectTaggingCommand({ Bucket, Key })))).to.equal("NotImplemented");
    const sealed = { Bucket, Key, Body: "x", ServerSideEncryption: "AES256" as const };
    expect(await codeOf(s3.send(new PutObjectCommand(sealed)))).to.equal("NotImplemented");
    expect(await sendSigned("PATCH", `/${Bucket}/${Key}`)).to.include({
      status: 405,
      code: "MethodNotAllowed",
    });
    expect(await sendSigned("POST", `/${Bucket}`)).to.include({ status: 501, code: "NotImplemented" });
    const other = {
      "x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
      "x-amz-decoded-content-length": "1",
    };
    expect((await sendSigned("PUT", `/${Bucket}/other`, other, [Buffer.from("x")])).code).to.equal(
      "NotImplemented",
    );
    const arguments_ = [
      "?list-type=2&max-keys=x",
      "?list-type=2&continuation-token=!",
      "?encoding-type=gzip",
    ];
    for (const query of arguments_)
      expect((await sendSigned("GET", `/${Bucket}${query}`)).code, query).to.equal("InvalidArgument");
  });
});
