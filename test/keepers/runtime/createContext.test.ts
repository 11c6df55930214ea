import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { keccak256, Wallet } from "ethers";
import type { Deployment } from "../../../keepers/runtime/chain/deployment.ts";
import { keeperSchema } from "../../../keepers/runtime/config/keeper.ts";
import {
  type ContextOptions,
  createContext,
  type RunningContext,
} from "../../../keepers/runtime/createContext.ts";
import { FatalError, type MyceliaError } from "../../../keepers/runtime/errors.ts";
import { createMemoryBlsSigner } from "../../../keepers/runtime/keys/blsKey.ts";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { createClosers } from "../../../keepers/runtime/lifecycle/closers.ts";
import { serveUntilAborted } from "../../../keepers/runtime/lifecycle/serve.ts";
import { createLogger } from "../../../keepers/runtime/logging/logger.ts";
import { startHardhat, type TestChain } from "./chains.ts";
import { eventually, temporaryDirectory } from "./temporary.ts";
import { deployToken, type MintingKey } from "./token.ts";

use(chaiAsPromised);

describe("keeper context", () => {
  const logger = createLogger({ name: "test", level: "silent" });
  let chain: TestChain;
  let minting: MintingKey;
  let deployment: Deployment;
  let root: string;
  const opened: { stop: AbortController; closers: ReturnType<typeof createClosers> }[] = [];

  before(async () => {
    chain = await startHardhat();
    minting = await deployToken(chain.provider);
  });
  after(() => chain.stop());

  beforeEach(async () => {
    root = temporaryDirectory();
    const code = await chain.provider.getCode(minting.address);
    const block = (await chain.provider.getBlockNumber()) + 1;
    const record = {
      address: minting.address,
      codeHash: keccak256(code),
      block,
      transaction: `0x${"00".repeat(32)}`,
    };
    deployment = {
      chainId: Number((await chain.provider.getNetwork()).chainId),
      contracts: { MyceliaToken: { ...record, arguments: [] } },
    };
  });
  afterEach(async () => {
    for (const { stop, closers } of opened.splice(0)) {
      stop.abort();
      await closers.closeAll();
    }
  });

  type Change = { name?: string; deployment?: Deployment; http?: object; rpcUrl?: string; redis?: object };

  async function optionsFor(change: Change = {}): Promise<ContextOptions & { stop: AbortController }> {
    const deploymentFile = join(root, "deployment.json");
    await writeFile(deploymentFile, JSON.stringify(change.deployment ?? deployment));
    const stop = new AbortController();
    const closers = createClosers();
    opened.push({ stop, closers });
    const settings = keeperSchema.parse({
      dataDir: join(root, "state"),
      chain: {
        rpcUrl: change.rpcUrl ?? chain.url,
        deploymentFile,
        confirmations: 0,
        finality: 16,
        pollMs: 50,
      },
      key: { file: "none", passwordFile: "none" },
      http: change.http ?? {},
      network: { allowPrivate: ["127.0.0.0/8"] },
    });
    const { signer } = minting;
    return {
      name: change.name ?? "node",
      version: "1.0.0",
      settings,
      signer,
      openBlsSigner: async () => createMemoryBlsSigner(),
      logger,
      closers,
      signal: stop.signal,
      stop,
    };
  }

  async function refusal(attempt: Promise<unknown>): Promise<string> {
    const error = (await attempt.then(
      () => undefined,
      (caught: unknown) => caught,
    )) as MyceliaError | undefined;
    return error?.code ?? "none";
  }

  const bodyOf = async (context: RunningContext, path: string): Promise<Record<string, unknown>> =>
    JSON.parse(Buffer.from((await context.http.request(context.publicUrl + path)).body).toString());

  it("wires a keeper that sends, follows, queues, stores, serves and stops", async () => {
    const options = await optionsFor();
    const context = await createContext(options);
    const seen: string[] = [];
    const following = context.follow(
      "mints",
      { addresses: [minting.address] },
      {
        apply: async (block) => void seen.push(...block.logs.map((log) => log.transactionHash)),
        undo: async () => undefined,
      },
    );
    context.server.get("/hello", async () => ({ hello: context.dataDir }));
    const serving = serveUntilAborted(context);

    const receipt = await context.transactions.send(minting.mintJob("mint/1", 5n));
    expect((await context.transactions.send(minting.mintJob("mint/1", 5n)).catch(() => receipt)).hash).equal(
      receipt.hash,
    );
    await eventually("the follower has seen the mint", () => seen.includes(receipt.hash));
    await eventually(
      "the keeper is ready",
      async () => (await context.server.inject("/ready")).statusCode === 200,
    );
    expect(await bodyOf(context, "/hello")).deep.equal({ hello: context.dataDir });
    expect(await bodyOf(context, "/status")).nested.property("keeper.address", minting.signer.address);
    expect((await context.server.inject("/metrics")).body).match(
      /followed_height_blocks\{follower="mints",keeper="node"\} \d+/,
    );

    const done = Promise.withResolvers<string>();
    const queue = context.queue<string>("work", { attempts: 1, backoffMs: 1, concurrency: 1 });
    await queue.add({ key: "a", data: "payload" });
    const working = queue.work(async (job) => done.resolve(job.data), context.signal);
    expect(await done.promise).equal("payload");
    expect((await context.leases.tryAcquire("lease", 1_000))?.fence).equal(1n);

    options.stop.abort();
    await Promise.all([serving, following, working]);
    await context.closers.closeAll();
    await expect(context.http.request(context.publicUrl)).rejected;
  });

  it("keeps its state by chain, deployment and name, and finds it again", async () => {
    const first = await createContext(await optionsFor());
    await first.store.put("a", new Uint8Array([1]));
    await first.closers.closeAll();
    const again = await createContext(await optionsFor());
    expect(again.dataDir).equal(first.dataDir);
    expect([...((await again.store.get("a")) ?? [])]).deep.equal([1]);
    const neighbour = await createContext(await optionsFor({ name: "other" }));
    expect(await neighbour.store.get("a")).equal(undefined);
    const token = await deployToken(chain.provider);
    const { MyceliaToken } = deployment.contracts;
    const moved = {
      ...deployment,
      contracts: { MyceliaToken: { ...MyceliaToken!, address: token.address } },
    };
    // The same code at another address is another deployment; its runtime code holds its own address nowhere.
    const code = keccak256(await chain.provider.getCode(token.address));
    moved.contracts.MyceliaToken = { ...moved.contracts.MyceliaToken, codeHash: code };
    const elsewhere = await createContext(await optionsFor({ deployment: moved }));
    expect(await elsewhere.store.get("a")).equal(undefined);
    expect(await readdir(join(root, "state"))).length(2);
  });

  it("lets no second process into its directory", async () => {
    const first = await createContext(await optionsFor());
    expect(await refusal(createContext(await optionsFor()))).equal("lifecycle/locked");
    await first.closers.closeAll();
    await createContext(await optionsFor());
  });

  it("refuses what can't be right, and leaves nothing open", async () => {
    const { MyceliaToken } = deployment.contracts;
    const with_ = (change: object) => ({
      ...deployment,
      contracts: { MyceliaToken: { ...MyceliaToken!, ...change } },
    });
    const cases: [Change, string][] = [
      [{ name: "../up" }, "keeper/bad-name"],
      [{ name: "" }, "keeper/bad-name"],
      [{ deployment: { ...deployment, chainId: 1 } }, "chain/different-chain"],
      [{ deployment: with_({ address: Wallet.createRandom().address }) }, "deployment/no-code"],
      [{ deployment: with_({ codeHash: `0x${"11".repeat(32)}` }) }, "deployment/other-code"],
      [{ deployment: with_({ address: "0x12" }) }, "deployment/malformed"],
      [{ rpcUrl: "http://127.0.0.1:1" }, "chain/unreachable"],
      [{ http: { host: "0.0.0.0" } }, "http/exposed"],
    ];
    for (const [change, code] of cases) {
      const options = await optionsFor(change);
      expect(await refusal(createContext(options)), JSON.stringify(change)).equal(code);
      await options.closers.closeAll();
    }
    await createContext(await optionsFor());
  });

  it("says so when its port is taken", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => squatter.once("listening", done));
    const { port } = squatter.address() as { port: number };
    const context = await createContext(await optionsFor({ http: { port } }));
    expect(await refusal(serveUntilAborted(context))).equal("http/address-in-use");
    await new Promise((done) => squatter.close(done));
  });

  it("tells others the public URL it was given, and answers for its host", async () => {
    const context = await createContext(
      await optionsFor({ http: { publicUrl: "https://keeper.example/a/" } }),
    );
    expect(context.publicUrl).equal("https://keeper.example/a");
    const ask = (host: string) => context.server.inject({ url: "/health", headers: { host } });
    expect((await ask("keeper.example")).statusCode).equal(200);
    expect((await ask("evil.example")).statusCode).equal(421);
  });

  it("ends with the error of a follower that can't go on", async () => {
    const context = await createContext(await optionsFor());
    const serving = serveUntilAborted(context);
    const following = context.follow(
      "broken",
      { addresses: [minting.address] },
      {
        apply: () => Promise.reject(new FatalError("test/broken", "no")),
        undo: async () => undefined,
      },
    );
    following.catch(() => undefined);
    await context.transactions.send(minting.mintJob("mint/broken", 1n));
    expect(await refusal(serving)).equal("test/broken");
    expect(await refusal(following)).equal("test/broken");
    expect((await context.server.inject("/ready").catch(() => ({ statusCode: 503 }))).statusCode).equal(503);
  });

  it("gives each follower a name of its own", async () => {
    const context = await createContext(await optionsFor());
    const handler = { apply: async () => undefined, undo: async () => undefined };
    const first = context.follow("same", { addresses: [minting.address] }, handler);
    expect(await refusal(context.follow("same", { addresses: [minting.address] }, handler))).equal(
      "chain/follower-exists",
    );
    await context.closers.closeAll();
    await first;
  });

  it("signs with the key it was given and no other", async () => {
    const options = { ...(await optionsFor()), signer: createMemorySigner() };
    const context = await createContext(options);
    expect(context.transactions.address).equal(options.signer.address);
    expect(context.signer).equal(options.signer);
  });
});
