import type { IAbsence } from "../../../typechain-types/storage/interfaces/IAbsence.js";
import type { KeeperContext } from "../../runtime/context.ts";
import type { PresenceMetrics } from "./metrics.ts";

/** What the duty of presence stands on. */
export interface PresenceParts {
  readonly context: Pick<KeeperContext, "provider" | "deployment" | "transactions" | "logger" | "http">;
  readonly absence: IAbsence;
  readonly metrics: PresenceMetrics;
  /** Ends the duty. */
  readonly signal: AbortSignal;
}
