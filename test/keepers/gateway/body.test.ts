import { createHash, hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { RequestSigner } from "../../../keepers/gateway/access/signature.ts";
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  createDigest,
} from "../../../keepers/gateway/body/checksums/digest.ts";
import { decodeChunks } from "../../../keepers/gateway/body/chunkedBody.ts";
import { Expectations } from "../../../keepers/gateway/body/expectations.ts";
import { chunked } from "./chunks.ts";
import { codeOf } from "./codes.ts";

const bytes = fc.uint8Array({ maxLength: 3_000 });
const SIGNER = new RequestSigner("secret", { day: "20261130", region: "us-east-1" }, "20261130T120000Z");
const SIGNATURE = "a".repeat(64);

describe("gateway: checksums", () => {
  it("are those of the published check vectors", () => {
    const check = (algorithm: ChecksumAlgorithm, text: string) => {
      const digest = createDigest(algorithm);
      digest.update(Buffer.from(text));
      return digest.digest().toString("hex");
    };
    expect(check("crc32", "123456789")).to.equal("cbf43926");
    expect(check("crc32c", "123456789")).to.equal("e3069283");
    expect(check("crc64nvme", "123456789")).to.equal("ae8b14860a799888");
    expect(check("sha1", "123456789")).to.equal(hash("sha1", "123456789"));
    expect(check("sha256", "123456789")).to.equal(hash("sha256", "123456789"));
  });

  it("are the same however the bytes are cut, and as a plain division says", () => {
    const property = (algorithm: ChecksumAlgorithm) =>
      fc.property(bytes, fc.array(fc.nat(3_000), { maxLength: 5 }), (data, cuts) => {
        const whole = createDigest(algorithm);
        whole.update(data);
        const cut = createDigest(algorithm);
        for (const piece of pieces(data, cuts)) cut.update(piece);
        const value = whole.digest().toString("hex");
        expect(cut.digest().toString("hex")).to.equal(value);
        if (algorithm === "crc32c") expect(value).to.equal(divide(data, 32, 0x82f63b78n));
        if (algorithm === "crc64nvme") expect(value).to.equal(divide(data, 64, 0x9a6c9329ac4bc9b5n));
        if (algorithm === "crc32") expect(value).to.equal(crc32(data).toString(16).padStart(8, "0"));
      });
    for (const algorithm of CHECKSUM_ALGORITHMS) fc.assert(property(algorithm), { numRuns: 50 });
  });
});

describe("gateway: bodies in chunks", () => {
  const read = async (body: Uint8Array, cuts: readonly number[], isSigned: boolean) => {
    let trailers: ReadonlyMap<string, string> = new Map();
    const signing = isSigned ? { signer: SIGNER, signature: SIGNATURE } : undefined;
    const onTrailers = (found: ReadonlyMap<string, string>) => {
      trailers = found;
    };
    const found: Uint8Array[] = [];
    for await (const piece of decodeChunks(from(pieces(body, cuts)), { signing, onTrailers }))
      found.push(piece);
    return { data: Buffer.concat(found), trailers };
  };
  const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 400 }), { maxLength: 5 });
  const cuts = fc.array(fc.nat(3_000), { maxLength: 8 });

  it("give what is inside, signed or not, however they are cut on the way", async () => {
    await fc.assert(
      fc.asyncProperty(parts, cuts, fc.boolean(), async (data, places, isSigned) => {
        const signing = isSigned ? { signer: SIGNER, signature: SIGNATURE } : undefined;
        const body = chunked(data, { signing, trailers: { "x-amz-checksum-crc32": "AAAAAA==" } });
        const found = await read(body, places, isSigned);
        expect(found.data.equals(Buffer.concat(data))).to.equal(true);
        expect([...found.trailers]).to.deep.equal([["x-amz-checksum-crc32", "AAAAAA=="]]);
      }),
      { numRuns: 200 },
    );
  });

  it("are refused when a single bit of a signed one is another", async () => {
    const data = [Buffer.from("some bytes of the first chunk"), Buffer.from("and of the second")];
    const signing = { signer: SIGNER, signature: SIGNATURE };
    const body = chunked(data, { signing, trailers: { "x-amz-checksum-crc32": "AAAAAA==" } });
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body);
      changed[at]! ^= 1;
      const outcome = await codeOf(read(changed, [], true));
      expect(outcome, `bit of byte ${at}`).to.be.oneOf([
        ...["SignatureDoesNotMatch", "InvalidRequest", "IncompleteBody", "MalformedTrailerError"],
      ]);
    }
  });

  it("are refused when a signed chunk is left out, repeated, or moved", async () => {
    const signing = { signer: SIGNER, signature: SIGNATURE };
    const data = ["one", "two", "three"].map((word) => Buffer.from(word));
    const text = chunked(data, { signing }).toString("latin1");
    const lines = text.split("\r\n");
    const chunk = (index: number) => `${lines[2 * index]}\r\n${lines[2 * index + 1]}\r\n`;
    const end = text.slice((chunk(0) + chunk(1) + chunk(2)).length);
    const orders = [[0, 2], [0, 1, 1, 2], [1, 0, 2], [1, 2], []];
    for (const order of orders) {
      const body = Buffer.from(order.map(chunk).join("") + end, "latin1");
      expect(await codeOf(read(body, [], true)), order.join()).to.equal("SignatureDoesNotMatch");
    }
    expect(
      (await read(Buffer.from([0, 1, 2].map(chunk).join("") + end, "latin1"), [], true)).data.toString(),
    ).to.equal("onetwothree");
  });

  it("are refused when they are none, or end too soon, or go on behind the end", async () => {
    const good = chunked([Buffer.from("data")], {}).toString("latin1");
    const cases = [
      ["", "IncompleteBody"],
      ["zz\r\n", "InvalidRequest"],
      ["4\r\ndata", "IncompleteBody"],
      ["4\r\ndataX\r\n0\r\n\r\n", "InvalidRequest"],
      ["4\ndata\r\n0\r\n\r\n", "InvalidRequest"],
      [`${good}more`, "InvalidRequest"],
      [`4\r\ndata\r\n0\r\nno trailer\r\n\r\n`, "MalformedTrailerError"],
      [`4\r\ndata\r\n0\r\na: 1\r\na: 2\r\n\r\n`, "MalformedTrailerError"],
      ["4;chunk-extension=".padEnd(9_000, "x"), "InvalidRequest"],
      ["fffffffff\r\n", "InvalidRequest"],
    ] as const;
    for (const [body, code] of cases)
      expect(await codeOf(read(Buffer.from(body, "latin1"), [], false)), body.slice(0, 40)).to.equal(code);
  });
});

