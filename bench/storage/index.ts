import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Figure, figure } from "../figure.ts";
import { inputBytes, makeInputFile } from "./input.ts";
import { type Limits, measureLimits } from "./limits.ts";
import { BenchNetwork, nodeCount, type WorkReport } from "./network.ts";

const MiB = 2 ** 20;
const warmUpBytes = 128 * MiB;
const root = fileURLToPath(new URL("../../", import.meta.url));
const smallObjects = { count: 10_000, bytes: 4_096 };
const speedUnit = "MiB/s";

/**
 * An object put and read back through ten storage nodes that have run for a while, every check on; speeds count bytes of the object. What a share
 * of the limit means: see `putLimit` and `getLimit`.
 */
export async function* figures(progress: (step: string) => void): AsyncGenerator<Figure> {
  const bytes = inputBytes();
  progress("what this machine can do");
  const limits = await measureLimits();
  yield* limitFigures(limits);
  progress(`making an input of ${bytes / MiB} MiB`);
  const input = await makeInputFile(bytes);
  progress("building the package that the client runs");
  await promisify(execFile)(process.execPath, ["--import=tsx", "scripts/build.ts"], { cwd: root });
  progress(`starting ${nodeCount} nodes`);
  const network = await BenchNetwork.start(bytes + warmUpBytes).catch(async (error: unknown) => {
    await input.remove();
    throw error;
  });
  try {
    progress("warming the nodes up");
    await warmUp(network);
    progress("putting");
    const put = await network.work({ kind: "put", file: input.path });
    if (put.outcome !== "full") throw new Error(`the object is ${put.outcome}, not full`);
    yield* workFigures("put", put, { limit: putLimit(limits, put), atLeast: 40, atMostMs: 25 });
    progress("getting");
    const got = await network.work({ kind: "get", objectRoot: put.objectRoot });
    if (got.crc !== input.crc || got.size !== bytes) throw new Error("the object came back changed");
    yield* workFigures("get", got, { limit: getLimit(limits, got), atLeast: 80, atMostMs: 12 });
    progress(`putting ${smallObjects.count} small objects`);
    const small = await network.work({ kind: "put small objects", file: input.path, ...smallObjects });
    if (small.outcome !== "full") throw new Error(`the small objects are ${small.outcome}, not full`);
    yield* smallFigures(small);
    yield figure({ name: "node, peak memory", value: network.nodePeakBytes / MiB, unit: "MiB" });
  } finally {
    await network.stop();
    await input.remove();
  }
}

/** Nodes run for long: what their first requests cost, until V8 has compiled what they use, is not what is measured. */
async function warmUp(network: BenchNetwork): Promise<void> {
  const other = await makeInputFile(warmUpBytes);
  try {
    const { objectRoot } = await network.work({ kind: "put", file: other.path });
    await network.work({ kind: "get", objectRoot });
  } finally {
    await other.remove();
  }
}

function* limitFigures({ sha256, copy, disk, loopback }: Limits): Generator<Figure> {
  yield figure({ name: "SHA-256 of rows, one thread", value: 1 / sha256, unit: speedUnit });
  yield figure({ name: "memory copy, one thread", value: 1 / copy, unit: speedUnit });
  yield figure({ name: "disk, append and fdatasync", value: 1 / disk, unit: speedUnit });
  yield figure({ name: "HTTP over loopback, both ends on one thread", value: 1 / loopback, unit: speedUnit });
}

/**
 * MiB/s that nothing could pass here: client and nodes each hash the two coded bytes of every byte, what is on the wire
 * passes through HTTP and is copied once on the way to the disk; processors share that, and the disk runs beside them.
 */
function putLimit({ sha256, copy, disk, loopback }: Limits, { wireBytes, size }: WorkReport): number {
  const wire = wireBytes / size;
  const processors = (4 * sha256 + wire * (loopback + copy)) / availableParallelism();
  return 1 / Math.max(processors, wire * disk);
}

/** The reader hashes what it was sent and then the two coded bytes again; nodes copy rows out of the page cache. */
function getLimit({ sha256, copy, loopback }: Limits, { wireBytes, size }: WorkReport): number {
  const wire = wireBytes / size;
  return availableParallelism() / (3 * sha256 + wire * (loopback + copy));
}

interface Goals {
  readonly limit: number;
  readonly atLeast: number;
  readonly atMostMs: number;
}

function* workFigures(name: string, report: WorkReport, goals: Goals): Generator<Figure> {
  const { size, seconds, cpuMs, nodesCpuMs, wireBytes } = report;
  const sizeMiB = size / MiB;
  yield figure({
    name: `${name} of ${sizeMiB} MiB`,
    value: sizeMiB / seconds,
    unit: speedUnit,
    atLeast: goals.atLeast,
    reference: { name: "hash, loopback, copy and disk alone", value: goals.limit },
  });
  const unit = "ms/MiB";
  yield figure({
    name: `${name}, processor time of client and nodes`,
    value: (cpuMs + nodesCpuMs) / sizeMiB,
    unit,
    atMost: goals.atMostMs,
  });
  yield figure({ name: `${name}, of the client`, value: cpuMs / sizeMiB, unit });
  yield figure({ name: `${name}, of all nodes`, value: nodesCpuMs / sizeMiB, unit });
  yield figure({ name: `${name}, bodies on the wire per byte`, value: wireBytes / size, unit: "B" });
  yield* memoryFigures(name, report);
}

/** A good share of a client's memory is the program itself: it is told apart. */
function* memoryFigures(name: string, { idleBytes, peaks }: WorkReport): Generator<Figure> {
  const unit = "MiB";
  const client = `${name}, client`;
  yield figure({ name: `${client}, memory at most`, value: peaks.resident / MiB, unit, atMost: 256 });
  yield figure({ name: `${client}, memory before it starts`, value: idleBytes / MiB, unit });
  yield figure({ name: `${client}, objects at most`, value: peaks.heap / MiB, unit });
  yield figure({ name: `${client}, buffers at most`, value: peaks.buffers / MiB, unit });
}

function* smallFigures(report: WorkReport): Generator<Figure> {
  const { count, bytes } = smallObjects;
  const { seconds, cpuMs, nodesCpuMs, gas, publishSeconds } = report;
  const name = `put of ${count} objects of ${bytes} B`;
  yield figure({ name, value: count / seconds, unit: "objects/s", atLeast: 2_000 });
  const each = (1000 * (cpuMs + nodesCpuMs)) / count;
  yield figure({ name: `${name}, processor time of client and nodes`, value: each, unit: "us/object" });
  yield figure({ name: `${name}, then publishing them`, value: publishSeconds, unit: "s" });
  yield figure({
    name: `${name}, gas with certificates`,
    value: gas / count,
    unit: "gas/object",
    atMost: 100,
  });
  yield* memoryFigures("small objects", report);
}
