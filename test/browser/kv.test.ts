import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { runCli } from "../flows/cli.ts";
import { startLyingNode } from "../flows/lyingNode.ts";
import { useVisit } from "./visit.ts";

describe("browser: streams and paths", function () {
  this.timeout(300_000);
  const visit = useVisit();
  const user = devnetWallet("user").address;
  const at = (name: string): string => join(visit().devnet.dataDir, name);

  async function cli(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCli(["--data-dir", visit().devnet.dataDir, ...args]);
    expect(code, `${args.join(" ")}: ${stderr}`).to.equal(0);
    return stdout;
  }

  it("writes, lists, reads older versions, attests, and proves a value and that there is none", async () => {
    const { stream, ...found } = await visit().run("writeAndProve", 0);
    expect(found).to.deep.equal({
      ...{ keys: ["colour", "size"], found: 1, old: true, unattested: "kv/not-attested" },
      ...{ value: "green", attester: user, nothing: true },
    });
    expect(await cli("kv", "get", "colour", "--stream", stream)).to.equal("green\n");
  });

  it("reads what node has written, and believes no node about what can be proven", async () => {
    await cli("kv", "put", "shape", "round");
    await cli("kv", "attest");
    const { url } = visit().devnet.process("kv-1");
    const stream = (JSON.parse(await cli("kv", "stream", "--json")) as { stream: string }).stream;
    const [said, value] = ["round", "round"];
    expect(await visit().run("provenBy", stream, "shape", user, [url])).to.deep.equal({
      ...{ said, value, code: "nothing thrown" },
    });
    const liar = await startLyingNode(url, "square");
    try {
      const lie = await visit().run("provenBy", stream, "shape", user, [liar.url]);
      expect([lie.said, lie.code]).to.deep.equal(["square", "kv/bad-proof"]);
      expect((await visit().run("provenBy", stream, "shape", user, [liar.url, url])).value).to.equal("round");
    } finally {
      await liar.close();
    }
  });

  it("signs for a relay, which can't change what was signed", async () => {
    const found = await visit().run("relayed", 1);
    expect(found).to.deep.equal({ refused: true, state: "taken", value: "yes" });
  });

  it("writes and attests through a wallet", async () => {
    expect(await visit().run("byWallet", 2)).to.equal("wallet");
  });

  it("follows a path to what it names, all proven", async () => {
    writeFileSync(at("weights"), "weights");
    await cli("kv", "cluster", "register", "cluster1");
    await cli("kv", "publish", "test/browser/page", "log://cluster1/models/xxx/v1");
    await cli("kv", "attest");
    const found = await visit().run("resolve", "log://cluster1/models/xxx/latest", user);
    expect(found).to.include({ proven: true, kind: "directory", unknown: "kv/unknown-cluster" });
    expect(found.files).to.include("kv.ts");
  });
});
