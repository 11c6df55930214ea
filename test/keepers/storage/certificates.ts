import { aggregateSignatures } from "@chainsafe/blst";
import { MaxUint256 } from "ethers";
import { decodeSignature, encodeSignature } from "../../../keepers/runtime/bls/points.ts";
import type { KeeperContext } from "../../../keepers/runtime/context.ts";
import { createCommitteeView } from "../../../keepers/storage/chain/committeeView.ts";
import type { BatchLayout } from "../../../keepers/storage/format/batch.ts";
import { batchDigest } from "../../../keepers/storage/format/batchReceipts.ts";
import { MyceliaToken__factory } from "../../../typechain-types/factories/core/MyceliaToken__factory.js";
import { ICommittees__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittees__factory.js";
import { IStorageLog__factory } from "../../../typechain-types/factories/storage/interfaces/IStorageLog__factory.js";
import type { StorageNetwork } from "./network.ts";

/** Appends a batch as its owner; the id that it has got. The owner must be funded. */
export async function append(network: StorageNetwork, owner: number, layout: BatchLayout): Promise<bigint> {
  const wallet = network.wallet(owner);
  const log = IStorageLog__factory.connect(network.address("StorageLog"), wallet);
  const token = MyceliaToken__factory.connect(network.address("MyceliaToken"), wallet);
  await (await token.approve(await log.getAddress(), MaxUint256)).wait();
  const { root, units, segments } = layout;
  const order = { root, committee: 0, segments: segments.length, units, months: 0 };
  const [id] = await log.append.staticCall(order, MaxUint256);
  await (await log.append(order, MaxUint256)).wait();
  return id;
}

/** Certifies a batch with what these members' keys sign, whether they hold anything or not; the slots that they own. */
export async function certify(
  network: StorageNetwork,
  id: bigint,
  layout: BatchLayout,
  signers: readonly KeeperContext[],
): Promise<bigint> {
  const { chain, deployment } = network;
  const { version, members } = await createCommitteeView(chain.provider, deployment).current();
  const scope = { chainId: deployment.chainId, log: network.address("StorageLog") };
  const digest = batchDigest(scope, { committee: 0, version }, layout);
  const committees = ICommittees__factory.connect(network.address("Committees"), chain.provider);
  let missing = await committees.seats(0);
  let slots = 0n;
  const signatures = await Promise.all(
    signers.map(async ({ signer, openBlsSigner }) => {
      const member = members.find((one) => one.signer === signer.address)!;
      missing &= ~(1n << BigInt(member.number));
      slots |= member.slots;
      return decodeSignature((await openBlsSigner()).sign(digest));
    }),
  );
  const certificate = { version, missing, signature: encodeSignature(aggregateSignatures(signatures)) };
  const log = IStorageLog__factory.connect(network.address("StorageLog"), network.wallet(0));
  await (await log.certify(id, certificate)).wait();
  return slots;
}
