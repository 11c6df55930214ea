import { randomBytes } from "node:crypto";
import { type Codec, chooseShape, type EncodedSegment } from "../../../keepers/coding/codec.ts";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import { HttpError } from "../../../keepers/runtime/http/errors.ts";
import { type CommitteeMember, createCommitteeView } from "../../../keepers/storage/chain/committeeView.ts";
import { elementsOf, stripOfSlot } from "../../../keepers/storage/format/placement.ts";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";

/** A segment of random bytes, coded as a client would. */
export async function randomSegment(codec: Codec, bytes = 8_192): Promise<EncodedSegment> {
  return await codec.encode(
    randomBytes(bytes),
    chooseShape(bytes, 1, { maxRowSize: 1024, parityPerOriginal: 1 }),
  );
}

/** The committee's entry of a node. */
export async function memberOf(node: KeeperContext): Promise<CommitteeMember> {
  const { members } = await createCommitteeView(node.provider, node.deployment).current();
  const found = members.find(({ signer }) => signer === node.signer.address);
  if (found === undefined) throw new Error(`${node.signer.address} is no member`);
  return found;
}

/** Strips of a segment that belong to a member, rising. */
export function stripsFor(member: CommitteeMember, commitment: Uint8Array): number[] {
  return elementsOf(member.slots)
    .map((slot) => stripOfSlot(slot, commitment))
    .sort((a, b) => a - b);
}

/** Status and problem code of a refused request. */
export async function refusalOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return "none";
  } catch (error) {
    if (error instanceof HttpError) return `${error.status} ${error.problem?.code}`;
    throw error;
  }
}

/** Points a member's entry on chain at another server. */
export async function pointAt(node: KeeperContext, url: string): Promise<void> {
  const to = node.deployment.contracts.Committees!.address;
  const data = ICommittees__factory.createInterface().encodeFunctionData("setEndpoint", [url]);
  await node.transactions.send({ key: `test/endpoint/${url}/${randomBytes(8).toString("hex")}`, to, data });
}
