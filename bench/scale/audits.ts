import { type Gas, gasOf } from "./gas.ts";
import { committeesOf, type Network } from "./networks.ts";

/** Gas of what an audit does on chain. */
export interface AuditGas<T = number> {
  /** A node, an epoch. */
  readonly commit: T;
  /** Two rows opened; a node, an epoch. */
  readonly answer: T;
  /** All seats of a committee; a committee, an epoch. */
  readonly settle: T;
  /** open, seed, draw, challenge, close; an epoch. */
  readonly cranks: T;
}

/** What each action costs in a network, and where that is from. */
export function auditGas(network: Network): AuditGas<Gas> {
  const size = `${network.rowSize / 1_024} KiB`;
  return {
    commit: gasOf("StorageAudits.commit"),
    answer: gasOf(`StorageAudits.answer with two rows of ${size}`),
    settle: times(gasOf("StorageAudits.settle one that has answered"), network.committeeSize),
    cranks: sum(
      ["open", "seed", "draw", "challenge", "close"].map((crank) => gasOf(`StorageAudits.${crank}`)),
    ),
  };
}

/** A seat each, as if each were a transaction of its own: what many together save is left out. */
function times({ value, source }: Gas, count: number): Gas {
  return { value: value * count, source: `${count} of ${source}` };
}

function sum(parts: readonly Gas[]): Gas {
  return {
    value: parts.reduce((total, { value }) => total + value, 0),
    source: parts.map(({ source }) => source).join(" + "),
  };
}

export function sumOfGas({ commit, answer, settle, cranks }: AuditGas<Gas>): AuditGas {
  return { commit: commit.value, answer: answer.value, settle: settle.value, cranks: cranks.value };
}

const DAY = 86_400;
const blockGas = 60e6;
const blockSeconds = 12;

export interface AuditLoad {
  readonly transactions: number;
  readonly gas: number;
  /** Share of all gas of a chain of 60M gas every 12 s. */
  readonly chainShare: number;
  /** Gas that one node pays for. */
  readonly gasPerNode: number;
}

const cranksPerEpoch = 5;

/** What audits put on the chain in a day. It grows with nodes, and not with bytes. */
export function auditLoad(network: Network, gas: AuditGas, epochLength: number): AuditLoad {
  const epochs = DAY / epochLength;
  const { nodes } = network;
  const committees = committeesOf(network);
  const perEpoch = nodes * (gas.commit + gas.answer) + committees * gas.settle + gas.cranks;
  return {
    transactions: epochs * (2 * nodes + committees + cranksPerEpoch),
    gas: epochs * perEpoch,
    chainShare: (epochs * perEpoch) / ((DAY / blockSeconds) * blockGas),
    gasPerNode: epochs * (gas.commit + gas.answer),
  };
}
