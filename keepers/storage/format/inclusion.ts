import { AbiCoder, getAddress, getBytes, hexlify, isAddress, isHexString, keccak256 } from "ethers";
import * as z from "zod";
import { MountainRange } from "../../coding/mountainRange.ts";
import { FatalError } from "../../runtime/errors.ts";
import { type BatchSegment, MAX_BATCH_SEGMENTS, segmentLeaf } from "./batch.ts";
import { HASH_BYTES } from "./limits.ts";
import { shapeFault } from "./shapeRules.ts";

/** An entry of the log, all that its leaf is made of. */
export interface LogEntry {
  /** 0x-hex. */
  readonly root: string;
  /** Number of the committee that holds it. */
  readonly committee: number;
  readonly segments: number;
  readonly firstUnit: bigint;
  readonly units: bigint;
  /** Seconds; 0 = never. */
  readonly expiry: bigint;
  readonly owner: string;
  /** Seconds. */
  readonly timestamp: bigint;
}

/** The log as it stood with so many entries. */
export interface LogHead {
  readonly count: number;
  /** 0x-hex. */
  readonly root: string;
}

/** Where an entry stands in the log. */
export interface LogProof extends LogHead {
  readonly id: bigint;
  readonly entry: LogEntry;
  /** RFC 9162 path, bottom to top. */
  readonly path: readonly Uint8Array[];
}

/** That a segment is in a batch, and the batch in the log: what a writer keeps. */
export interface InclusionProof {
  readonly segment: BatchSegment;
  /** Place of the segment in its batch. */
  readonly index: number;
  /** Units of the segments before it. */
  readonly start: bigint;
  /** RFC 9162 path of the segment's leaf, bottom to top. */
  readonly path: readonly Uint8Array[];
  readonly log: LogProof;
}

const ENTRY_TYPES = ["bytes32", "uint16", "uint32", "uint64", "uint64", "uint40", "address", "uint40"];
const MAX_PATH = 64;

/** Leaf data of an entry: keccak256(abi.encode(batch)), as IStorageLog.batchHash. */
export function entryHash(entry: LogEntry): Uint8Array {
  const { root, committee, segments, firstUnit, units, expiry, owner, timestamp } = entry;
  const values = [root, committee, segments, firstUnit, units, expiry, owner, timestamp];
  return getBytes(keccak256(AbiCoder.defaultAbiCoder().encode(ENTRY_TYPES, values)));
}

/**
 * Checks a proof against the log as it stood with `head.count` entries; take that from the log, not from the proof.
 * @throws FatalError storage/wrong-proof saying what does not hold
 */
export function checkInclusion({ segment, index, start, path, log }: InclusionProof, head: LogHead): void {
  if (log.count !== head.count || log.root !== head.root)
    throw wrong(`it is for the log with ${log.count} entries and root ${log.root}`);
  const { entry } = log;
  const leaf = segmentLeaf(segment, start);
  if (!MountainRange.verify(leaf, index, entry.segments, getBytes(entry.root), path))
    throw wrong(`its path does not lead from the segment to the root of batch ${log.id}`);
  if (!MountainRange.verify(entryHash(entry), Number(log.id), log.count, getBytes(log.root), log.path))
    throw wrong(`its path does not lead from batch ${log.id} to the root of the log`);
}

/** JSON form: byte strings in 0x-hex, numbers above 2^53 in decimal. */
export function inclusionToJson({ segment, index, start, path, log }: InclusionProof): object {
  const { id, entry } = log;
  const texts = { firstUnit: `${entry.firstUnit}`, units: `${entry.units}` };
  const times = { expiry: Number(entry.expiry), timestamp: Number(entry.timestamp) };
  return {
    segment: { commitment: hexlify(segment.commitment), ...segment.shape },
    ...{ index, start: `${start}`, path: path.map((hash) => hexlify(hash)) },
    log: {
      ...{ id: `${id}`, count: log.count, root: log.root, path: log.path.map((hash) => hexlify(hash)) },
      entry: { ...entry, ...texts, ...times },
    },
  };
}

const hash = z.string().refine((text) => isHexString(text, HASH_BYTES));
const path = z.array(hash.transform((text) => getBytes(text))).max(MAX_PATH);
const u64 = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);
const u40 = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 40 - 1)
  .transform(BigInt);
const u32 = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 32 - 1);
const entry = z.strictObject({
  root: hash,
  committee: u32.max(2 ** 16 - 1),
  segments: u32.min(1).max(MAX_BATCH_SEGMENTS),
  ...{ firstUnit: u64, units: u64, expiry: u40, timestamp: u40 },
  owner: z
    .string()
    .refine((text) => isAddress(text))
    .transform(getAddress),
});
const inclusion = z.strictObject({
  segment: z.strictObject({ commitment: hash, k: u32, n: u32, rowSize: u32 }),
  ...{ index: u32, start: u64, path },
  log: z.strictObject({ id: u64, count: z.number().int().positive(), root: hash, path, entry }),
});

/** Reads the JSON form; the proof is not checked. @throws FatalError storage/bad-proof */
export function parseInclusion(data: unknown): InclusionProof {
  const parsed = inclusion.safeParse(data);
  if (!parsed.success) throw bad(z.prettifyError(parsed.error).slice(0, 400));
  const { segment, ...rest } = parsed.data;
  const { commitment, ...shape } = segment;
  const fault = shapeFault(shape);
  if (fault !== undefined) throw bad(fault);
  return { ...rest, segment: { commitment: getBytes(commitment), shape } };
}

function bad(reason: string): FatalError {
  return new FatalError("storage/bad-proof", `not a proof of inclusion: ${reason}`, { reason });
}

function wrong(reason: string): FatalError {
  return new FatalError("storage/wrong-proof", `the proof does not hold: ${reason}`, { reason });
}
