import { type Figure, figure } from "../figure.ts";
import { shortestTimes } from "../stopwatch.ts";
import { codecContenders, heldBytes } from "./codec.ts";
import { kernelContenders, multipliedBytes, nodes, productsPerByte } from "./kernels.ts";
import { leopardNames, startLeopard } from "./leopard.ts";
import { codewordBytes, inputBytes } from "./segment.ts";

const MiB = 2 ** 20;
const nodeBytes = 64;
/** Holders of a segment and bytes of its rows: ten nodes, a small committee, a production one, DA. */
const networks = [
  { name: "10 holders, rows of 1 KiB", holders: 10, rowSize: 1024 },
  { name: "32 holders, rows of 1 KiB", holders: 32, rowSize: 1024 },
  { name: "64 holders, rows of 2 KiB", holders: 64, rowSize: 2048 },
  { name: "DA, 100 signers, rows of 8 KiB", holders: 100, rowSize: 8192 },
];

/**
 * Coding of a 4 MiB segment at rate 1/2 on one thread; throughputs count bytes of input unless they say else. Native Leopard
 * takes turns with it where LEOPARD_DIR names a checkout.
 */
export async function* figures(progress: (step: string) => void): AsyncGenerator<Figure> {
  const leopard = await startLeopard(process.env.LEOPARD_DIR);
  if (leopard === undefined)
    console.error("Native Leopard is left out: LEOPARD_DIR names no checkout of catid/leopard.");
  const contenders = [
    ...kernelContenders(),
    ...(await codecContenders()),
    ...(leopard === undefined ? [] : leopard.contenders),
  ];
  const times = await shortestTimes(contenders, { warm: 5, timed: 25 }, progress).finally(() =>
    leopard?.stop(),
  );
  const rate = (name: string, bytes = inputBytes) => bytes / MiB / times.get(name)!;
  if (leopard !== undefined) yield* besideLeopard(rate);
  yield* limits(rate);
  yield* writing(rate);
  yield* holding(rate);
  yield* reading(rate);
  yield* traffic();
}

type Rate = (contender: string, bytes?: number) => number;
const unit = "MiB/s";

/** Leopard makes parity and nothing else, and so does what is compared with it. */
function* besideLeopard(rate: Rate): Generator<Figure> {
  const pairs = [
    { ours: "code", name: "code alone", theirs: leopardNames.encode },
    { ours: "rebuild from parity", name: "rebuild from parity alone", theirs: leopardNames.fromParity },
    {
      ours: "rebuild from every other row",
      name: "rebuild from every other row",
      theirs: leopardNames.everyOther,
    },
  ];
  for (const { ours, name, theirs } of pairs) {
    yield figure({ name: theirs, value: rate(theirs), unit });
    yield figure({
      name: `${name}, of Leopard's`,
      value: rate(ours) / rate(theirs),
      unit: "x",
      atLeast: 0.5,
    });
  }
}

function* limits(rate: Rate): Generator<Figure> {
  yield figure({ name: "memory copy", value: rate("copy"), unit });
  yield figure({
    name: "products of cached rows and constants",
    value: rate("multiply", multipliedBytes),
    unit,
  });
  yield figure({ name: "native SHA-256 of rows of 1 KiB", value: rate("hash rows", codewordBytes), unit });
}

function* writing(rate: Rate): Generator<Figure> {
  const products = rate("multiply", multipliedBytes) / productsPerByte;
  const hashes = rate("hash rows");
  // Nothing overlaps on one thread: the times of the unavoidable parts add up.
  const floor = 1 / (1 / products + 1 / hashes + 1 / rate("copy"));
  yield figure({
    name: "code alone",
    value: rate("code"),
    unit,
    atLeast: 130,
    reference: {
      name: `its ${productsPerByte.toFixed(1)} products a byte, over cached rows`,
      value: products,
    },
  });
  yield figure({
    name: "encode with both trees and combinations",
    value: rate("encode"),
    unit,
    atLeast: 75,
    reference: { name: "copy, products and native SHA-256 of the rows alone", value: floor },
  });
  yield figure({
    name: "tree nodes, four lanes (bytes hashed)",
    value: rate("nodes", nodes * nodeBytes),
    unit,
    reference: { name: "a native call a node", value: rate("nodes, native", nodes * nodeBytes) },
  });
}

function* holding(rate: Rate): Generator<Figure> {
  yield figure({
    name: "check a tenth of the rows (bytes of rows)",
    value: rate("check rows", heldBytes),
    unit,
    reference: { name: "native SHA-256 of the same rows", value: rate("hash held rows", heldBytes) },
  });
  yield figure({
    name: "prepare a checker (bytes of input)",
    value: rate("prepare checker"),
    unit,
    reference: { name: "encode", value: rate("encode") },
  });
}

function* reading(rate: Rate): Generator<Figure> {
  const reference = { name: "code alone", value: rate("code") };
  yield figure({ name: "rebuild from parity alone", value: rate("rebuild from parity"), unit, reference });
  yield figure({
    name: "rebuild from every other row",
    value: rate("rebuild from every other row"),
    unit,
    reference,
  });
}

function* traffic(): Generator<Figure> {
  for (const { name, holders, rowSize } of networks) {
    const share = (16 * holders) / rowSize;
    const reference = { name: "bytes of input", value: 100 };
    yield figure({ name: `combinations sent, ${name}`, value: 100 * share, unit: "% of input", reference });
  }
}
