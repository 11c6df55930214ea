import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { codeOf } from "./codes.ts";
import { GatewayNetwork, GUEST, READER } from "./gatewayNetwork.ts";

const MIB = 1024 * 1024;
const BUCKET = "bucket";

describe("gateway: S3, with the SDK's client", () => {
  let network: GatewayNetwork;
  let s3: S3Client;

  before(async () => {
    network = await GatewayNetwork.start({ openBuckets: ["open"] });
    s3 = network.client();
    for (const Bucket of [BUCKET, "open", "shared"]) await s3.send(new CreateBucketCommand({ Bucket }));
  });

  after(() => network.stop());

  const put = (
    Key: string,
    Body: NonNullable<PutObjectCommandInput["Body"]>,
    more: Partial<PutObjectCommandInput> = {},
  ) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
  const get = async (Key: string, more: Partial<GetObjectCommandInput> = {}) => {
    const answer = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));
    return { ...answer, bytes: Buffer.from(await answer.Body!.transformToByteArray()) };
  };

  it("makes, finds, lists and deletes buckets", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "short-lived" }));
    const again = s3.send(new CreateBucketCommand({ Bucket: "short-lived" }));
    expect(await codeOf(again)).to.equal("BucketAlreadyOwnedByYou");
    await s3.send(new HeadBucketCommand({ Bucket: "short-lived" }));
    const location = await s3.send(new GetBucketLocationCommand({ Bucket: "short-lived" }));
    expect(location.LocationConstraint).to.equal(undefined);
    const names = async () => (await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name);
    expect(await names()).to.include("short-lived");
    await s3.send(new DeleteBucketCommand({ Bucket: "short-lived" }));
    expect(await names()).not.to.include("short-lived");
    expect(await codeOf(s3.send(new HeadBucketCommand({ Bucket: "short-lived" })))).to.equal("NotFound");
  });

  it("gives back every size as it was, from bytes and from a stream", async () => {
    for (const size of [0, 1, 8_192, 300_000, 4 * MIB, 9 * MIB + 1]) {
      const data = randomBytes(size);
      await put(`size/${size}`, data);
      await put(`stream/${size}`, Readable.from(pieces(data)), { ContentLength: size });
      const [whole, streamed] = [await get(`size/${size}`), await get(`stream/${size}`)];
      expect(whole.bytes.equals(data), String(size)).to.equal(true);
      expect(streamed.bytes.equals(data), String(size)).to.equal(true);
      // The tag names the bytes, so it is the same for the same bytes.
      expect(whole.ETag).to.equal(streamed.ETag);
      expect(whole.ETag).to.match(/^"[0-9a-f]{64}"$/);
      expect(whole.ContentLength).to.equal(size);
    }
  });

  it("gives any one range of an object", async () => {
    const data = randomBytes(5 * MIB);
    await put("ranges", data);
    const cases = [
      ["bytes=0-0", data.subarray(0, 1)],
      ["bytes=100-199", data.subarray(100, 200)],
      [`bytes=${4 * MIB - 5}-${4 * MIB + 5}`, data.subarray(4 * MIB - 5, 4 * MIB + 6)],
      [`bytes=${5 * MIB - 3}-`, data.subarray(5 * MIB - 3)],
      ["bytes=-7", data.subarray(-7)],
      ["bytes=10-99999999999", data.subarray(10)],
    ] as const;
    for (const [Range, expected] of cases) {
      const answer = await get("ranges", { Range });
      expect(answer.bytes.equals(expected), Range).to.equal(true);
      expect(answer.$metadata.httpStatusCode).to.equal(206);
      expect(answer.ContentRange).to.match(/^bytes \d+-\d+\/5242880$/);
    }
    expect((await get("ranges", { Range: "bytes=0-1,5-6" })).bytes.length).to.equal(data.length);
    expect(await codeOf(get("ranges", { Range: "bytes=5242880-" }))).to.equal("InvalidRange");
    await put("nothing", "");
    expect(await codeOf(get("nothing", { Range: "bytes=0-" }))).to.equal("InvalidRange");
  });

  it("keeps metadata, and the headers that describe an object", async () => {
    const described = {
      ContentType: "text/plain; charset=utf-8",
      CacheControl: "no-cache",
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentLanguage: "de",
      ContentEncoding: "gzip",
    };
    await put("described", "text", { ...described, Metadata: { one: "1", two: "a b" } });
    const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "described" }));
    expect(head).to.include({ ...described, ContentLength: 4 });
    expect(head.Metadata).to.deep.equal({ one: "1", two: "a b" });
    expect((await get("described")).Metadata).to.deep.equal({ one: "1", two: "a b" });
    const much = put("described", "text", { Metadata: { much: "x".repeat(2_049) } });
    expect(await codeOf(much)).to.equal("MetadataTooLarge");
  });

  it("checks and gives back every checksum that the SDK makes", async () => {
    for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const) {
      const data = randomBytes(100_000);
      const field = `Checksum${ChecksumAlgorithm}` as const;
      const answer = await put("checked", data, { ChecksumAlgorithm });
      expect(answer[field], ChecksumAlgorithm).to.be.a("string");
      // The client compares what it reads with the checksum that comes along.
      const back = await get("checked", { ChecksumMode: "ENABLED" });
      expect(back[field]).to.equal(answer[field]);
      const more = { ContentLength: data.length, ChecksumAlgorithm };
      expect((await put("checked", Readable.from(pieces(data)), more))[field]).to.equal(answer[field]);
    }
  });

  it("takes bodies whose hash is signed, and such that nobody has checked", async () => {
    const bare = network.client({ requestChecksumCalculation: "WHEN_REQUIRED" });
    const answer = await bare.send(new PutObjectCommand({ Bucket: BUCKET, Key: "bare", Body: "text" }));
    expect(answer.ChecksumCRC32).to.equal(undefined);
    const stream = { Body: Readable.from([Buffer.from("text")]), ContentLength: 4 };
    await bare.send(new PutObjectCommand({ Bucket: BUCKET, Key: "bare-stream", ...stream }));
    expect((await get("bare-stream")).bytes.toString()).to.equal("text");
  });

  it("takes any key that S3 takes", async () => {
    const keys = [
      "a b+c&d=e?f#g%h",
      "ü/ñ/日本/🚀",
      "../up",
      "./here",
      "a//b",
      "/first",
      "trailing/",
      "'\"<>&*()!~",
    ];
    keys.push("x".repeat(1_024), "\u0001control");
    for (const key of keys) {
      await put(key, key);
      expect((await get(key)).bytes.toString(), key).to.equal(key);
    }
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(Contents?.map(({ Key }) => Key)).to.include.members(keys.slice(0, -1));
    const Objects = keys.map((Key) => ({ Key }));
    const gone = await s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }));
    expect(gone.Deleted?.map(({ Key }) => Key)).to.deep.equal(keys);
    for (const key of keys) expect(await codeOf(get(key)), key).to.equal("NoSuchKey");
    expect(await codeOf(put("x".repeat(1_025), "x"))).to.equal("KeyTooLongError");
  });

  it("copies without moving bytes", async () => {
    const original = await put("original", randomBytes(2 * MIB), {
      Metadata: { is: "kept" },
      ContentType: "a/b",
    });
    const copy = (more: object) =>
      s3.send(
        new CopyObjectCommand({ Bucket: BUCKET, Key: "copy", CopySource: `${BUCKET}/original`, ...more }),
      );
    const { CopyObjectResult } = await copy({});
    expect(CopyObjectResult?.ETag).to.equal(original.ETag);
    const copied = await get("copy");
    expect(copied.ETag).to.equal(original.ETag);
    expect(copied).to.include({ ContentType: "a/b" });
    expect(copied.Metadata).to.deep.equal({ is: "kept" });
    await copy({ MetadataDirective: "REPLACE", Metadata: { is: "other" } });
    expect((await get("copy")).Metadata).to.deep.equal({ is: "other" });
    expect(await codeOf(copy({ CopySource: `${BUCKET}/missing` }))).to.equal("NoSuchKey");
    expect(await codeOf(copy({ CopySource: "missing/original" }))).to.equal("NoSuchBucket");
    expect(await codeOf(copy({ CopySourceIfMatch: '"other"' }))).to.equal("PreconditionFailed");
    expect(await codeOf(copy({ Key: "original" }))).to.equal("InvalidRequest");
  });

  it("answers conditions", async () => {
    const { ETag } = await put("conditional", "one");
    expect((await get("conditional", { IfMatch: ETag! })).bytes.toString()).to.equal("one");
    expect(await codeOf(get("conditional", { IfMatch: '"other"' }))).to.equal("PreconditionFailed");
    const status = async (more: Partial<GetObjectCommandInput>) => {
      const error = await get("conditional", more).catch((thrown: unknown) => thrown);
      return (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode;
    };
    expect(await status({ IfNoneMatch: ETag! })).to.equal(304);
    expect(await status({ IfModifiedSince: new Date(Date.now() + 60_000) })).to.equal(304);
    expect(await status({ IfModifiedSince: new Date(Date.now() - 60_000) })).to.equal(200);
    expect(await status({ IfUnmodifiedSince: new Date(Date.now() - 60_000) })).to.equal(412);
    expect(await codeOf(put("conditional", "two", { IfNoneMatch: "*" }))).to.equal("PreconditionFailed");
    expect(await codeOf(put("conditional", "two", { IfMatch: '"other"' }))).to.equal("PreconditionFailed");
    await put("conditional", "two", { IfMatch: ETag! });
    expect((await get("conditional")).bytes.toString()).to.equal("two");
  });

  it("has one whole object of two that are put at once under one key", async () => {
    const bodies = Array.from({ length: 4 }, () => randomBytes(300_000));
    await Promise.all(bodies.map((body) => put("contested", body)));
    const { bytes } = await get("contested");
    expect(bodies.some((body) => body.equals(bytes))).to.equal(true);
    const firsts = bodies.map((body) => codeOf(put("contested-once", body, { IfNoneMatch: "*" })));
    expect((await Promise.all(firsts)).sort()).to.deep.equal([
      ...Array<string>(3).fill("PreconditionFailed"),
      "none",
    ]);
  });

  it("lists hundreds of keys in pages, and by delimiter", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "many" }));
    // One object under many names: listing is of names.
    await put("seed", "x");
    const keys = Array.from(
      { length: 400 },
      (_, n) => `dir-${n % 7}/sub-${n % 3}/${String(n).padStart(4, "0")}`,
    );
    const copies = keys.map((Key) =>
      s3.send(new CopyObjectCommand({ Bucket: "many", Key, CopySource: `${BUCKET}/seed` })),
    );
    await Promise.all(copies);
    keys.sort();
    const listed: string[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 37 }, { Bucket: "many" }))
      listed.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    expect(listed).to.deep.equal(keys);
    const top = await s3.send(new ListObjectsV2Command({ Bucket: "many", Delimiter: "/" }));
    expect(top.CommonPrefixes?.map(({ Prefix }) => Prefix)).to.deep.equal(
      Array.from({ length: 7 }, (_, n) => `dir-${n}/`),
    );
    expect(top).to.include({ KeyCount: 7, IsTruncated: false });
    expect(await pagesOfV1("many", "dir-3/")).to.deep.equal(["dir-3/sub-0/", "dir-3/sub-1/", "dir-3/sub-2/"]);
    const after = await s3.send(new ListObjectsV2Command({ Bucket: "many", StartAfter: keys[397]! }));
    expect(after.Contents?.map(({ Key }) => Key)).to.deep.equal(keys.slice(398));
    const none = await s3.send(new ListObjectsV2Command({ Bucket: "many", MaxKeys: 0 }));
    expect(none).to.include({ KeyCount: 0, IsTruncated: false });
    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket: "many" })))).to.equal("BucketNotEmpty");
  });

  /** Common prefixes, asked for one by one. */
  const pagesOfV1 = async (Bucket: string, Prefix: string): Promise<string[]> => {
    const found: string[] = [];
    let Marker: string | undefined;
    do {
      const order = { Bucket, Prefix, Delimiter: "/", MaxKeys: 1, ...(Marker !== undefined && { Marker }) };
      const page = await s3.send(new ListObjectsCommand(order));
      found.push(...(page.CommonPrefixes ?? []).map((common) => common.Prefix!));
      Marker = page.IsTruncated ? page.NextMarker : undefined;
    } while (Marker !== undefined);
    return found;
  };

  it("writes keys url-encoded when asked to", async () => {
    await put("enc/ü +\u0002", "x");
    const order = { Bucket: BUCKET, Prefix: "enc/", EncodingType: "url" as const };
    const { Contents } = await s3.send(new ListObjectsV2Command(order));
    expect(Contents?.map(({ Key }) => Key)).to.deep.equal(["enc/%C3%BC%20%2B%02"]);
  });

  it("serves whoever bears a presigned URL", async () => {
    const url = await getSignedUrl(
      s3,
      new PutObjectCommand({ Bucket: BUCKET, Key: "presigned", Metadata: { by: "url" } }),
      { expiresIn: 60 },
    );
    const put = await fetch(url, { method: "PUT", body: "from a browser" });
    expect(put.status).to.equal(200);
    const ResponseContentType = "text/x-other";
    const read = await getSignedUrl(
      s3,
      new GetObjectCommand({ Bucket: BUCKET, Key: "presigned", ResponseContentType }),
    );
    const answer = await fetch(read);
    expect(await answer.text()).to.equal("from a browser");
    expect(answer.headers.get("content-type")).to.equal(ResponseContentType);
    expect(answer.headers.get("x-amz-meta-by")).to.equal("url");
    expect((await fetch(read, { method: "DELETE" })).status).to.equal(403);
    expect((await fetch(read.replace("presigned", "original"))).status).to.equal(403);
  });

  it("lets each key do what it may, and nobody more", async () => {
    const reader = network.client({ credentials: READER });
    const guest = network.client({ credentials: GUEST });
    const guestPut = (Bucket: string) =>
      guest.send(new PutObjectCommand({ Bucket, Key: "guest", Body: "x" }));
    await put("private", "x");
    await reader.send(new GetObjectCommand({ Bucket: BUCKET, Key: "private" }));
    const write = reader.send(new PutObjectCommand({ Bucket: BUCKET, Key: "private", Body: "y" }));
    expect(await codeOf(write)).to.equal("AccessDenied");
    await guestPut("shared");
    expect(await codeOf(guestPut(BUCKET))).to.equal("AccessDenied");
    expect(await codeOf(guest.send(new ListObjectsV2Command({ Bucket: BUCKET })))).to.equal("AccessDenied");
    const copy = new CopyObjectCommand({ Bucket: "shared", Key: "stolen", CopySource: `${BUCKET}/private` });
    expect(await codeOf(guest.send(copy))).to.equal("AccessDenied");
    const buckets = await guest.send(new ListBucketsCommand({}));
    expect(buckets.Buckets?.map(({ Name }) => Name)).to.deep.equal(["shared"]);
    expect((await get("private")).bytes.toString()).to.equal("x");
  });

  it("lets anybody read the objects of an open bucket, and no more", async () => {
    await s3.send(new PutObjectCommand({ Bucket: "open", Key: "page", Body: "for all" }));
    expect(await (await fetch(`${network.endpoint}/open/page`)).text()).to.equal("for all");
    expect((await fetch(`${network.endpoint}/open/page`, { method: "PUT", body: "x" })).status).to.equal(403);
    expect((await fetch(`${network.endpoint}/open`)).status).to.equal(403);
    expect((await fetch(`${network.endpoint}/${BUCKET}/private`)).status).to.equal(403);
    expect(
      (await fetch(`${network.endpoint}/open/page?response-content-type=a/b`)).headers.get("content-type"),
    ).not.to.equal("a/b");
  });

  it("forgets what is deleted, and says nothing of what was not there", async () => {
    await put("deleted", "x");
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "deleted" }));
    expect(await codeOf(get("deleted"))).to.equal("NoSuchKey");
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "deleted" }));
  });
});

function* pieces(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += 70_000) yield data.subarray(at, at + 70_000);
}
