// Names for the numbers of the contracts' enums.

export const TIER = { exact: 0, tolerance: 1, text: 2 } as const;
export type TierName = keyof typeof TIER;

export const SESSION = { none: 0, open: 1, closing: 2, closed: 3 } as const;
export const CLAIM = { none: 0, auditing: 1, free: 2, settled: 3, void: 4 } as const;
export const STAGE = {
  none: 0,
  drawing: 1,
  opening: 2,
  committing: 3,
  unsealing: 4,
  revealing: 5,
  concluded: 6,
} as const;
export const VERDICT = { none: 0, honest: 1, guilty: 2, inconclusive: 3, expired: 4 } as const;
export const DRAW = { none: 0, waiting: 1, ready: 2, fulfilled: 3, expired: 4 } as const;

export function tierName(tier: number): TierName {
  return (["exact", "tolerance", "text"] as const)[tier] ?? "exact";
}
