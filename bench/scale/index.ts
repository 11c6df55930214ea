import { type Figure, figure } from "../figure.ts";
import { seededRandom } from "../random.ts";
import { shortestTimes } from "../stopwatch.ts";
import { auditGas, auditLoad, sumOfGas } from "./audits.ts";
import { indexBytesPerSegment } from "./indexSize.ts";
import { churnCommittee } from "./membership.ts";
import {
  committeesOf,
  headBytes,
  membersOf,
  type Network,
  networks,
  rowBytesPerNode,
  segmentBytes,
  segmentsPerCommittee,
  slotsPerNode,
  title,
} from "./networks.ts";
import { placingContenders, repeats } from "./placing.ts";
import { repairLoad, ways } from "./repair.ts";

const GiB = 2 ** 30;
const churnAMonth = 0.1;
/** Epochs of production, of the devnet. */
const epochLengths = [86_400, 3_600];
/** What an epoch lets move, slots: parameter "storage.churn" at its least. */
const movesAnEpoch = 32;
const simulatedEpochs = 365;

/** What a network of many nodes and objects asks of a chain, a link and a node. */
export async function* figures(progress: (step: string) => void): AsyncGenerator<Figure> {
  for (const network of networks) {
    yield* assumptions(network);
    yield* await placing(network, progress);
    yield* audits(network);
    yield* repair(network);
    progress(`${title(network)}: members come and go`);
    yield* membership(network);
    progress(`${title(network)}: the index of a node`);
    yield* await index(network);
  }
}

function* assumptions(network: Network): Generator<Figure> {
  const of = (name: string, value: number, unit: string) =>
    figure({ name: `${title(network)}, assumed: ${name}`, value, unit });
  yield of("bytes of an object, a segment each", segmentBytes, "B");
  yield of("coded bytes for each byte", 2, "");
  yield of("largest row", network.rowSize, "B");
  yield of("members for which a committee is made", network.committeeSize, "");
  yield of("nodes that go and are replaced", churnAMonth, "a month");
  yield figure({ name: `${title(network)}: committees`, value: committeesOf(network), unit: "" });
  yield figure({ name: `${title(network)}: members of a committee`, value: membersOf(network), unit: "" });
  yield figure({ name: `${title(network)}: slots of a node`, value: slotsPerNode(network), unit: "of 256" });
  yield figure({
    name: `${title(network)}: rows on a node`,
    value: rowBytesPerNode(network) / GiB,
    unit: "GiB",
  });
}

async function placing(network: Network, progress: (step: string) => void): Promise<Figure[]> {
  const times = await shortestTimes(placingContenders(network), { warm: 2, timed: 5 }, progress);
  const micros = (name: keyof typeof repeats) => (times.get(name)! * 1e6) / repeats[name];
  const placed = micros("committee") + micros("owners");
  const reference = { name: "SHA-256 of the same segment's rows", value: micros("hash") };
  const name = title(network);
  return [
    figure({ name: `${name}: committee of a segment`, value: micros("committee"), unit: "us" }),
    figure({ name: `${name}: owners of its 256 strips`, value: micros("owners"), unit: "us" }),
    figure({ name: `${name}: placing a segment`, value: placed, unit: "us", reference }),
    figure({ name: `${name}: owner of one row`, value: micros("row"), unit: "us" }),
    figure({
      name: `${name}: placing every object, one core`,
      value: (placed * network.objects) / 1e6 / 3_600,
      unit: "h",
    }),
  ];
}

function* audits(network: Network): Generator<Figure> {
  const gas = auditGas(network);
  const name = title(network);
  for (const [action, { value, source }] of Object.entries(gas))
    yield figure({
      name: `${name}: gas of ${action} (${source}; test/contracts/storage/gas.json)`,
      value,
      unit: "gas",
    });
  for (const epoch of epochLengths) {
    const load = auditLoad(network, sumOfGas(gas), epoch);
    const audited = `${name}, epochs of ${epoch / 3_600} h: audit`;
    yield figure({ name: `${audited} transactions`, value: load.transactions, unit: "a day" });
    yield figure({ name: `${audited} gas`, value: load.gas, unit: "a day" });
    yield figure({ name: `${audited} gas of a node`, value: load.gasPerNode, unit: "a day" });
    yield figure({
      name: `${audited} gas, of a chain of 60M gas every 12 s`,
      value: 100 * load.chainShare,
      unit: "%",
    });
  }
}

function* repair(network: Network): Generator<Figure> {
  for (const way of ways) {
    const load = repairLoad(network, way, churnAMonth);
    const name = `${title(network)}: what is lost is ${way}`;
    yield figure({ name: `${name}: bytes moved / restored`, value: load.amplification, unit: "" });
    yield figure({ name: `${name}: a node receives`, value: load.bytesPerNodeDay / GiB, unit: "GiB a day" });
    yield figure({ name: `${name}: of 100 Mbit/s`, value: 100 * load.linkShare, unit: "%", atMost: 100 });
    yield figure({
      name: `${name}: one member's strips are back after`,
      value: load.daysToRestore,
      unit: "days",
    });
  }
}

function* membership(network: Network): Generator<Figure> {
  const moves = churnCommittee(network, {
    members: Math.round(membersOf(network)),
    epochs: simulatedEpochs,
    changes: 4,
    limit: movesAnEpoch,
    random: seededRandom(1n),
  });
  const name = `${title(network)}, ${moves.joins} joins and ${moves.leaves} leaves of a committee`;
  yield figure({
    name: `${name}: bytes moved / bytes of who changed`,
    value: moves.byteRatio,
    unit: "",
    atMost: 1.2,
  });
  yield figure({
    name: `${name}: slots moved / slots of who changed`,
    value: moves.slotRatio,
    unit: "",
    atMost: 1.2,
  });
  yield figure({
    name: `${name}: most slots that left their owners in an epoch`,
    value: moves.busiestEpoch,
    unit: "of 256",
    atMost: movesAnEpoch,
  });
  yield figure({ name: `${name}: largest less smallest holder`, value: moves.unevenness, unit: "slots" });
}

async function index(network: Network): Promise<Figure[]> {
  const bytes = await indexBytesPerSegment(network, Math.round(slotsPerNode(network)));
  const segments = segmentsPerCommittee(network);
  const name = `${title(network)}: index of a node`;
  return [
    figure({ name: `${name}, a segment (LMDB on disk, measured)`, value: bytes, unit: "B" }),
    figure({
      name: `${name}, whole`,
      value: (bytes * segments) / GiB,
      unit: "GiB",
      reference: { name: "rows on the node", value: rowBytesPerNode(network) / GiB },
    }),
    figure({
      name: `${title(network)}: combinations on a node`,
      value: (headBytes(network) * segments) / GiB,
      unit: "GiB",
      reference: { name: "rows on the node", value: rowBytesPerNode(network) / GiB },
    }),
  ];
}
