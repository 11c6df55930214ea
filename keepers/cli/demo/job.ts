import { hexlify } from "ethers";
import { createCodec } from "../../coding/codec.ts";
import { contractInterfaces } from "../contracts.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type Person } from "../person.ts";
import type { Output } from "../terminal/output.ts";
import { heldOutBatches } from "./digitsJob.ts";
import { gasByAction } from "./gasByAction.ts";
import { type PublishedModel, publishDigits } from "./modelJob.ts";
import { readHoldings, readSupply } from "./money.ts";
import { dismissCheat, killNodes, startCheat, startHonestProvider } from "./parts.ts";
import type { DemoResult, SessionRecord } from "./result.ts";
import {
  type BoughtAnswers,
  buyAnswers,
  clientOf,
  readAudits,
  readSettlement,
  readSlashes,
} from "./sessionJob.ts";
import { runStages, type Stage } from "./stages.ts";

export interface JobRequest {
  readonly dataDir: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What the stages learn, one after the other. */
interface Findings {
  startBlock: number;
  supplyBefore: bigint;
  model?: PublishedModel;
  nodesKilled: number;
  bought: BoughtAnswers[];
  sessions: SessionRecord[];
}

/** Handwritten digits in one request. */
const batchSize = 12;
/** Enough to be drawn and caught; a cheat is not paid for more. */
const cheatBatches = 6;

/** The job of the ground floor: store, lose nodes, serve, pay, audit, and catch a cheat. */
export async function runJob(request: JobRequest): Promise<DemoResult> {
  const { dataDir, output, signal } = request;
  const author = await openPerson(dataDir, requireNetwork(dataDir), { party: "author" });
  const user = await openPerson(dataDir, requireNetwork(dataDir), { party: "user" });
  try {
    const findings: Findings = {
      startBlock: await user.provider.getBlockNumber(),
      supplyBefore: await readSupply(user.provider, user.deployment),
      nodesKilled: 0,
      bought: [],
      sessions: [],
    };
    const stages = [
      ...storageStages(dataDir, author, findings, signal),
      ...computeStages(dataDir, user, findings, signal),
    ];
    const seconds = await runStages(stages, output);
    return await report(user, findings, seconds);
  } finally {
    await Promise.all([author.closers.closeAll(), user.closers.closeAll()]);
  }
}

function storageStages(dataDir: string, author: Person, findings: Findings, signal: AbortSignal): Stage[] {
  return [
    {
      name: "store",
      title: "Erasure-code the model over ten nodes, publish it",
      async run() {
        const codec = await createCodec({ threads: 0 });
        try {
          findings.model = await publishDigits(author, codec, signal);
        } finally {
          await codec.close();
        }
        const { state, slotsCovered, size } = findings.model.put;
        return `Model of ${size} bytes is ${state}: ${slotsCovered} of 256 slots on ten nodes`;
      },
    },
    {
      name: "kill",
      title: "Kill three nodes",
      async run() {
        findings.nodesKilled = await killNodes(dataDir);
        return `${findings.nodesKilled} nodes killed with SIGKILL`;
      },
    },
    {
      name: "provide",
      title: "Provider rebuilds the model from the other seven",
      async run() {
        await startHonestProvider(dataDir, modelId(findings), signal);
        return "Provider rebuilt the model from the other seven and offers it";
      },
    },
  ];
}

function modelId({ model }: Findings): string {
  if (model === undefined) throw new Error("the model is published first");
  return model.modelId;
}

function computeStages(dataDir: string, user: Person, findings: Findings, signal: AbortSignal): Stage[] {
  const client = clientOf(user, signal);
  const buy = async (count: number | undefined, say: (text: string) => void): Promise<BoughtAnswers> => {
    const batches = heldOutBatches(batchSize).slice(0, count);
    const key = `demo/${findings.startBlock}/${findings.bought.length}`;
    const bought = await buyAnswers(client, modelId(findings), batches, say, key);
    findings.bought.push(bought);
    return bought;
  };
  const settle = async (bought: BoughtAnswers): Promise<SessionRecord> => {
    const record = await readSettlement(user, bought.session, signal);
    findings.sessions.push(record);
    return record;
  };
  return [
    {
      name: "infer",
      title: "Classify handwritten digits, check every receipt",
      async run(say) {
        const { digits, right, receipts } = await buy(undefined, say);
        return `${right} of ${digits} digits right, ${receipts} receipts checked`;
      },
    },
    {
      name: "audit",
      title: "Draw receipts, re-run them, pay",
      async run() {
        const { verdict, toOperator, refunded } = await settle(findings.bought[0] as BoughtAnswers);
        return `Audit says ${verdict}: provider paid ${toOperator} wei, ${refunded} wei back to the user`;
      },
    },
    {
      name: "cheat",
      title: "A cheaper provider cheats",
      async run(say) {
        await startCheat(dataDir, modelId(findings), signal);
        const { digits, right } = await buy(cheatBatches, say);
        return `The cheat answered ${digits} digits, ${right} right, with valid receipts`;
      },
    },
    {
      name: "slash",
      title: "Catch it",
      async run() {
        const { verdict } = await settle(findings.bought[1] as BoughtAnswers);
        const [slash] = await readSlashes(user, findings.startBlock);
        await dismissCheat(dataDir);
        return `Audit says ${verdict}: the cheat lost ${slash?.cut ?? 0n} wei of bond`;
      },
    },
  ];
}

async function report(
  user: Person,
  findings: Findings,
  seconds: Record<string, number>,
): Promise<DemoResult> {
  const { provider, deployment } = user;
  const { bought, sessions, startBlock, supplyBefore, nodesKilled } = findings;
  const put = findings.model?.put;
  const head = await provider.getBlockNumber();
  const [supplyAfter, holdings, slashes, audits, gas] = await Promise.all([
    readSupply(provider, deployment),
    readHoldings(provider, deployment),
    readSlashes(user, startBlock),
    readAudits(user, startBlock),
    gasByAction(provider, deployment, contractInterfaces(), startBlock, head),
  ]);
  const [honest, cheat] = sessions;
  const checked = bought.reduce((sum, { receipts }) => sum + receipts, 0);
  const exact = holdings.every(({ balance, held }) => balance === held) && supplyBefore === supplyAfter;
  const accuracy = (bought[0]?.right ?? 0) / (bought[0]?.digits ?? 1);
  const ok =
    exact &&
    honest?.verdict === "honest" &&
    cheat?.verdict === "guilty" &&
    slashes.length === 1 &&
    accuracy >= 0.96;
  return {
    ok,
    accuracy,
    digits: bought[0]?.digits ?? 0,
    storage: {
      objectRoot: hexlify(put?.objectRoot ?? "0x"),
      size: put?.size ?? 0,
      state: put?.state ?? "none",
      slotsCovered: put?.slotsCovered ?? 0,
      nodes: 10,
      nodesKilled,
    },
    receipts: { issued: checked, checked },
    audits,
    sessions,
    slashes,
    money: { exact, supplyBefore, supplyAfter },
    gas,
    seconds,
  };
}
