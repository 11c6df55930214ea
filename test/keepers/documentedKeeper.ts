import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cliCommand, packageRoot } from "../../keepers/cli/paths.ts";
import { importKey, keyFile, WEAK_SCRYPT } from "../../keepers/runtime/keys/keystore.ts";
import { eventually } from "./runtime/temporary.ts";
import { accountKey, type StorageNetwork, toJson } from "./storage/network.ts";

/** What all configurations in the documentation have. */
interface Written {
  readonly http: object;
}

export interface DocumentedStart<Own extends Written> {
  readonly network: Pick<StorageNetwork, "chain" | "deployment">;
  /** Account that the keeper acts as. */
  readonly account: number;
  readonly port: number;
  /** What must be another on this machine than on the page. */
  readonly adapt: (written: Own) => object;
  /** Done before each look whether it is ready. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** A page for operators, tried as it stands: its files in a directory of their own, and the command that it names. */
export class DocumentedKeeper {
  readonly directory = mkdtempSync(join(packageRoot, ".mycelia-docs-"));
  readonly #page: string;
  #child: ChildProcess | undefined;

  /** @param page its path in the project */
  constructor(page: string) {
    this.#page = page;
  }

  /** A code block of the page, by all that its fence says. */
  block(fence: string): string {
    const text = readFileSync(join(packageRoot, this.#page), "utf8");
    const found = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].find(([, named]) => named === fence);
    return found?.[2] ?? "";
  }

  /** Writes a file that only its owner may read. @returns its path */
  place(name: string, content: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** Runs a role with the file `<role>.json` of the page; resolves once it serves. */
  async start<Own extends Written>(role: string, options: DocumentedStart<Own>): Promise<void> {
    const { network, account, port, adapt, meanwhile } = options;
    const passwordFile = this.place("password", "a password");
    await importKey(this.directory, role, accountKey(account), passwordFile, WEAK_SCRYPT);
    const written = JSON.parse(this.block(`json ${role}.json`)) as Own;
    const deploymentFile = this.place("deployment.json", toJson(network.deployment));
    const configuration = {
      ...written,
      dataDir: join(this.directory, "data"),
      chain: { rpcUrl: network.chain.url, deploymentFile, confirmations: 0 },
      key: { file: keyFile(this.directory, role), passwordFile },
      http: { ...written.http, port },
      ...adapt(written),
      network: { allowPrivate: ["127.0.0.0/8"] },
      log: { level: "warn", format: "json" },
    };
    const file = this.place(`${role}.json`, toJson(configuration));
    const [program = "", ...words] = cliCommand("run", "--config", file);
    this.#child = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"] });
    const isReady = async () => {
      await meanwhile?.();
      return await fetch(`http://127.0.0.1:${port}/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    await eventually(`the ${role} serves`, isReady, 60_000);
  }

  /** Asks the keeper to end. @returns its exit code; undefined when it does not run */
  async stop(): Promise<number | undefined> {
    if (this.#child?.exitCode !== null) return undefined;
    this.#child.kill("SIGTERM");
    const [code] = (await once(this.#child, "exit")) as [number];
    return code;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
