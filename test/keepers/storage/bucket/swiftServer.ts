import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort, kill } from "../network.ts";

const SERVERS = ["account", "container", "object"] as const;
const PACKAGES = "swift-proxy swift-account swift-container swift-object";
export const SWIFT_KEY = { accessKeyId: "rows:node", secretAccessKey: "secret-of-the-rows" };

function hasSwift(): boolean {
  return spawnSync("swift-proxy-server", ["--version"]).error === undefined;
}

/**
 * Makes a suite's tests skip, saying so, where OpenStack Swift is not installed; in CI they fail instead.
 * Call it first in `before`.
 */
export function requireSwift(context: Mocha.Context): void {
  if (hasSwift()) return;
  const word = `OpenStack Swift is not installed: apt-get install --no-install-recommends ${PACKAGES}`;
  if (process.env.CI === "true") throw new Error(word);
  console.log(`      skipped: ${word}`);
  context.skip();
}

/** OpenStack Swift on loopback, which speaks S3: its four servers as processes, its files in a directory of its own. */
export class SwiftServer {
  readonly url: string;
  readonly #directory: string;
  readonly #children: ChildProcess[] = [];

  private constructor(url: string, directory: string) {
    this.url = url;
    this.#directory = directory;
  }

  /** With a bucket "rows". */
  static async start(): Promise<SwiftServer> {
    const directory = await mkdtemp(join(tmpdir(), "swift-"));
    await mkdir(join(directory, "node", "d1"), { recursive: true });
    const ports = await Promise.all(SERVERS.map(() => freePort()));
    await Promise.all(SERVERS.map((name, i) => writeServer(directory, name, ports[i]!)));
    await writeRings(directory, ports);
    const port = await freePort();
    await writeFile(join(directory, "proxy.conf"), proxySettings(directory, port));
    const server = new SwiftServer(`http://127.0.0.1:${port}`, directory);
    // The proxy comes last: servers that it does not find it leaves alone for a while.
    await Promise.all(SERVERS.map((name, i) => server.#launch(name, ports[i]!)));
    await server.#launch("proxy", port);
    const client = server.client();
    await client.send(new CreateBucketCommand({ Bucket: "rows" }));
    client.destroy();
    return server;
  }

  /** The SDK's own client, as the tests' other hand. */
  client(): S3Client {
    return new S3Client({
      ...{ endpoint: this.url, forcePathStyle: true, region: "us-east-1" },
      // A copy: the SDK writes into it.
      credentials: { ...SWIFT_KEY },
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map(kill));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #launch(name: string, port: number): Promise<void> {
    const child = spawn(`swift-${name}-server`, [join(this.#directory, `${name}.conf`)], { stdio: "ignore" });
    this.#children.push(child);
    const killer = () => child.kill("SIGKILL");
    process.on("exit", killer);
    child.once("exit", () => process.off("exit", killer));
    for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/healthcheck`).catch(() => undefined);
      if (answer?.status === 200) return;
      await setTimeout(100);
    }
    throw new Error(`Swift's ${name} server did not start`);
  }
}

async function writeServer(directory: string, name: (typeof SERVERS)[number], port: number): Promise<void> {
  const settings = `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${userInfo().username}
workers = 0
mount_check = false
devices = ${directory}/node
swift_dir = ${directory}
[pipeline:main]
pipeline = healthcheck ${name}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:${name}-server]
use = egg:swift#${name}
replication_server = false
`;
  await writeFile(join(directory, `${name}.conf`), settings);
}

/** What says which server has what: here one of a kind has all. */
async function writeRings(directory: string, ports: readonly number[]): Promise<void> {
  const script = `import sys
from swift.common.ring import RingBuilder
for name, port in zip(${JSON.stringify(SERVERS)}, sys.argv[2:]):
    ring = RingBuilder(1, 1, 0)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1})
    ring.rebalance()
    ring.get_ring().save(sys.argv[1] + "/" + name + ".ring.gz")
`;
  const child = spawn("/usr/bin/python3", ["-c", script, directory, ...ports.map(String)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(`Swift's rings were not made (${code})`);
}

function proxySettings(directory: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${userInfo().username}
workers = 0
swift_dir = ${directory}
[pipeline:main]
pipeline = catch_errors healthcheck cache s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
error_suppression_limit = 1000000
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_rows_node = ${SWIFT_KEY.secretAccessKey} .admin
`;
}
