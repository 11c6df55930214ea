import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { keccak256 } from "ethers";
import { keeperSchema } from "../../../keepers/runtime/config/keeper.ts";
import { createContext, type RunningContext } from "../../../keepers/runtime/createContext.ts";
import type { MyceliaError } from "../../../keepers/runtime/errors.ts";
import { createMemoryBlsSigner } from "../../../keepers/runtime/keys/blsKey.ts";
import { createClosers } from "../../../keepers/runtime/lifecycle/closers.ts";
import { serveUntilAborted } from "../../../keepers/runtime/lifecycle/serve.ts";
import { createLogger } from "../../../keepers/runtime/logging/logger.ts";
import { startHardhat, type TestChain } from "./chains.ts";
import { type RedisServer, requireRedis, startRedis } from "./redisServer.ts";
import { eventually, temporaryDirectory } from "./temporary.ts";
import { deployToken, type MintingKey } from "./token.ts";

use(chaiAsPromised);

interface Box {
  readonly context: Promise<RunningContext>;
  readonly lines: string[];
  stop(): Promise<void>;
}

describe("keeper context on Redis", () => {
  let chain: TestChain;
  let redis: RedisServer;
  let minting: MintingKey;
  const boxes: Box[] = [];

  before(async function () {
    requireRedis(this);
    [chain, redis] = await Promise.all([startHardhat(), startRedis("--requirepass", "hunter2")]);
    minting = await deployToken(chain.provider);
  });
  after(async () => {
    await chain?.stop();
    await redis?.stop();
  });
  afterEach(async () => {
    for (const box of boxes.splice(0)) await box.stop();
  });

  /** One machine: its own data directory, the shared Redis. */
  async function startBox(name: string, password = "hunter2"): Promise<Box> {
    const root = temporaryDirectory();
    const deploymentFile = join(root, "deployment.json");
    const codeHash = keccak256(await chain.provider.getCode(minting.address));
    const MyceliaToken = {
      address: minting.address,
      codeHash,
      block: 0,
      transaction: codeHash,
      arguments: [],
    };
    const { chainId } = await chain.provider.getNetwork();
    await writeFile(
      deploymentFile,
      JSON.stringify({ chainId: Number(chainId), contracts: { MyceliaToken } }),
    );
    const passwordFile = join(root, "password");
    await writeFile(passwordFile, password, { mode: 0o600 });
    const settings = keeperSchema.parse({
      dataDir: root,
      chain: { rpcUrl: chain.url, deploymentFile, confirmations: 0, pollMs: 50 },
      key: { file: "none", passwordFile: "none" },
      redis: { url: redis.url, passwordFile },
    });
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const logger = createLogger({ name, format: "json", stream });
    const stop = new AbortController();
    const closers = createClosers();
    const { signer } = minting;
    const context = createContext({
      name,
      version: "1",
      settings,
      signer,
      openBlsSigner: async () => createMemoryBlsSigner(),
      logger,
      closers,
      signal: stop.signal,
    });
    context.catch(() => undefined);
    const box = {
      context,
      lines,
      async stop() {
        stop.abort(new Error("stop"));
        await context.catch(() => undefined);
        await closers.closeAll();
      },
    };
    boxes.push(box);
    return box;
  }

  it("a second box stands by, takes over with the state of the first, and sends nothing twice", async () => {
    const first = await startBox("pair");
    const leader = await first.context;
    await leader.store.put("a", new Uint8Array([7]));
    const job = minting.mintJob("pair/mint", 3n);
    const receipt = await leader.transactions.send(job);

    const second = await startBox("pair");
    await eventually("the second stands by", () => second.lines.some((line) => line.includes("standing by")));
    await first.stop();
    const successor = await second.context;
    expect([...((await successor.store.get("a")) ?? [])]).deep.equal([7]);
    expect((await successor.transactions.send(job)).hash).equal(receipt.hash);
    expect(await minting.token.totalSupply()).equal(3n);
  });

  it("keepers of other names share nothing", async () => {
    const one = await (await startBox("one")).context;
    const two = await (await startBox("two")).context;
    await one.store.put("a", new Uint8Array([1]));
    expect(await two.store.get("a")).equal(undefined);
  });

  it("a box that stands by stops when it is told to", async () => {
    await (await startBox("waiting")).context;
    const second = await startBox("waiting");
    await eventually("it stands by", () => second.lines.some((line) => line.includes("standing by")));
    await second.stop();
    await expect(second.context).rejectedWith("stop");
  });

  it("a keeper whose Redis has gone for too long ends, to be started again", async () => {
    const box = await startBox("orphan");
    const serving = serveUntilAborted(await box.context);
    await redis.kill();
    const error = (await serving.catch((caught: unknown) => caught)) as MyceliaError;
    expect(error).include({ code: "leases/lost", retry: true });
    await redis.restart();
  });

  it("a wrong password is said to be one, and not shown", async () => {
    const box = await startBox("wrong", "hunter3");
    const error = (await box.context.catch((caught: unknown) => caught)) as MyceliaError;
    expect(error).include({ code: "redis/refused", retry: false });
    expect(error.message + box.lines.join("")).not.match(/hunter/);
  });
});
