import { Counter, Gauge, type Registry } from "prom-client";

export type PresenceMetrics = ReturnType<typeof createPresenceMetrics>;

/** What a node does about members that have gone silent, and about being asked itself. */
export function createPresenceMetrics(registry: Registry) {
  const registers = [registry];
  const count = (name: string, help: string) =>
    new Counter({ name: `mycelia_storage_presence_${name}_total`, help, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `mycelia_storage_presence_${name}`, help, registers });
  return {
    answered: count("answered", "Challenges of this node that it answered"),
    challenged: count("challenged", "Members that this node challenged"),
    expelled: count("expelled", "Members that this node expelled"),
    collected: count("collected_wei", "Deposits earned or returned that were paid out, wei"),
    probes: new Counter({
      name: "mycelia_storage_presence_probes_total",
      help: "Members asked whether they are there",
      labelNames: ["outcome"],
      registers,
    }),
    silent: gauge("silent_members", "Members that left the latest probe unanswered"),
    cutOff: gauge("cut_off", "1 while so many are silent that it may be this node that is cut off"),
  };
}
