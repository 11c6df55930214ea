import { isLive } from "../chain/batches.ts";
import { nameOf } from "../format/names.ts";
import { rowsOf } from "../format/stripFormat.ts";
import { isLocated, type LocatedRow, type Location, locate, type SampleSources } from "./locate.ts";
import { SAMPLES, type Sample, sampleValue } from "./samples.ts";

/** What a node is asked for in one audit. */
export interface SampleRequest {
  readonly committee: number;
  /** From `nodeSeed`. */
  readonly seed: Uint8Array;
  readonly samples: readonly Sample[];
  /** When the epoch began, seconds: what had expired by then need not be held. */
  readonly epochStart: bigint;
}

export interface Gathered {
  /** By number of the sample; 32 zero bytes where there is nothing to show. */
  readonly values: readonly Uint8Array[];
  /** Numbers of samples that should be held and aren't, rising. */
  readonly missing: readonly number[];
  /** Where those are that it is known of. */
  readonly lost: readonly LocatedRow[];
  readonly rowsRead: number;
}

const NOTHING = new Uint8Array(32);

/**
 * Reads the rows of a node's samples and hashes them: one segment at a time, so that memory is bounded by a segment's strips
 * and requests are served in between. A row that is held is always shown, also where nothing would have to be: a certificate
 * that comes late then changes nothing.
 */
export async function gatherSamples(
  sources: SampleSources,
  request: SampleRequest,
  signal: AbortSignal,
): Promise<Gathered> {
  const values: Uint8Array[] = new Array(SAMPLES).fill(NOTHING);
  const missing: number[] = [];
  const lost: LocatedRow[] = [];
  let rowsRead = 0;
  for await (const group of bySegment(locate(sources, request.committee, request.samples))) {
    signal.throwIfAborted();
    const due = group.filter(({ batch }) => batch === undefined || isLive(batch, request.epochStart));
    const rows = await readRows(sources, due.filter(isLocated));
    for (const location of due) {
      const { number } = location.sample;
      const row = isLocated(location) ? rows.get(location.row) : undefined;
      if (row !== undefined) values[number] = sampleValue(request.seed, number, row);
      if (row !== undefined) rowsRead++;
      else if (mustBeHeld(location)) {
        missing.push(number);
        if (isLocated(location)) lost.push(location);
      }
    }
  }
  return { values, missing: missing.sort((a, b) => a - b), lost, rowsRead };
}

/** What no certificate covers need not be held. Of a batch that is unknown here nobody can say that. */
function mustBeHeld({ batch, sample }: Location): boolean {
  return batch === undefined || ((batch.covered >> BigInt(sample.slot)) & 1n) === 1n;
}

/** Runs of locations in the same segment, or nowhere. */
async function* bySegment(locations: AsyncIterable<Location>): AsyncGenerator<Location[]> {
  let run: Location[] = [];
  let current = "";
  for await (const location of locations) {
    const name = isLocated(location) ? nameOf(location.segment.commitment) : "";
    if (name !== current && run.length > 0) {
      yield run;
      run = [];
    }
    current = name;
    run.push(location);
  }
  if (run.length > 0) yield run;
}

/** Rows of one segment that are held and sound, by their indices. */
async function readRows(
  { segments }: Pick<SampleSources, "segments">,
  wanted: readonly LocatedRow[],
): Promise<Map<number, Uint8Array>> {
  const [first] = wanted;
  if (first === undefined) return new Map();
  const { commitment, shape } = first.segment;
  const strips = await segments.strips(commitment, [...new Set(wanted.map(({ strip }) => strip))]);
  return new Map(strips.flatMap((strip) => [...rowsOf(strip, shape)]));
}