describe("gateway: what a request says of its bytes", () => {
  const data = Buffer.from("the bytes of a body");
  const sums = { md5: hash("md5", data, "base64"), sha256: hash("sha256", data, "base64") };
  const check = async (
    headers: Record<string, string>,
    payloadHash?: string,
    trailers: Record<string, string> = {},
  ) => {
    const expectations = new Expectations(headers, payloadHash, () => new Map(Object.entries(trailers)));
    for await (const _ of expectations.check(from([data])));
    return expectations.checksum;
  };

  it("is held against them", async () => {
    const other = createHash("sha256").update("other").digest();
    expect(await check({ "content-md5": sums.md5 })).to.equal(undefined);
    expect(await check({}, hash("sha256", data))).to.equal(undefined);
    const checksum = { algorithm: "sha256", value: sums.sha256 };
    expect(await check({ "x-amz-checksum-sha256": sums.sha256 })).to.deep.equal(checksum);
    const trailer = { "x-amz-trailer": "x-amz-checksum-sha256" };
    expect(await check(trailer, undefined, { "x-amz-checksum-sha256": sums.sha256 })).to.deep.equal(checksum);
    const wrong = other.toString("base64");
    expect(await codeOf(check({ "x-amz-checksum-sha256": wrong }))).to.equal("BadDigest");
    expect(await codeOf(check(trailer, undefined, { "x-amz-checksum-sha256": wrong }))).to.equal("BadDigest");
    expect(await codeOf(check(trailer))).to.equal("MalformedTrailerError");
    expect(await codeOf(check({}, other.toString("hex")))).to.equal("XAmzContentSHA256Mismatch");
    expect(await codeOf(check({ "content-md5": hash("md5", "other", "base64") }))).to.equal("BadDigest");
    expect(await codeOf(check({ "content-md5": "short" }))).to.equal("InvalidDigest");
    expect(await codeOf(check({ "x-amz-checksum-crc32": "short" }))).to.equal("InvalidRequest");
    expect(await codeOf(check({ "x-amz-trailer": "x-amz-checksum-other" }))).to.equal("InvalidRequest");
    const two = { "x-amz-checksum-sha256": sums.sha256, "x-amz-checksum-crc32": "AAAAAA==" };
    expect(await codeOf(check(two))).to.equal("InvalidRequest");
  });
});

function pieces(data: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => Math.min(cut, data.length)).sort((a, b) => a - b), data.length];
  return places.slice(1).map((end, index) => data.subarray(places[index], end));
}

async function* from(data: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* data;
}

/** A CRC bit by bit, as its definition says, in hex. */
function divide(data: Uint8Array, bits: number, polynomial: bigint): string {
  const ones = (1n << BigInt(bits)) - 1n;
  let crc = ones;
  for (const byte of data) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
  }
  return (crc ^ ones).toString(16).padStart(bits / 4, "0");
}
