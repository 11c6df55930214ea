import { keccak256, toUtf8Bytes } from "ethers";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import type { ICommittees } from "../../../typechain-types/storage/interfaces/ICommittees.js";
import type { KeeperContext } from "../../runtime/context.ts";
import { FatalError } from "../../runtime/errors.ts";
import type { BlsSigner } from "../../runtime/keys/blsKey.ts";
import { ensureBond, stepKey } from "./bonding.ts";
import { contractAddress } from "./committeeView.ts";
import { type EntryNeeds, stepIn } from "./entry.ts";
import { type Place, seatIn } from "./seats.ts";

export type MembershipNeeds = EntryNeeds & Pick<KeeperContext, "openBlsSigner">;

/**
 * Makes the operator (the key that sends transactions) a member of a committee with `context.signer` as the key that signs receipts
 * and its BLS key for certificates: bonds what is missing, asks for a draw, waits for it and enters; or corrects the endpoint. What
 * the chain says already is not said again, so this may be cut off and repeated at any point.
 * @throws FatalError storage/wrong-signer, storage/wrong-bls-key when the operator is a member with another key
 */
export async function ensureMember(context: MembershipNeeds): Promise<Place> {
  const { provider, deployment, transactions, openBlsSigner, signal } = context;
  const operator = transactions.address;
  const bls = await openBlsSigner();
  const committees = ICommittees__factory.connect(contractAddress(deployment, "Committees"), provider);
  await ensureBond(context, await committees.slasher());
  for (;;) {
    signal.throwIfAborted();
    const place = await seatIn(committees, operator);
    if (place.seat !== 0) {
      await correct(context, committees, place, bls);
      return place;
    }
    await stepIn(context, committees, bls);
  }
}

async function correct(
  context: MembershipNeeds,
  committees: ICommittees,
  { committee, seat }: Place,
  bls: BlsSigner,
): Promise<void> {
  const { signer, transactions, publicUrl, signal } = context;
  const { endpoint, signer: known } = await committees.memberAt(committee, seat);
  if (known !== signer.address) throw wrongSigner(transactions.address, known, signer.address);
  const key = await committees.keyAt(committee, seat);
  if (key.x0 !== bls.key.x0 || key.x1 !== bls.key.x1) throw wrongBlsKey(transactions.address);
  if (endpoint === publicUrl) return;
  const data = committees.interface.encodeFunctionData("setEndpoint", [publicUrl]);
  const subject = `endpoint/${keccak256(toUtf8Bytes(publicUrl))}`;
  const to = await committees.getAddress();
  await transactions.send({ key: await stepKey(context, subject), to, data }, signal);
}

function wrongSigner(operator: string, known: string, found: string): FatalError {
  return new FatalError(
    "storage/wrong-signer",
    `operator ${operator} entered its committee with the signing key ${known}, this node has ${found}; use that key, or resign and enter anew`,
    { operator, known, found },
  );
}

function wrongBlsKey(operator: string): FatalError {
  return new FatalError(
    "storage/wrong-bls-key",
    `operator ${operator} entered its committee with another BLS key than this node has; restore its .bls file, or resign and enter anew`,
    { operator },
  );
}
