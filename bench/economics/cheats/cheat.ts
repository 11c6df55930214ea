/** What a cheat is worth to whoever does it; both sides in the same unit. */
export interface Cheat {
  readonly role: "node" | "publisher" | "client" | "challenger";
  readonly name: string;
  readonly gain: number;
  /** Expected. */
  readonly loss: number;
  readonly unit: string;
  /** Values of what decides, at which gain and loss are equal; none where no value makes the cheat pay. */
  readonly breakEven: readonly BreakEven[];
}

export interface BreakEven {
  readonly of: string;
  readonly value: number;
  readonly unit: string;
}
