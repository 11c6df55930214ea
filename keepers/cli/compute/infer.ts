import { readFileSync } from "node:fs";
import { formatEther, isHexString } from "ethers";
import { type ComputeSession, createComputeClient } from "../../compute/client.ts";
import type { Tensor } from "../../compute/tensors.ts";
import { FatalError } from "../../runtime/errors.ts";
import { parseMoney } from "../commands/globals.ts";
import { requireNetwork } from "../devnet/state.ts";
import { openPerson, type PersonChoice } from "../person.ts";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";
import { withPerson } from "../withPerson.ts";

export interface InferRequest extends PersonChoice {
  readonly dataDir: string;
  readonly output: Output;
  readonly model: string;
  /** CSV file, one input row a line. */
  readonly input: string;
  readonly batch: number;
  /** MYC. */
  readonly maxPrice: string;
  /** MYC. */
  readonly budget: string;
}

export interface Answers {
  readonly session: string;
  readonly operator: string;
  readonly receipts: number;
  /** MYC. */
  readonly paid: string;
  readonly refunded: string;
  readonly verdict: string;
  /** First output of the model, one row an input row. */
  readonly rows: readonly (readonly number[])[];
}

const duration = 3_600;

/** Buys answers for a file of rows, and waits until they are audited and paid. */
export async function infer(request: InferRequest): Promise<Answers> {
  const { dataDir, output } = request;
  if (!isHexString(request.model, 32))
    throw new UsageError(`"${request.model}" is no model id: 0x and 64 hex digits`);
  const table = readTable(request.input);
  const [maxUnitPrice, budget] = [parseMoney(request.maxPrice), parseMoney(request.budget)];
  return await withPerson(
    () => openPerson(dataDir, requireNetwork(dataDir), request),
    async (person, signal) => {
      const client = createComputeClient({ ...person, signal });
      await client.prepay(budget);
      const session = await client.open({ model: request.model, maxUnitPrice, budget, duration });
      output.note(
        `session ${session.id} with ${session.terms.operator} at ${formatEther(session.terms.unitPrice)} MYC a unit`,
      );
      const rows = await ask(session, table, request.batch, output).catch((error: unknown) =>
        abandon(session, error, output),
      );
      await session.finish();
      output.note("waiting for the audit and the settlement");
      const { paid, refunded, claims } = await session.settled({ signal });
      return {
        session: session.id.toString(),
        operator: session.terms.operator,
        receipts: Math.ceil(table.length / request.batch),
        paid: formatEther(paid),
        refunded: formatEther(refunded),
        verdict: claims[0]?.verdict ?? "none",
        rows,
      };
    },
  );
}

/** A session that has brought nothing is ended at once, so that its budget comes back as soon as it may. */
async function abandon(session: ComputeSession, error: unknown, output: Output): Promise<never> {
  const { receipts } = await session.progress();
  if (receipts === 0n) {
    await session.close();
    output.note(`session ${session.id} is closing: its budget comes back after the provider's claim window`);
  }
  throw error;
}

async function ask(
  session: ComputeSession,
  table: readonly (readonly number[])[],
  batch: number,
  output: Output,
): Promise<number[][]> {
  const [spec] = (await session.describe()).inputs;
  if (spec === undefined)
    throw new FatalError("cli/no-input", "the provider does not say what its model takes");
  const width = spec.dims
    .slice(1)
    .reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1);
  const rows: number[][] = [];
  for (let from = 0; from < table.length; from += batch) {
    const { outputs } = await session.infer([tensorOf(spec.name, table.slice(from, from + batch), width)]);
    const [first] = outputs;
    const per = (first?.data.length ?? 0) / (first?.dims[0] ?? 1);
    for (let row = 0; row < (first?.dims[0] ?? 0); row += 1) {
      rows.push(Array.from(first?.data.slice(row * per, (row + 1) * per) ?? [], Number));
    }
    output.note(`${rows.length} of ${table.length} rows answered`);
  }
  return rows;
}

function tensorOf(name: string, rows: readonly (readonly number[])[], width: number): Tensor {
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    if (row.length < width)
      throw new UsageError(`input row ${i + 1} has ${row.length} numbers, the model takes ${width}`);
    data.set(row.slice(0, width), i * width);
  }
  return { name, dtype: "float32", dims: [rows.length, width], data };
}

function readTable(file: string): number[][] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new FatalError("cli/no-file", `cannot read ${file}`, { file }, cause);
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new UsageError(`${file} is empty`, { file });
  return lines.map((line, i) => {
    const row = line.split(",").map(Number);
    if (row.every(Number.isFinite)) return row;
    throw new UsageError(`${file}, line ${i + 1}: only numbers and commas, please`, { file, line: i + 1 });
  });
}
