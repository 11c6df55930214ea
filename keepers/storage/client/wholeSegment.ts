import type { Codec, Shape } from "../../coding/codec.ts";
import { merklePath, nodeOf } from "../../coding/merkle.ts";
import { concatBytes, sameBytes } from "../../runtime/platform/bytes.ts";
import { giveWay } from "../../runtime/platform/turns.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { BatchSegment } from "../format/batch.ts";
import { SLOTS } from "../format/limits.ts";
import { originalStrips } from "../format/placement.ts";
import { checkStrip, rowsOf, type Strip } from "../format/stripFormat.ts";
import type { OpenedSegment, WholeSegment } from "./segmentShelf.ts";
import { fetchStrips, type StripFetchNeeds } from "./stripFetch.ts";

export type WholeNeeds = StripFetchNeeds & { readonly codec: Codec };

type Strips = ReadonlyMap<number, Strip>;

/**
 * All bytes of a segment. Strips are taken as they come: where what they rebuild codes to the segment's row root again their
 * rows were right, all of them, and their paths are compared with those of that tree. Else each is checked by itself, who
 * sent a wrong one is blamed, and others bring theirs.
 * @throws RetryableError storage/too-few-rows
 */
export async function readWhole(
  needs: WholeNeeds,
  segment: BatchSegment,
  opened: OpenedSegment,
): Promise<WholeSegment> {
  const senders = new Map<number, CommitteeMember>();
  const note = ({ number }: Strip, member: CommitteeMember) => void senders.set(number, member);
  const strips = await fetchStrips(needs, segment, note, opened.strips);
  const whole = await rebuild(needs, segment, opened, strips);
  if (whole.consistent && whole.provesAll) return whole;
  const right = await rightOnes(needs, segment, opened, { strips, senders });
  // All are right, and still no codeword: the writer's own doing.
  if (right.size === strips.size) return whole;
  const { head, checker } = opened;
  const rowChecker = await checker();
  const check = (strip: Strip) => checkStrip(strip, segment.shape, head.rowRoot, rowChecker);
  return await rebuild(needs, segment, opened, await fetchStrips(needs, segment, check, right));
}

/** @returns also whether all paths are right, which nobody knows of a segment that is not consistent */
async function rebuild(
  { codec, ledger, signal }: WholeNeeds,
  { commitment, shape }: BatchSegment,
  { head }: OpenedSegment,
  strips: Strips,
): Promise<WholeSegment & { readonly provesAll: boolean }> {
  const originals = originalsOf(strips, shape);
  if (originals === undefined) ledger.rebuilt(commitment);
  const data = originals ?? (await codec.rebuild(shape, allRows(strips, shape), signal));
  const tree = await codec.rowTree(data, shape, SLOTS, signal);
  const consistent = sameBytes(nodeOf(tree, 1), head.rowRoot);
  const isRight = ({ number, path }: Strip) => sameBytes(merklePath(tree, number), path);
  return { data, consistent, provesAll: [...strips.values()].every(isRight) };
}

/** Those strips that belong to the commitment, of which some were checked before; whoever sent another one is blamed. */
async function rightOnes(
  { ledger, signal }: WholeNeeds,
  { commitment, shape }: BatchSegment,
  { head, checker }: OpenedSegment,
  { strips, senders }: { strips: Strips; senders: ReadonlyMap<number, CommitteeMember> },
): Promise<Map<number, Strip>> {
  const right = new Map<number, Strip>();
  const rowChecker = await checker();
  for (const [number, strip] of strips) {
    const sender = senders.get(number);
    try {
      if (sender !== undefined) checkStrip(strip, shape, head.rowRoot, rowChecker);
      right.set(number, strip);
    } catch (error) {
      ledger.failed(sender!, commitment, error);
    }
    await giveWay(signal);
  }
  return right;
}

/** The originals, where none is missing. */
function originalsOf(strips: Strips, shape: Shape): Uint8Array | undefined {
  const originals: Uint8Array[] = [];
  for (let number = 0; number < originalStrips(shape); number++) {
    const strip = strips.get(number);
    if (strip === undefined) return undefined;
    originals.push(strip.rows);
  }
  return concatBytes(originals);
}

function allRows(strips: Strips, shape: Shape): Map<number, Uint8Array> {
  return new Map([...strips.values()].flatMap((strip) => [...rowsOf(strip, shape)]));
}
