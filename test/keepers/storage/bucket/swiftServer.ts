import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "../../../../keepers/runtime/http/freePort.ts";

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
  #children: ChildProcess[] = [];

  private constructor(url: string, directory: string) {
    this.url = url;
    this.#directory = directory;
  }

  /** With a bucket "rows". */
  static async start(): Promise<SwiftServer> {
    const directory = await mkdtemp(join(tmpdir(), "swift-"));
    await mkdir(join(directory, "node", "d1"), { recursive: true });
    const ports = await Promise.all(SERVERS.map(() => freePort("127.0.0.1")));
    await Promise.all(SERVERS.map((name, i) => writeServer(directory, name, ports[i]!)));
    await writeRings(directory, ports);
    const port = await freePort("127.0.0.1");
    await writeFile(join(directory, "proxy.conf"), proxySettings(directory, port));
    const server = new SwiftServer(`http://127.0.0.1:${port}`, directory);
    await server.restart();
    const client = server.client();
    for (let tries = 0; ; tries++) {
      try {
        await client.send(new CreateBucketCommand({ Bucket: "rows" }));
        break;
      } catch (error) {
        if (tries === 100) throw error;
        await setTimeout(200);
      }
    }
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

  async restart(): Promise<void> {
    this.#children = [...SERVERS, "proxy"].map((name) =>
      spawn(`swift-${name}-server`, [join(this.#directory, `${name}.conf`)], {
        stdio: ["ignore", "ignore", "ignore"],
      }),
    );
    const [killer, children] = [() => this.#signal(), this.#children];
    process.on("exit", killer);
    void Promise.all(children.map((child) => once(child, "exit"))).then(() => process.off("exit", killer));
    await this.#answers();
  }

  /** As a machine that loses power would. */
  async kill(): Promise<void> {
    const ended = this.#children.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit"));
    this.#signal();
    await Promise.all(ended);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #signal(): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }

  async #answers(): Promise<void> {
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`${this.url}/healthcheck`).catch(() => undefined);
      if (answer?.status === 200) return;
      if (tries === 300) throw new Error("Swift did not start");
      await setTimeout(100);
    }
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
pipeline = ${name}-server
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
