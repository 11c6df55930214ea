import { Counter, Gauge, type Registry } from "prom-client";

/** Metrics of what follows the chain. */
export function getMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ["follower"] as const;
  return {
    height: new Gauge({
      name: "mycelia_chain_followed_height_blocks",
      help: "Everything up to this block has been applied",
      labelNames,
      registers,
    }),
    reorgs: new Counter({
      name: "mycelia_chain_reorgs_total",
      help: "Reorgs that took out blocks which had been applied",
      labelNames,
      registers,
    }),
    undoneBlocks: new Counter({
      name: "mycelia_chain_undone_blocks_total",
      help: "Blocks that reorgs took out after they had been applied",
      labelNames,
      registers,
    }),
  };
}

export type ChainMetrics = ReturnType<typeof getMetrics>;
