import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { cliCommand, packageRoot } from "../../../../keepers/cli/paths.ts";
import { importKey, keyFile, WEAK_SCRYPT } from "../../../../keepers/runtime/keys/keystore.ts";
import { eventually } from "../../runtime/temporary.ts";
import { accountKey, freePort, StorageNetwork, toJson } from "../network.ts";
import { requireSwift, SwiftServer } from "./swiftServer.ts";

const PAGE = "docs/keepers/storage-bucket.md";
const ACCOUNT = 1;

/** A code block of the page, by all that its fence says. */
function block(fence: string): string {
  const text = readFileSync(join(packageRoot, PAGE), "utf8");
  const found = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].find(([, named]) => named === fence);
  return found?.[2] ?? "";
}

interface Written {
  readonly http: object;
  readonly storage: { readonly rows: { readonly s3: object } };
}

describe("storage: what the page on buckets says", () => {
  let network: StorageNetwork;
  let swift: SwiftServer;
  let directory: string;
  let child: ChildProcess | undefined;

  before(async function () {
    requireSwift(this);
    swift = await SwiftServer.start();
    network = await StorageNetwork.start();
    directory = mkdtempSync(join(packageRoot, ".mycelia-docs-"));
  });

  after(async () => {
    if (child?.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await network?.stop();
    await swift?.stop();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  it("starts a node with the files that stand there, and stops it in order", async () => {
    const place = (name: string, content: string): string => {
      const path = join(directory, name);
      writeFileSync(path, content, { mode: 0o600 });
      return path;
    };
    const port = await freePort();
    await network.fund(ACCOUNT);
    const passwordFile = place("password", "a password");
    await importKey(directory, "storage", accountKey(ACCOUNT), passwordFile, WEAK_SCRYPT);
    const written = JSON.parse(block("json storage.json")) as Written;
    const s3 = {
      ...written.storage.rows.s3,
      ...{ endpoint: swift.url, region: "us-east-1" },
      credentialsFile: place("bucket-key.json", block("json bucket-key.json")),
    };
    const configuration = {
      ...written,
      dataDir: join(directory, "data"),
      chain: {
        rpcUrl: network.chain.url,
        deploymentFile: place("deployment.json", toJson(network.deployment)),
        confirmations: 0,
      },
      key: { file: keyFile(directory, "storage"), passwordFile },
      http: { ...written.http, port },
      storage: { ...written.storage, rows: { s3 } },
      network: { allowPrivate: ["127.0.0.0/8"] },
      log: { level: "warn", format: "json" },
    };
    const [program = "", ...words] = cliCommand(
      "run",
      "--config",
      place("storage.json", toJson(configuration)),
    );
    child = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"] });
    const isReady = async () => {
      await network.chain.rpc("anvil_mine", "0x1");
      return await fetch(`http://127.0.0.1:${port}/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    await eventually("the node serves", isReady, 60_000);
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).to.equal(0);
    expect(existsSync(join(directory, "data", "rows"))).to.equal(false);
  });
});
