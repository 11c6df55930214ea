import { isCallException } from "ethers";
import { IBeacon__factory } from "../../../typechain-types/factories/core/interfaces/IBeacon__factory.js";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import type { ICommittees } from "../../../typechain-types/storage/interfaces/ICommittees.js";
import type { KeeperContext } from "../../runtime/context.ts";
import type { BlsSigner } from "../../runtime/keys/blsKey.ts";
import { pause } from "../../runtime/pause.ts";
import { ensureAllowance } from "./allowance.ts";
import { parameterOf, stepKey } from "./bonding.ts";
import { contractAddress } from "./committeeView.ts";

export type EntryNeeds = Pick<
  KeeperContext,
  "provider" | "deployment" | "signer" | "transactions" | "publicUrl" | "signal" | "logger"
>;

/** As in IBeacon.DrawState. */
const DRAW = { waiting: 1n, ready: 2n, fulfilled: 3n, expired: 4n } as const;
const POLL_MS = 250;

/**
 * One step of an operator on its way into a committee: asks for a draw, fulfils it, enters, or waits for what only time brings.
 * What the chain says decides which, so this may be cut off and repeated at any point. The operator is bonded and no member.
 */
export async function stepIn(context: EntryNeeds, committees: ICommittees, bls: BlsSigner): Promise<void> {
  const { provider, deployment, transactions, signal } = context;
  const operator = transactions.address;
  const draw = await committees.requestOf(operator);
  if (draw === 0n) return await requestEntry(context, committees, bls);
  const beacon = IBeacon__factory.connect(contractAddress(deployment, "Beacon"), provider);
  // The next block is where our transaction would stand.
  const { state } = await beacon.stateOf(draw, { blockTag: "pending" });
  if (state === DRAW.ready) {
    const to = await beacon.getAddress();
    const data = beacon.interface.encodeFunctionData("fulfil", [draw]);
    await transactions.send({ key: `storage/fulfil/${draw}`, to, data }, signal);
  } else if (state === DRAW.fulfilled && (await mayEnter(context, committees))) {
    await call(context, committees, `enter/${draw}`, "enter");
  } else if (state === DRAW.expired) {
    await call(context, committees, `lapse/${draw}`, "lapse");
  } else {
    await pause(POLL_MS, signal);
  }
}

async function requestEntry(context: EntryNeeds, committees: ICommittees, bls: BlsSigner): Promise<void> {
  const { provider, deployment, signer, transactions, publicUrl, signal } = context;
  const to = await committees.getAddress();
  const [fee, tip] = await Promise.all([
    parameterOf(context, "storage.entryFee"),
    parameterOf(context, "beacon.tip"),
  ]);
  const token = await IBonds__factory.connect(contractAddress(deployment, "Bonds"), provider).token();
  const allowance = { token, spender: to, amount: fee + tip, key: await stepKey(context, "approve-entry") };
  await ensureAllowance(provider, transactions, allowance, signal);
  const possession = bls.sign(await committees.possessionDigest(transactions.address, bls.key));
  const data = committees.interface.encodeFunctionData("requestEntry", [
    signer.address,
    bls.key,
    possession,
    publicUrl,
  ]);
  await transactions.send({ key: await stepKey(context, "request-entry"), to, data }, signal);
}

/** False while this epoch's moves of the drawn committee are used up: nothing but time helps. */
async function mayEnter({ transactions, logger }: EntryNeeds, committees: ICommittees): Promise<boolean> {
  try {
    await committees.enter.staticCall(transactions.address, { blockTag: "pending" });
    return true;
  } catch (error) {
    if (!isCallException(error) || error.revert?.name !== "Committees_ChurnExceeded") throw error;
    const [committee, , , next] = error.revert.args as unknown as bigint[];
    logger.info(
      { committee: Number(committee), epoch: Number(next) },
      "the committee has moved enough: entry waits for the next epoch",
    );
    return false;
  }
}

async function call(
  { transactions, signal }: EntryNeeds,
  committees: ICommittees,
  step: string,
  name: "enter" | "lapse",
): Promise<void> {
  const data = committees.interface.encodeFunctionData(name as "enter", [transactions.address]);
  await transactions.send({ key: `storage/${step}`, to: await committees.getAddress(), data }, signal);
}
