import { parseEther } from "ethers";
import type { KeeperContext } from "../../runtime/context.ts";
import { Alarm } from "../../runtime/duties/alarm.ts";
import { runInBackground } from "../../runtime/duties/background.ts";
import { runDuties } from "../../runtime/duties/duties.ts";
import { pause } from "../../runtime/pause.ts";
import { absenceContract } from "../chain/absence.ts";
import type { CommitteeView } from "../chain/committeeView.ts";
import { Turns } from "../chain/turns.ts";
import { answerChallenge, challengesToAnswer } from "./answer.ts";
import { ChallengeBook } from "./challengeBook.ts";
import { createPresenceMetrics } from "./metrics.ts";
import { PresenceDuty } from "./presenceDuty.ts";
import { Watch } from "./watch.ts";

export interface PresenceOptions {
  /** Pause between two looks for a challenge of this node, milliseconds. */
  readonly answerMs?: number;
  /** Pause between two looks at the challenges of other members, milliseconds. */
  readonly pollMs?: number;
  /** Between two probes of a member, milliseconds, a quarter more or less. */
  readonly periodMs?: number;
  /** Limit for one probe, milliseconds. */
  readonly timeoutMs?: number;
  /** Probes in a row that a member leaves unanswered before it is challenged. */
  readonly probes?: number;
  /** Between the first of them and the last, milliseconds at least. */
  readonly spanMs?: number;
  /** Between the turns of two nodes at the same challenge or expulsion, milliseconds. */
  readonly turnMs?: number;
  /** Members that this node challenges in an epoch at most. */
  readonly challengesPerEpoch?: number;
  /** Wei from which on deposits earned or returned are collected. */
  readonly collectFrom?: bigint;
}

const DEFAULTS = {
  answerMs: 3_000,
  pollMs: 15_000,
  periodMs: 60_000,
  timeoutMs: 10_000,
  probes: 5,
  spanMs: 15 * 60_000,
  turnMs: 30_000,
  challengesPerEpoch: 2,
  collectFrom: parseEther("1"),
} as const;
/** No node waits longer for its turn, milliseconds. */
const LONGEST_WAIT_MS = 10 * 60_000;

/**
 * Answers for this node's presence, and watches that of the other members of its committee, for as long as the keeper runs.
 * What is done is found on the chain anew in each round and sent under keys made of chain facts; so it may be killed anywhere.
 */
export function startPresence(
  context: KeeperContext,
  committee: CommitteeView,
  options: PresenceOptions = {},
): void {
  const settings = { ...DEFAULTS, ...options };
  const { provider, deployment, logger } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const parts = {
    ...{ context, signal },
    absence: absenceContract(provider, deployment),
    metrics: createPresenceMetrics(context.metrics),
  };
  const duty = new PresenceDuty({
    ...{ ...parts, ...settings, committee },
    watch: new Watch(settings),
    book: new ChallengeBook(context.store.under("storage/presence/")),
    turns: new Turns({ stepMs: settings.turnMs, mostMs: LONGEST_WAIT_MS }),
  });
  context.server.probes.addStatus("presence", async () => duty.status);
  const run = (name: string, work: Promise<void>) => runInBackground({ ...context, signal }, name, work);
  const loop = (pollMs: number) => ({ logger, signal, alarm: new Alarm(), pollMs });
  // Nothing that is done about others makes this node late with its own answer.
  const answers = runDuties(
    loop(settings.answerMs),
    () => challengesToAnswer(parts),
    (challenge) => answerChallenge(parts, challenge),
  );
  const others = runDuties(
    loop(settings.pollMs),
    () => duty.tasks(),
    (task) => duty.perform(task),
  );
  run("answers of presence", answers);
  run("presence of others", others);
  run("probes of presence", probeOthers(duty, { logger, signal, periodMs: settings.periodMs }));
  context.closers.add("presence's stop", () => stop.abort());
}

/** Nodes that started together do not probe together. */
async function probeOthers(
  duty: PresenceDuty,
  { logger, signal, periodMs }: Pick<KeeperContext, "logger" | "signal"> & { readonly periodMs: number },
): Promise<void> {
  await pause(periodMs * Math.random(), signal);
  while (!signal.aborted) {
    await duty.probe().catch((error: unknown) => {
      if (!signal.aborted) logger.warn({ err: error }, "members were not probed, will try again");
    });
    await pause(periodMs * (0.75 + Math.random() / 2), signal);
  }
}
