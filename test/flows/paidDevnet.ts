import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hexlify, type JsonRpcProvider } from "ethers";
import { castParts } from "../../keepers/cli/devnet/cast.ts";
import { bringDown } from "../../keepers/cli/devnet/down.ts";
import { fundParties } from "../../keepers/cli/devnet/funding.ts";
import { openPayer } from "../../keepers/cli/devnet/payer.ts";
import { waitForKeeper } from "../../keepers/cli/devnet/ready.ts";
import { requireNetwork, writeNetwork } from "../../keepers/cli/devnet/state.ts";
import { bringUp, startPart } from "../../keepers/cli/devnet/up.ts";
import { openPerson } from "../../keepers/cli/person.ts";
import { createOutput } from "../../keepers/cli/terminal/output.ts";
import { createCodec } from "../../keepers/coding/codec.ts";
import type { Deployment } from "../../keepers/runtime/chain/deployment.ts";
import { readDeployment } from "../../keepers/runtime/chain/deploymentFile.ts";
import { createProvider } from "../../keepers/runtime/chain/provider.ts";
import { ensureCredit } from "../../keepers/storage/chain/credit.ts";
import { createStorageClient } from "../../keepers/storage/client.ts";

/** As many as a committee needs for all its slots. */
const NODES = 8;
const READY_MS = 60_000;
const CREDIT_BYTES = 512 * 1024 ** 2;

/** Nodes that lend nothing and send nothing for nothing, and look every moment at what they can claim. */
const settings = {
  openReads: "nobody",
  creditBytesPerSigner: 0,
  readClaims: { pollMs: 100, claimAtLeast: "1" },
  drop: { enabled: false },
};

/** A devnet whose nodes want to be paid by whoever has not bonded. */
export class PaidDevnet {
  readonly dataDir: string;
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;

  private constructor(dataDir: string, provider: JsonRpcProvider, deployment: Deployment) {
    this.dataDir = dataDir;
    this.provider = provider;
    this.deployment = deployment;
  }

  static async start(): Promise<PaidDevnet> {
    const dataDir = mkdtempSync(join(tmpdir(), "mycelia-paid-"));
    await bringUp({ dataDir, output: createOutput(true), cast: { storage: 0, verifiers: 0, kv: 0 } });
    const parts = castParts({ storage: NODES, verifiers: 0, kv: 0 }).filter(({ role }) => role === "storage");
    const payer = await openPayer(dataDir, requireNetwork(dataDir), undefined);
    await fundParties(dataDir, requireNetwork(dataDir), payer.wallet, parts).finally(payer.close);
    for (const part of parts)
      writeNetwork(dataDir, await startPart(dataDir, requireNetwork(dataDir), part, { settings }));
    const { signal } = new AbortController();
    const nodes = requireNetwork(dataDir).processes.filter(({ role }) => role === "storage");
    await Promise.all(nodes.map((node) => waitForKeeper(node, READY_MS, signal)));
    const { rpcUrl, deployment } = requireNetwork(dataDir);
    return new PaidDevnet(dataDir, await createProvider(rpcUrl), await readDeployment(deployment));
  }

  /** Stores bytes as the author, who has bonded and so reads some for nothing; the object root, 0x-hex. */
  async store(bytes: Uint8Array): Promise<string> {
    const author = await openPerson(this.dataDir, requireNetwork(this.dataDir), { party: "author" });
    const codec = await createCodec({ threads: 0 });
    try {
      await ensureCredit(author, CREDIT_BYTES);
      const { objectRoot } = await createStorageClient({ ...author, codec }).put(bytes);
      return hexlify(objectRoot);
    } finally {
      await codec.close();
      await author.closers.closeAll();
    }
  }

  /** Lets the chain's time go by. @param until seconds */
  async passTo(until: number): Promise<void> {
    await this.provider.send("evm_setNextBlockTimestamp", [`0x${until.toString(16)}`]);
    await this.provider.send("anvil_mine", ["0x1"]);
  }

  async remove(): Promise<void> {
    this.provider.destroy();
    await bringDown(this.dataDir, true);
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
