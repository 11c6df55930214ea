import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { cliCommand, packageRoot } from "../../../keepers/cli/paths.ts";
import { importKey, keyFile, WEAK_SCRYPT } from "../../../keepers/runtime/keys/keystore.ts";
import { eventually } from "../runtime/temporary.ts";
import { accountKey, freePort, toJson } from "../storage/network.ts";
import { GATEWAY_ACCOUNT, GatewayNetwork } from "./gatewayNetwork.ts";

const PAGE = "docs/keepers/gateway.md";
const PORT = 9000;

/** A code block of the page, by all that its fence says. */
function block(fence: string): string {
  const text = readFileSync(join(packageRoot, PAGE), "utf8");
  const found = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].find(([, named]) => named === fence);
  return found?.[2] ?? "";
}

describe("gateway: what its page says", () => {
  let network: GatewayNetwork;
  let directory: string;
  let child: ChildProcess | undefined;

  before(async () => {
    network = await GatewayNetwork.start("by itself");
    directory = mkdtempSync(join(packageRoot, ".mycelia-docs-"));
  });

  after(async () => {
    if (child?.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await network.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("starts the command with the files that stand there, and runs the program", async () => {
    const place = (name: string, content: string): string => {
      const path = join(directory, name);
      writeFileSync(path, content, { mode: 0o600 });
      return path;
    };
    const port = await freePort();
    const passwordFile = place("password", "a password");
    await importKey(directory, "gateway", accountKey(GATEWAY_ACCOUNT), passwordFile, WEAK_SCRYPT);
    const written = JSON.parse(block("json gateway.json")) as Record<string, object>;
    const { chain, deployment } = network.network;
    const configuration = {
      ...written,
      dataDir: join(directory, "data"),
      chain: {
        rpcUrl: chain.url,
        deploymentFile: place("deployment.json", toJson(deployment)),
        confirmations: 0,
      },
      key: { file: keyFile(directory, "gateway"), passwordFile },
      http: { ...written.http, port },
      gateway: { ...written.gateway, credentialsFile: place("access.json", block("json access.json")) },
      network: { allowPrivate: ["127.0.0.0/8"] },
      log: { level: "warn", format: "json" },
    };
    const [program = "", ...words] = cliCommand(
      "run",
      "--config",
      place("gateway.json", toJson(configuration)),
    );
    child = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"] });
    const url = `http://127.0.0.1:${port}`;
    const isReady = () =>
      fetch(`${url}/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually("the gateway serves", isReady, 60_000);
    const code = block("ts").replaceAll(String(PORT), String(port));
    const file = place("program.ts", code);
    const result = (await import(pathToFileURL(file).href)) as { text: string; same: string };
    expect(result).to.include({ text: "hello", same: "hello" });
  });
});
