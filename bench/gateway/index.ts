import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Figure, figure } from "../figure.ts";
import { type InputFile, inputBytes, makeInputFile } from "../storage/input.ts";
import { BenchNetwork } from "../storage/network.ts";
import { accessKey, BenchGateway } from "./gateway.ts";
import type { S3Report, S3Work } from "./s3Process.ts";

const MiB = 2 ** 20;
const warmUpBytes = 64 * MiB;
const root = fileURLToPath(new URL("../../", import.meta.url));
const speedUnit = "MiB/s";
const cpuUnit = "ms/MiB";
/** Objects of the full size that are put: by the native client, by S3, by S3 in parts. */
const objects = 3;
/** Part of the native client's speed that S3's door should keep. */
const putGoal = 0.7;
const partsGoal = 0.4;
const getGoal = 0.7;

/** What was done, by whomever, and what it cost. */
interface Done {
  readonly size: number;
  readonly seconds: number;
  /** Of the client, and of the gateway where there is one, milliseconds. */
  readonly cpuMs: number;
}

/**
 * An object put and read back over S3, with the SDK's client and a gateway, beside the native client in the same run, on the
 * same ten nodes. Each put has bytes of its own: what nodes have is not sent again.
 */
export async function* figures(progress: (step: string) => void): AsyncGenerator<Figure> {
  const bytes = inputBytes();
  progress("building the package that gateway and client run");
  await promisify(execFile)(process.execPath, ["--import=tsx", "scripts/build.ts"], { cwd: root });
  progress("starting nodes");
  const network = await BenchNetwork.start(objects * bytes + 2 * warmUpBytes);
  try {
    progress("starting the gateway");
    const gateway = await BenchGateway.start(network.network, bytes);
    try {
      yield* compare({ network, gateway, bytes, progress });
    } finally {
      await gateway.stop();
    }
  } finally {
    await network.stop();
  }
}

interface Comparing {
  readonly network: BenchNetwork;
  readonly gateway: BenchGateway;
  readonly bytes: number;
  readonly progress: (step: string) => void;
}

async function* compare({ network, gateway, bytes, progress }: Comparing): AsyncGenerator<Figure> {
  progress("warming up");
  await s3Work(gateway, { kind: "bucket" });
  await withInput(warmUpBytes, ({ path }) => network.work({ kind: "put", file: path }));
  await withInput(warmUpBytes, ({ path }) => s3Work(gateway, { kind: "put", key: "warm", file: path }));
  await s3Work(gateway, { kind: "get", key: "warm" });
  const idleBytes = gateway.peakBytes();
  progress("putting with the native client");
  const native = await withInput(bytes, ({ path }) => network.work({ kind: "put", file: path }));
  progress("getting with the native client");
  const nativeGet = await network.work({ kind: "get", objectRoot: native.objectRoot });
  progress("putting over S3");
  const put = await withInput(bytes, async ({ path, crc }) => ({
    crc,
    done: await s3Work(gateway, { kind: "put", key: "whole", file: path }),
  }));
  const putBytes = gateway.peakBytes();
  progress("getting over S3");
  const get = await s3Work(gateway, { kind: "get", key: "whole" });
  if (get.crc !== put.crc || get.size !== bytes) throw new Error("the object came back changed");
  progress("putting over S3 in parts");
  const parts = await withInput(bytes, ({ path }) =>
    s3Work(gateway, { kind: "put in parts", key: "parts", file: path }),
  );
  const size = `${bytes / MiB} MiB`;
  yield* speeds(`put of ${size}`, put.done, native, putGoal);
  yield* speeds(`put of ${size} in parts`, parts, native, partsGoal);
  yield* speeds(`get of ${size}`, get, nativeGet, getGoal);
  yield figure({ name: "gateway, memory at most after warming up", value: idleBytes / MiB, unit: "MiB" });
  yield figure({ name: "gateway, memory at most after the put", value: putBytes / MiB, unit: "MiB" });
  yield figure({
    name: "gateway, memory at most",
    value: gateway.peakBytes() / MiB,
    unit: "MiB",
    atMost: 512,
  });
}

function* speeds(name: string, s3: Done, native: Done, goal: number): Generator<Figure> {
  const speed = (done: Done) => done.size / MiB / done.seconds;
  const cost = (done: Done) => done.cpuMs / (done.size / MiB);
  yield figure({
    name: `${name} over S3`,
    value: speed(s3),
    unit: speedUnit,
    atLeast: goal * speed(native),
    reference: { name: `native client, ${speed(native).toPrecision(3)} ${speedUnit}`, value: speed(native) },
  });
  yield figure({
    name: `${name}, processor time of gateway and S3's client`,
    value: cost(s3),
    unit: cpuUnit,
    reference: { name: `native client, ${cost(native).toPrecision(3)} ${cpuUnit}`, value: cost(native) },
  });
}

async function withInput<T>(bytes: number, use: (input: InputFile) => Promise<T>): Promise<T> {
  const input = await makeInputFile(bytes);
  try {
    return await use(input);
  } finally {
    await input.remove();
  }
}

/** Lets S3's client do one thing, in a process of its own. */
async function s3Work(gateway: BenchGateway, what: S3Work): Promise<S3Report> {
  const order = JSON.stringify({ ...what, endpoint: gateway.endpoint, accessKey });
  const before = gateway.cpuMs();
  const script = join(import.meta.dirname, "s3Process.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, order], { maxBuffer: 2 ** 20 });
  const report = JSON.parse(stdout) as S3Report;
  return { ...report, cpuMs: report.cpuMs + gateway.cpuMs() - before };
}
