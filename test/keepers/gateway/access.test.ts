import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { codeOf } from "./codes.ts";
import { GatewayNetwork, GUEST, READER } from "./gatewayNetwork.ts";

const BUCKET = "bucket";

describe("gateway: who may do what", () => {
  let network: GatewayNetwork;
  let s3: S3Client;

  before(async () => {
    network = await GatewayNetwork.start({ openBuckets: ["open"] });
    s3 = network.client();
    for (const Bucket of [BUCKET, "open", "shared"]) await s3.send(new CreateBucketCommand({ Bucket }));
  });

  after(() => network.stop());

  const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  const read = async (Key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return await Body!.transformToString();
  };

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
    expect(await read("private")).to.equal("x");
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
});
