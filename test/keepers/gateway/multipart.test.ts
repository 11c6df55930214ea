import type { ChildProcess } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  paginateListParts,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { eventually } from "../runtime/temporary.ts";
import { kill } from "../storage/network.ts";
import { codeOf } from "./codes.ts";
import { GatewayNetwork } from "./gatewayNetwork.ts";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
const Bucket = "bucket";
const QUOTA = 48 * MIB;

interface Listed {
  PartNumber: number;
  ETag: string;
}

describe("gateway: uploads in parts", () => {
  let network: GatewayNetwork;
  let gateway: ChildProcess;
  let s3: S3Client;

  const options = { spoolBytes: QUOTA };
  before(async () => {
    network = await GatewayNetwork.start("by itself");
    gateway = await network.spawnGateway(options);
    s3 = network.client();
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  after(() => network.stop());

  const restart = async () => {
    await kill(gateway);
    gateway = await network.spawnGateway(options);
  };
  const begin = async (Key: string): Promise<string> =>
    (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { made: "of parts" } })))
      .UploadId!;
  const upload = (Key: string, UploadId: string, PartNumber: number, Body: Uint8Array) =>
    s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  const complete = (Key: string, UploadId: string, Parts: readonly Listed[]) =>
    s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: [...Parts] } }),
    );
  const abort = (Key: string, UploadId: string) =>
    s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  const partsOf = async (Key: string, UploadId: string, pageSize = 1_000): Promise<Listed[]> => {
    const found: Listed[] = [];
    for await (const { Parts = [] } of paginateListParts({ client: s3, pageSize }, { Bucket, Key, UploadId }))
      found.push(...Parts.map(({ PartNumber, ETag }) => ({ PartNumber: PartNumber!, ETag: ETag! })));
    return found;
  };
  const read = async (Key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  };
  const spoolBytes = async (): Promise<number> => {
    const status = (await (await fetch(`${network.url}/status`)).json()) as { spool: { bytes: number } };
    return status.spool.bytes;
  };

  it("goes on after the gateway and the client were killed in the middle of a part", async () => {
    const data = [randomBytes(PART), randomBytes(PART + 1), randomBytes(1_000)];
    const id = await begin("killed");
    await upload("killed", id, 1, data[0]!);
    const hanging = new Readable({ read: () => undefined });
    hanging.push(data[1]!.subarray(0, MIB));
    const command = {
      Bucket,
      Key: "killed",
      UploadId: id,
      PartNumber: 2,
      Body: hanging,
      ContentLength: PART + 1,
    };
    const cut = codeOf(s3.send(new UploadPartCommand(command)));
    await eventually("a piece of the part lies in the spool", async () => (await spoolBytes()) > PART);
    await restart();
    expect(await cut).not.to.equal("none");
    hanging.destroy();
    // What there is says the gateway, to a client that remembers nothing.
    const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(uploads.Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).to.deep.equal([["killed", id]]);
    const listed = await partsOf("killed", id);
    expect(listed).to.deep.equal([{ PartNumber: 1, ETag: `"${hash("sha256", data[0]!)}"` }]);
    expect(await spoolBytes()).to.equal(PART);
    for (const number of [2, 3]) {
      const { ETag } = await upload("killed", id, number, data[number - 1]!);
      listed.push({ PartNumber: number, ETag: ETag! });
    }
    await complete("killed", id, listed);
    expect((await read("killed")).equals(Buffer.concat(data))).to.equal(true);
    const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket, Key: "killed" }));
    expect(Metadata).to.deep.equal({ made: "of parts" });
    expect(await spoolBytes()).to.equal(0);
  });

  it("completes after the gateway was killed in the middle of it, and once only", async () => {
    const data = [randomBytes(PART), randomBytes(PART), randomBytes(PART)];
    const id = await begin("completed");
    for (const [index, part] of data.entries()) await upload("completed", id, index + 1, part);
    const listed = await partsOf("completed", id);
    const impatient = network.client();
    const cut = codeOf(
      impatient.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key: "completed",
          UploadId: id,
          MultipartUpload: { Parts: listed },
        }),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await restart();
    await cut;
    const first = await complete("completed", id, listed);
    const again = await complete("completed", id, listed);
    expect(again.ETag).to.equal(first.ETag);
    await restart();
    expect((await complete("completed", id, listed)).ETag).to.equal(first.ETag);
    expect((await read("completed")).equals(Buffer.concat(data))).to.equal(true);
    expect(await codeOf(partsOf("completed", id))).to.equal("NoSuchUpload");
    expect(await spoolBytes()).to.equal(0);
  });

  it("takes the last of the parts that came under one number", async () => {
    const id = await begin("replaced");
    await upload("replaced", id, 1, randomBytes(PART));
    const { ETag } = await upload("replaced", id, 1, Buffer.from("the last"));
    expect(await spoolBytes()).to.equal(8);
    await complete("replaced", id, [{ PartNumber: 1, ETag: ETag! }]);
    expect((await read("replaced")).toString()).to.equal("the last");
  });

  it("refuses a list of parts that is not that of the upload", async () => {
    const id = await begin("refused");
    for (const number of [1, 2, 4]) await upload("refused", id, number, Buffer.from(`part ${number}`));
    const [one, two, four] = (await partsOf("refused", id, 2)) as [Listed, Listed, Listed];
    expect(four.PartNumber).to.equal(4);
    const codes = [
      [[], "MalformedXML"],
      [[two, one], "InvalidPartOrder"],
      [[one, one], "InvalidPartOrder"],
      [[one, { ...two, ETag: one.ETag }], "InvalidPart"],
      [[{ ...one, PartNumber: 3 }], "InvalidPart"],
      [[one, two], "EntityTooSmall"],
    ] as const;
    for (const [parts, code] of codes)
      expect(await codeOf(complete("refused", id, parts)), code).to.equal(code);
    expect(await codeOf(complete("another", id, [one]))).to.equal("NoSuchUpload");
    await complete("refused", id, [four]);
    expect((await read("refused")).toString()).to.equal("part 4");
  });

  it("forgets what is aborted", async () => {
    const id = await begin("aborted");
    await upload("aborted", id, 1, randomBytes(PART));
    await abort("aborted", id);
    expect(await spoolBytes()).to.equal(0);
    expect(await codeOf(abort("aborted", id))).to.equal("NoSuchUpload");
    expect(await codeOf(upload("aborted", id, 1, randomBytes(10)))).to.equal("NoSuchUpload");
    expect(await codeOf(read("aborted"))).to.equal("NoSuchKey");
  });

  it("takes no more than its disk may hold, and says so", async () => {
    const id = await begin("full");
    const part = randomBytes(20 * MIB);
    await upload("full", id, 1, part);
    await upload("full", id, 2, part);
    expect(await codeOf(upload("full", id, 3, part))).to.equal("SlowDown");
    const stream = { Bucket, Key: "full", UploadId: id, PartNumber: 3, Body: Readable.from([part]) };
    expect(await codeOf(s3.send(new UploadPartCommand({ ...stream, ContentLength: part.length })))).to.equal(
      "SlowDown",
    );
    expect(await spoolBytes()).to.equal(40 * MIB);
    await abort("full", id);
    expect(await spoolBytes()).to.equal(0);
  });

  it("lists uploads in pages, by key", async () => {
    const keys = ["list/a", "list/a", "list/a/b", "list/b", "other"];
    for (const key of keys) await begin(key);
    const found: (string | undefined)[] = [];
    let markers = {};
    do {
      const order = { Bucket, Prefix: "list/", MaxUploads: 1, ...markers };
      const page = await s3.send(new ListMultipartUploadsCommand(order));
      found.push(...(page.Uploads ?? []).map(({ Key }) => Key));
      markers = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : { isLast: true };
    } while (!("isLast" in markers));
    expect(found).to.deep.equal(keys.slice(0, 4));
    const behind = await s3.send(new ListMultipartUploadsCommand({ Bucket, KeyMarker: "list/a/b" }));
    expect(behind.Uploads?.map(({ Key }) => Key)).to.deep.equal(["list/b", "other"]);
  });

  it("answers for parts of which there are none", async () => {
    const id = await begin("none");
    const { Parts } = await s3.send(new ListPartsCommand({ Bucket, Key: "none", UploadId: id }));
    expect(Parts ?? []).to.deep.equal([]);
  });
});
