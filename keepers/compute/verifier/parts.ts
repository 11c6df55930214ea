import type { KeeperContext } from "../../runtime/context.ts";
import type { Alarm } from "../../runtime/duties/alarm.ts";
import type { SignedClient } from "../../runtime/http/signedClient.ts";
import type { ComputeContracts } from "../contracts.ts";
import type { ModelShelf } from "../modelShelf.ts";
import type { AuditBook } from "./auditBook.ts";
import type { VerifierMetrics } from "./metrics.ts";
import type { VerifierSettings } from "./options.ts";

/** What the duties of one verifier share; wired in verifier.ts. */
export interface VerifierParts {
  readonly context: KeeperContext;
  readonly contracts: ComputeContracts;
  readonly settings: VerifierSettings;
  readonly shelf: ModelShelf;
  readonly audits: AuditBook;
  readonly requests: SignedClient;
  /** Digests of own answers under way, by claim and receipt. */
  readonly answers: Map<string, string>;
  readonly alarm: Alarm;
  readonly metrics: VerifierMetrics;
}
