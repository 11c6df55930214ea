import { formatEther } from "ethers";
import type { Output } from "../terminal/output.ts";
import type { DemoResult } from "./result.ts";

/** The result of a job for people. */
export function showResult(result: DemoResult, output: Output): void {
  const myc = (wei: bigint): string => `${formatEther(wei)} MYC`;
  output.table(
    [
      "session with",
      "verdict",
      "claimed",
      "to operator",
      "to verifiers",
      "to treasury",
      "beacon",
      "back to user",
    ],
    result.sessions.map((s) => [
      s.operator.slice(0, 10),
      s.verdict,
      ...[s.claimed, s.toOperator, s.toVerifiers, s.toTreasury, s.toBeacon, s.refunded].map(myc),
    ]),
  );
  output.table(
    ["slashed", "bond cut", "to the user", "to verifiers", "to treasury"],
    result.slashes.map((s) => [
      s.operator.slice(0, 10),
      ...[s.cut, s.toVictim, s.toReporters, s.toTreasury].map(myc),
    ]),
  );
  output.table(
    ["action", "calls", "mean gas", "max gas"],
    result.gas.map(({ action, calls, mean, max }) => [action, String(calls), String(mean), String(max)]),
  );
  const seconds = Object.values(result.seconds).reduce((sum, taken) => sum + taken, 0);
  const money = result.money.exact ? "every wei accounted for" : "WEI ARE MISSING";
  const { accuracy, receipts, audits, storage } = result;
  output.line(
    `${(accuracy * 100).toFixed(1)} % of ${result.digits} digits right · ${storage.nodesKilled} of ${storage.nodes} nodes killed · ` +
      `${receipts.checked} receipts checked, ${audits.receiptsRerun} re-run · ${money} · ${seconds.toFixed(1)} s`,
  );
}
