import type { ActionGas } from "./gasByAction.ts";

/** One slash, as Bonds recorded it; amounts in wei. */
export interface SlashRecord {
  readonly operator: string;
  readonly cut: bigint;
  readonly toVictim: bigint;
  readonly toReporters: bigint;
  readonly toTreasury: bigint;
}

/** What became of one paid session; amounts in wei. */
export interface SessionRecord {
  readonly session: string;
  readonly operator: string;
  readonly verdict: "honest" | "guilty";
  readonly prepaid: bigint;
  readonly claimed: bigint;
  readonly toOperator: bigint;
  readonly toVerifiers: bigint;
  readonly toTreasury: bigint;
  /** Tip for whoever fulfilled the draw. */
  readonly toBeacon: bigint;
  /** Back on the user's balance. */
  readonly refunded: bigint;
}

/** What the job did, as `mycelia demo --json` prints it. */
export interface DemoResult {
  readonly ok: boolean;
  /** Share of the classified digits that were right. */
  readonly accuracy: number;
  readonly digits: number;
  readonly storage: {
    readonly objectRoot: string;
    readonly size: number;
    readonly state: string;
    readonly slotsCovered: number;
    readonly nodes: number;
    readonly nodesKilled: number;
  };
  readonly receipts: { readonly issued: number; readonly checked: number };
  readonly audits: { readonly concluded: number; readonly receiptsRerun: number };
  readonly sessions: readonly SessionRecord[];
  readonly slashes: readonly SlashRecord[];
  readonly money: {
    /** Every contract that holds money holds exactly what it owes. */
    readonly exact: boolean;
    /** Supply before and after, wei. */
    readonly supplyBefore: bigint;
    readonly supplyAfter: bigint;
  };
  readonly gas: readonly ActionGas[];
  /** Seconds by stage. */
  readonly seconds: Readonly<Record<string, number>>;
}
