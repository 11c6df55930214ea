import { Counter, type Registry } from "prom-client";

export type VerifierMetrics = ReturnType<typeof getVerifierMetrics>;

export function getVerifierMetrics(registry: Registry) {
  const registers = [registry];
  return {
    drawn: new Counter({
      name: "mycelia_verifier_drawn_total",
      help: "Audits this verifier was drawn for",
      registers,
    }),
    reruns: new Counter({ name: "mycelia_verifier_reruns_total", help: "Requests re-run", registers }),
    withheld: new Counter({
      name: "mycelia_verifier_withheld_total",
      help: "Requests that an operator did not serve",
      registers,
    }),
    commits: new Counter({ name: "mycelia_verifier_commits_total", help: "Commitments sent", registers }),
    reveals: new Counter({ name: "mycelia_verifier_reveals_total", help: "Answers revealed", registers }),
  };
}
