import { randomBytes } from "node:crypto";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { readCredentials } from "../../../keepers/gateway/access/credentials.ts";
import { EMPTY_FILE } from "../../../keepers/storage/format/directory.ts";
import { temporaryDirectory } from "../runtime/temporary.ts";
import { GatewayNetwork, GUEST, OWNER, READER } from "./gatewayNetwork.ts";

const MIB = 1024 * 1024;

describe("gateway: objects by their roots", () => {
  let network: GatewayNetwork;

  before(async () => {
    network = await GatewayNetwork.start({ maxBodyBytes: 6 * MIB });
  });

  after(() => network.stop());

  const basic = ({ accessKeyId, secretAccessKey }: typeof OWNER) => ({
    authorization: `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64")}`,
  });
  const put = (body: Uint8Array, who: typeof OWNER = OWNER, path = "/objects") =>
    fetch(network.url + path, { method: "PUT", body: Buffer.from(body), headers: basic(who) });
  const get = (root: string, headers: Record<string, string> = {}, method = "GET") =>
    fetch(`${network.url}/objects/${root}`, { method, headers });
  const codeOf = async (answer: Promise<Response>) => {
    const { status } = await answer;
    const { code } = (await (await answer).json()) as { code: string };
    return `${status} ${code}`;
  };

  it("takes bytes for their root, and gives them back for it", async () => {
    for (const size of [0, 1, 300_000, 5 * MIB]) {
      const data = randomBytes(size);
      const answer = await put(data);
      expect(answer.status).to.equal(201);
      const { root } = (await answer.json()) as { root: string };
      const back = await get(root);
      expect(Buffer.from(await back.arrayBuffer()).equals(data), String(size)).to.equal(true);
      expect(back.headers.get("etag")).to.equal(`"${root}"`);
      expect(back.headers.get("x-content-type-options")).to.equal("nosniff");
      const head = await get(root, {}, "HEAD");
      expect(head.headers.get("content-length")).to.equal(String(size));
      expect((await put(data, OWNER, `/objects/${root}`)).status).to.equal(201);
    }
    const empty = Buffer.from(EMPTY_FILE.objectRoot).toString("hex");
    expect((await get(empty)).status).to.equal(200);
  });

  it("has the root of S3's tag", async () => {
    const s3 = network.client();
    await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "the same" }));
    const { root } = (await (await put(Buffer.from("the same"))).json()) as { root: string };
    expect(ETag).to.equal(`"${root}"`);
    expect(await (await get(root)).text()).to.equal("the same");
  });

  it("answers ranges and conditions", async () => {
    const data = randomBytes(100_000);
    const { root } = (await (await put(data)).json()) as { root: string };
    const part = await get(root, { range: "bytes=10-19" });
    expect(part.status).to.equal(206);
    expect(part.headers.get("content-range")).to.equal("bytes 10-19/100000");
    expect(Buffer.from(await part.arrayBuffer()).equals(data.subarray(10, 20))).to.equal(true);
    const beyond = get(root, { range: "bytes=100000-" });
    expect(await codeOf(beyond)).to.equal("416 gateway/invalid-range");
    expect((await beyond).headers.get("content-range")).to.equal("bytes */100000");
    expect((await get(root, { "if-none-match": `"${root}"` })).status).to.equal(304);
    expect((await get(root, { "if-match": '"other"' })).status).to.equal(412);
  });

  it("refuses what is wrong, with a code", async () => {
    const unknown = "ab".repeat(32);
    expect(await codeOf(get("nonsense"))).to.equal("400 storage/bad-name");
    expect(await codeOf(get(unknown))).to.equal("404 storage/not-found");
    expect(await codeOf(put(Buffer.from("x"), OWNER, `/objects/${unknown}`))).to.equal(
      "409 gateway/other-root",
    );
    expect(await codeOf(put(randomBytes(6 * MIB + 1)))).to.equal("413 gateway/entity-too-large");
  });

  it("takes bytes of those only that may write everywhere", async () => {
    const data = Buffer.from("some bytes");
    expect(await codeOf(put(data, READER))).to.equal("403 gateway/forbidden");
    expect(await codeOf(put(data, GUEST))).to.equal("403 gateway/forbidden");
    const wrong = { ...OWNER, secretAccessKey: "wrong" };
    expect(await codeOf(put(data, wrong))).to.equal("401 gateway/unauthenticated");
    expect(await codeOf(put(data, { ...OWNER, accessKeyId: "nobody" }))).to.equal(
      "401 gateway/unauthenticated",
    );
    const anonymous = fetch(`${network.url}/objects`, { method: "PUT", body: data });
    expect(await codeOf(anonymous)).to.equal("401 gateway/unauthenticated");
    await network.stopGateway();
    await network.startGateway({ openReads: "nobody" });
    const { root } = (await (await put(data)).json()) as { root: string };
    expect(await codeOf(get(root))).to.equal("401 gateway/unauthenticated");
    expect((await get(root, basic(READER))).status).to.equal(200);
    expect((await get(root, basic(GUEST))).status).to.equal(403);
  });
});

describe("gateway: access keys", () => {
  const file = join(temporaryDirectory(), "keys.json");
  const written = async (content: unknown, mode = 0o600) => {
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    await chmod(file, mode);
    return await readCredentials(file).then(
      (keys) => [...keys.keys()].join(),
      (error: { code: string; message: string }) => {
        expect(error.message).not.to.include("a-very-secret");
        return error.code;
      },
    );
  };
  const key = { id: "one", secret: "a-very-secret-secret", grants: [{ bucket: "*", rights: ["read"] }] };

  it("are read from a file that nobody else can read, and never told", async () => {
    expect(await written({ keys: [key] })).to.equal("one");
    expect(await written({ keys: [key] }, 0o640)).to.equal("keys/open-permissions");
    const bad = [
      "nonsense a-very-secret",
      {},
      { keys: [] },
      { keys: [key, key] },
      { keys: [{ ...key, id: "with/slash" }] },
      { keys: [{ ...key, secret: "short" }] },
      { keys: [{ ...key, grants: [{ bucket: "a", rights: ["delete"] }] }] },
      { keys: [{ ...key, "a-very-secret": 1 }] },
    ];
    for (const content of bad)
      expect(await written(content), JSON.stringify(content)).to.equal("gateway/bad-credentials-file");
  });
});
