import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { publishDigits } from "../../keepers/cli/demo/modelJob.ts";
import { startHonestProvider } from "../../keepers/cli/demo/parts.ts";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { cliCommand, packageRoot } from "../../keepers/cli/paths.ts";
import { openPerson } from "../../keepers/cli/person.ts";
import { createCodec } from "../../keepers/coding/codec.ts";
import { type CliResult, runCli } from "./cli.ts";
import { createTestDevnet, type TestDevnet } from "./devnet.ts";

/** Code blocks of a page, by the language that their fence names. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(packageRoot, page), "utf8");
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code ?? "");
}

/** `./mycelia …` lines of a page, without comments, split into words. */
function commands(page: string): string[][] {
  return blocks(page, "")
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.startsWith("./mycelia "))
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/).slice(1));
}

describe("flow: what the docs say", function () {
  this.timeout(240_000);
  const { signal } = new AbortController();
  let devnet: TestDevnet;
  let model: string;

  before(async () => {
    devnet = await createTestDevnet();
    const author = await openPerson(devnet.dataDir, devnet.state(), { party: "author" });
    const codec = await createCodec({ threads: 0 });
    model = (await publishDigits(author, codec, signal)).modelId;
    await Promise.all([codec.close(), author.closers.closeAll()]);
    await startHonestProvider(devnet.dataDir, model, signal);
  });
  after(async () => await devnet?.remove());

  it("every command of the page on streams works as it stands", async () => {
    const place = mkdtempSync(join(tmpdir(), "mycelia-docs-"));
    try {
      const words = cliCommand().map((word) => `'${word}'`);
      writeFileSync(join(place, "mycelia"), `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`, { mode: 0o755 });
      const script = blocks("docs/keepers/kv.md", "sh").join("\n");
      expect(script.match(/^\.\/mycelia kv /gm)).to.have.length.of.at.least(12);
      const env = { ...process.env, NO_COLOR: "1", MYCELIA_DATA_DIR: devnet.dataDir };
      const { stdout } = await promisify(execFile)("sh", ["-ec", script], { cwd: place, env });
      expect(stdout)
        .to.match(/^red\ngreen\n/m)
        .and.to.match(/^proven$/m);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });

  it("every command of the README works as it stands", async () => {
    const lines = commands("README.md").filter(([name]) => name !== "start" && name !== "test");
    expect(lines.length).to.be.greaterThan(5);
    let root = "";
    for (const words of lines) {
      const args = words.map((word) =>
        word === "<root>" ? root : word === "copy" ? join(devnet.dataDir, word) : word,
      );
      const { code, stdout, stderr }: CliResult = await runCli(["--data-dir", devnet.dataDir, ...args]);
      expect(code, `${words.join(" ")}: ${stderr}`).to.equal(0);
      if (words[1] === "put") root = stdout.trim();
      if (words[0] === "down") expect((await runCli(["--data-dir", devnet.dataDir, "up"])).code).to.equal(0);
    }
    expect(readFileSync(join(devnet.dataDir, "copy"), "utf8")).to.equal(readFileSync("README.md", "utf8"));
  });

  it("the program of the clients' page runs and is paid for", async () => {
    const [code = ""] = blocks("docs/clients.md", "ts");
    const directory = mkdtempSync(join(packageRoot, ".mycelia-docs-"));
    try {
      const { rpcUrl, chainId, deployment } = devnet.state();
      const stateDirectory = join(directory, "state");
      mkdirSync(stateDirectory);
      const { privateKey } = devnetWallet("user");
      const settings = { rpcUrl, chainId, deploymentFile: deployment, privateKey, stateDirectory, model };
      const file = join(directory, "program.ts");
      const own = JSON.stringify(pathToFileURL(join(packageRoot, "keepers/index.ts")).href);
      writeFileSync(file, `const settings = ${JSON.stringify(settings)};\n${code.replace('"mycelia"', own)}`);
      const result = (await import(pathToFileURL(file).href)) as {
        text: string;
        paid: bigint;
        refunded: bigint;
      };
      expect(result.text).to.equal("hello, mycelia");
      expect(result.paid > 0n).to.equal(true);
      expect(result.paid + result.refunded).to.equal(10n ** 18n);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
