import type { KeeperContext } from "../../runtime/context.ts";
import type { Alarm } from "../../runtime/duties/alarm.ts";
import type { ComputeContracts } from "../contracts.ts";
import type { Draws } from "../draws.ts";
import type { Journals } from "../journals.ts";
import type { ModelShelf } from "../modelShelf.ts";
import type { Market } from "../receipts.ts";
import type { Turns } from "../turns.ts";
import type { EvidenceRoom } from "./evidence.ts";
import type { ProviderMetrics } from "./metrics.ts";
import type { ProviderSettings } from "./options.ts";
import type { SessionBook } from "./sessionBook.ts";
import type { VoucherBox } from "./voucherBox.ts";

/** What the duties of one provider share; wired in provider.ts. */
export interface ProviderParts {
  readonly context: KeeperContext;
  readonly contracts: ComputeContracts;
  readonly market: Market;
  readonly settings: ProviderSettings;
  readonly shelf: ModelShelf;
  readonly sessions: SessionBook;
  readonly journals: Journals;
  readonly vouchers: VoucherBox;
  readonly evidence: EvidenceRoom;
  readonly draws: Draws;
  /** One turn a session: answers and vouchers of a session never overlap. */
  readonly turns: Turns;
  readonly alarm: Alarm;
  readonly metrics: ProviderMetrics;
}
