import { createCipheriv, createHash } from "node:crypto";
import { aggregateSignatures } from "@chainsafe/blst";
import { getBytes, hexlify } from "ethers";
import { createCodec, type EncodedSegment, type Shape } from "../../../keepers/coding/codec.ts";
import { encodeSignature } from "../../../keepers/runtime/bls/points.ts";
import { type BatchLayout, layOut } from "../../../keepers/storage/format/batch.ts";
import { type Audited, deployAudits, MAX, MEMBERS, type Member, seatMember } from "./audited.ts";

/** A batch in the log, with all that it takes to open its rows. */
export interface Batch {
  readonly id: bigint;
  readonly firstUnit: bigint;
  readonly layout: BatchLayout;
  /** Its segments, coded. */
  readonly coded: readonly EncodedSegment[];
}

export interface Publication {
  readonly shape: Shape;
  readonly segments: number;
  readonly months: number;
  /** Members that sign. Without any there is no certificate. */
  readonly signers: readonly Member[];
}

/** Codes, publishes and certifies a batch of committee 0. */
export async function publish(world: Audited, publication: Publication): Promise<Batch> {
  const { log, members } = world;
  const coded = await codeSegments(publication);
  const layout = layOut(coded);
  const { units } = layout;
  const order = {
    root: hexlify(layout.root),
    committee: 0n,
    segments: coded.length,
    units,
    months: publication.months,
  };
  const id = await log.batchCount();
  if (publication.signers.length === 0) await log.append(order, MAX);
  else {
    const absent = members.filter((member) => !publication.signers.includes(member));
    await log.appendCertified(order, await certificateOf(world, order, absent), MAX);
  }
  const { firstUnit } = await log.spanOf(id);
  return { id, firstUnit, layout, coded };
}

async function codeSegments({ shape, segments }: Publication): Promise<EncodedSegment[]> {
  const codec = await createCodec({ threads: 0 });
  const coded: EncodedSegment[] = [];
  for (let i = 0; i < segments; i++)
    coded.push(await codec.encode(noise(shape.k * shape.rowSize, `segment ${i}`), shape));
  return coded;
}

/** Bytes that look random, the same in every run. */
function noise(length: number, label: string): Uint8Array {
  const key = createHash("sha256").update(label).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

interface Order {
  readonly root: string;
  readonly committee: bigint;
  readonly segments: number;
  readonly units: bigint;
}

/** What all members but some have signed together. */
export async function certificateOf(
  { committees, log, members }: Audited,
  { root, committee, segments, units }: Order,
  absent: readonly Member[],
) {
  const version = await committees.versionOf(committee);
  const digest = getBytes(await log.receiptDigest(committee, version, root, segments, units));
  const signers = members.filter((member) => !absent.includes(member));
  const signature = encodeSignature(aggregateSignatures(signers.map(({ secret }) => secret.sign(digest))));
  return { version, missing: seatsOf(absent), signature };
}

export const seatsOf = (members: readonly Member[]) =>
  members.reduce((seats, { seat }) => seats | (1n << BigInt(seat)), 0n);

/** Shape of small segments: two rows of two units in every slot, when there are as many parity rows. */
export const SHAPE = { k: 256, n: 256, rowSize: 128 };

/** A full committee, and a batch that all its members have signed, to be audited from the next epoch on. */
export async function deployWithBatch(ethers: Audited["ethers"], clock: { nextEpoch(): Promise<bigint> }) {
  const world = await deployAudits(ethers);
  for (let i = 0; i < MEMBERS; i++) await seatMember(world);
  await clock.nextEpoch();
  const batch = await publish(world, { shape: SHAPE, segments: 3, months: 1, signers: world.members });
  return { ...world, batches: [batch] };
}
