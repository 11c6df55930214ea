import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { runCli } from "./cli.ts";
import { createTestDevnet, type TestDevnet } from "./devnet.ts";
import { startLyingNode } from "./lyingNode.ts";

interface Value {
  readonly found: boolean;
  readonly proven: boolean;
  readonly streamVersion: number;
  readonly item?: { readonly key: string; readonly version: number; readonly value: string };
}

describe("flow: streams and paths", function () {
  this.timeout(400_000);
  const user = devnetWallet("user").address;
  const author = devnetWallet("author").address;
  let devnet: TestDevnet;
  let stream: string;
  const at = (name: string): string => join(devnet.dataDir, name);
  const cli = (...args: string[]) => runCli(["--data-dir", devnet.dataDir, ...args]);
  const asAuthor = () => ["--stream", stream, "--key", "author", "--password-file", at("password")];

  async function fails(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await cli("kv", ...args, "--json");
    expect(code, stdout).to.be.greaterThan(0);
    return (JSON.parse(stderr.trim()) as { error: { code: string } }).error.code;
  }

  async function result<T = { version: number }>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await cli("kv", ...args, "--json");
    expect(code, `${args.join(" ")}: ${stderr}`).to.equal(0);
    return JSON.parse(stdout) as T;
  }

  before(async () => {
    devnet = await createTestDevnet({ storage: 8, verifiers: 0, kv: 1 });
    writeFileSync(at("password"), "a password", { mode: 0o600 });
    writeFileSync(at("hex"), devnetWallet("author").privateKey, { mode: 0o600 });
    const secrets = ["--key-file", at("hex"), "--password-file", at("password")];
    expect((await cli("keys", "import", "author", ...secrets)).code).to.equal(0);
    ({ stream } = await result<{ stream: string }>("stream"));
    expect(stream).to.equal(`${user.toLowerCase()}${"0".repeat(24)}`);
  });
  after(async () => await devnet?.remove());

  it("puts, gets, lists and deletes, and shows older versions", async () => {
    expect((await cli("kv", "put", "colour", "green")).stdout).to.equal("version 1\n");
    await result("put", "colour", "red");
    expect((await cli("kv", "get", "colour")).stdout).to.equal("red\n");
    expect((await cli("kv", "get", "colour", "--at", "1")).stdout).to.equal("green\n");
    writeFileSync(at("bytes"), Buffer.of(0, 255, 27, 10));
    await result("put", "0x00ff", "--hex", "--file", at("bytes"));
    const { item } = await result<Value>("get", "0x00ff", "--hex");
    expect(Buffer.from(item!.value, "base64").toString("hex")).to.equal("00ff1b0a");
    expect((await cli("kv", "get", "0x00ff", "--hex")).stdout, "no raw bytes").to.equal("0x00ff1b0a\n");
    const { items } = await result<{ items: { key: string }[] }>("ls");
    expect(items.map(({ key }) => key)).to.deep.equal(["0x00ff", "0x636f6c6f7572"]);
    const last = await result<{ items: { keyText: string }[]; more: boolean }>(
      "ls",
      "--reverse",
      "--limit",
      "1",
    );
    expect([last.items.map(({ keyText }) => keyText), last.more]).to.deep.equal([["colour"], true]);
    expect((await cli("kv", "ls", "col")).stdout)
      .to.include("colour")
      .and.to.not.include("0x00ff");
    await result("delete", "colour");
    const gone = await cli("kv", "get", "colour", "--json");
    expect([gone.code, (JSON.parse(gone.stdout) as Value).found]).to.deep.equal([1, false]);
    expect(await result("status")).to.include({ version: 4, announced: 4, id: stream });
    expect(await result("batch", "4")).to.include({ state: "taken", writer: user.toLowerCase() });
  });

  it("refuses on the command line what would come to nothing", async () => {
    expect(await fails("put", "k")).to.equal("cli/usage");
    expect(await fails("put", "k", "v", "--file", at("bytes"))).to.equal("cli/usage");
    expect(await fails("put", "zz", "v", "--hex")).to.equal("cli/usage");
    expect(await fails("put", "k", "--file", at("missing"))).to.equal("cli/no-file");
    expect(await fails("get", "k", "--proof")).to.equal("cli/usage");
    expect(await fails("get", "k", "--stream", "0x12")).to.equal("kv/bad-stream");
    expect(await fails("get", "k", "--at", "99")).to.equal("kv/not-replayed");
    expect(await fails("grant-writer", "nobody")).to.equal("cli/usage");
    expect(await fails("get", "k", "--node", "ftp://127.0.0.1/")).to.equal("cli/usage");
    expect((await cli("kv", "get", "k", "--at", "-1")).code).to.equal(2);
  });

  it("lets a second key write when it may, and fails with the refusal's code when it may not", async () => {
    expect(await fails("put", "theirs", "1", ...asAuthor())).to.equal("kv/no-rights");
    await result("grant-writer", author);
    const { version } = await result("put", "theirs", "1", ...asAuthor());
    expect(await fails("put", "theirs", "2", "--if-version", String(version - 1))).to.equal("kv/conflict");
    await result("put", "theirs", "2", "--if-version", String(version));
    await result("make-special", "mine");
    expect(await fails("put", "mine", "1", ...asAuthor())).to.equal("kv/may-not-write");
    await result("grant-key-writer", "mine", author);
    await result("put", "mine", "1", ...asAuthor());
    expect(await fails("grant-admin", author, ...asAuthor())).to.equal("kv/may-not-control");
    await result("renounce-key-writer", "mine", ...asAuthor());
    expect(await fails("put", "mine", "2", ...asAuthor())).to.equal("kv/may-not-write");
  });

  it("signs for a relay, which can't change what was signed", async () => {
    await result("sign", "put", "relayed", "yes", "--out", at("signed.json"));
    const signed = JSON.parse(readFileSync(at("signed.json"), "utf8")) as Record<string, string>[];
    const forged = [{ ...signed[0], objectRoot: `0x${"11".repeat(32)}` }];
    writeFileSync(at("forged.json"), JSON.stringify(forged));
    expect(await fails("relay", at("forged.json"), ...asAuthor())).to.equal("kv/forged");
    writeFileSync(at("garbage.json"), JSON.stringify([{ ...signed[0], nonce: 1 }]));
    expect(await fails("relay", at("garbage.json"), ...asAuthor())).to.equal("kv/bad-file");
    expect(await result<unknown[]>("relay", at("signed.json"), ...asAuthor())).to.have.length(1);
    expect((await cli("kv", "get", "relayed")).stdout).to.equal("yes\n");
    const [forgery] = await result<{ relay: string; writer: string }[]>("forgeries");
    expect(forgery).to.include({ writer: user.toLowerCase(), relay: author.toLowerCase() });
  });

  it("publishes a directory and reads it back by a record that leads to it, all proven", async () => {
    const model = randomBytes(300_000);
    mkdirSync(at("model/part"), { recursive: true });
    writeFileSync(at("model/part/weights"), model);
    writeFileSync(at("model/readme"), "read me");
    await result("cluster", "register", "cluster1");
    expect(await result("cluster", "show", "cluster1")).to.include({ owner: user, stream, chainId: 31_337 });
    const published = await result<{ path: string; record: { kind: string } }>(
      ...["publish", at("model"), "log://cluster1/models/xxx/v2"],
    );
    expect(published.path).to.equal("log://cluster1/models/xxx/v2/");
    await result("put", "AI_100", JSON.stringify({ name: "xxx", path: published.path }));
    const read = ["resolve", "AI_100", "--attester", author, "--out", at("back")];
    expect(await fails(...read)).to.equal("kv/not-attested");
    await result("attest", ...asAuthor());
    const found = await result<{ path: string; proven: boolean; read: { files: number } }>(...read);
    expect(found).to.include({ path: published.path, proven: true });
    expect(found.read.files).to.equal(2);
    expect(readFileSync(at("back/part/weights")).equals(model)).to.equal(true);
    const latest = await cli("kv", "resolve", "log://cluster1/models/xxx/latest");
    expect(latest.stdout).to.include(published.path).and.to.include("not proven");
  });

  it("believes no node about what can be proven", async () => {
    const lie = JSON.stringify({ name: "xxx", path: "log://cluster1/models/other/v1/" });
    const liar = await startLyingNode(devnet.process("kv-1").url, lie);
    try {
      expect((await cli("kv", "get", "AI_100", "--node", liar.url)).stdout).to.equal(`${lie}\n`);
      const trust = ["--attester", author, "--node", liar.url];
      expect(await fails("get", "AI_100", "--proof", ...trust)).to.equal("kv/bad-proof");
      expect(await fails("resolve", "AI_100", ...trust)).to.equal("kv/bad-proof");
      const honest = ["--node", liar.url.replace(/\d+$/, "1"), "--node", devnet.process("kv-1").url];
      expect((await result<Value>("get", "AI_100", "--attester", author, ...honest)).proven).to.equal(true);
    } finally {
      await liar.close();
    }
  });

  it("follows no path into a ring, into the unknown, or out of what was published", async () => {
    await result("put", "ring/v1", '{"path":"log://cluster1/ring/v1"}');
    expect(await fails("resolve", "log://cluster1/ring/v1")).to.equal("kv/path-loop");
    expect(await fails("resolve", "log://nobody/models/xxx/v2")).to.equal("kv/unknown-cluster");
    expect(await fails("resolve", "log://cluster1/models/xxx/v3")).to.equal("kv/no-such-path");
    expect(await fails("resolve", "log://cluster1/../v3")).to.equal("kv/bad-path");
    expect(await fails("resolve", "theirs")).to.equal("kv/bad-record");
    expect(await fails("publish", at("bytes"), "log://cluster1/models/xxx/v2")).to.equal("kv/version-taken");
    expect(await fails("publish", at("bytes"), "log://cluster1/models/xxx/latest")).to.equal("cli/usage");
    expect(await fails("publish", at("bytes"), "log://cluster1/models/xxx/v4/")).to.equal("kv/wrong-kind");
    expect(await fails("cluster", "register", "cluster1", "--stream", `0x${"22".repeat(32)}`)).to.equal(
      "transactions/reverted",
    );
  });

  it("points a name elsewhere and hands it over, by its holder alone", async () => {
    interface Cluster {
      readonly owner: string;
      readonly stream: string;
      readonly offeredTo?: string;
    }
    const other = `0x${"22".repeat(32)}`;
    await result("cluster", "register", "moving");
    for (const target of [other, stream, other]) {
      const moved = await result<Cluster>("cluster", "retarget", "moving", "--stream", target);
      expect(moved.stream).to.equal(target);
    }
    expect(await fails("cluster", "retarget", "moving", ...asAuthor())).to.equal("transactions/reverted");
    expect(await fails("cluster", "accept", "moving", ...asAuthor())).to.equal("transactions/reverted");
    expect(await fails("cluster", "offer", "moving", "0x12")).to.equal("cli/usage");
    expect((await result<Cluster>("cluster", "offer", "moving", author)).offeredTo).to.equal(author);
    expect(await result("cluster", "offer", "moving")).not.to.have.property("offeredTo");
    await result("cluster", "offer", "moving", author);
    const taken = await result<Cluster>("cluster", "accept", "moving", ...asAuthor());
    expect(taken).to.include({ owner: author, stream: other }).and.not.to.have.property("offeredTo");
  });

  it("keeps what is encrypted from whoever has no key for it", async () => {
    const key = at("object.key");
    await result("publish", at("bytes"), "log://cluster1/secret/v1", "--encrypt", key);
    const read = ["resolve", "log://cluster1/secret/latest", "--out", at("secret")];
    expect(await fails(...read)).to.equal("cli/encrypted");
    await result(...read, "--decrypt", key);
    expect(readFileSync(at("secret")).equals(readFileSync(at("bytes")))).to.equal(true);
  });
});
