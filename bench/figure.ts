/** One measured figure; printed as it is by `npm run bench -- <subject> --json`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value should reach, in the same unit; null where nothing is promised. */
  readonly target: number | null;
  /** Whether the target is met. */
  readonly holds: boolean | null;
  /** The peer or limit, measured in the same run, that the ratio compares with. */
  readonly reference: string | null;
  /** value / the reference's value. */
  readonly ratio: number | null;
}

export interface FigureInput {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value should be at least this. */
  readonly atLeast?: number;
  /** The value should be at most this. */
  readonly atMost?: number;
  readonly reference?: { readonly name: string; readonly value: number };
}

export function figure({ name, value, unit, atLeast, atMost, reference }: FigureInput): Figure {
  const holds = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
  const target = atLeast ?? atMost ?? null;
  return {
    name,
    value: significant(value),
    unit,
    target: target === null ? null : significant(target),
    holds: target === null ? null : holds,
    reference: reference?.name ?? null,
    ratio: reference === undefined ? null : significant(value / reference.value),
  };
}

/** What a subject exports as `figures` from bench/<subject>/index.ts; `progress` says what is being measured. */
export type Figures = (progress: (step: string) => void) => AsyncIterable<Figure>;

function significant(value: number): number {
  return Number(value.toPrecision(4));
}
