import { Command } from "commander";
import { globalsOf, parseCount } from "./globals.ts";

export function computeCommand(): Command {
  const compute = new Command("compute").description(
    "buy inference from providers, every answer with a checked receipt",
  );
  compute
    .command("services")
    .description("list what providers sell")
    .addHelpText("after", "\nExamples:\n  $ mycelia compute services\n  $ mycelia compute services --json\n")
    .action(async (_options: unknown, command: Command) => {
      const { output, dataDir } = globalsOf(command);
      const { listServices } = await import("../compute/services.ts");
      const services = await listServices(dataDir);
      output.result(services, () =>
        output.table(
          ["id", "model", "tier", "MYC a unit", "free capacity", "operator", "endpoint"],
          services.map((s) => [s.id, s.model, s.tier, s.unitPrice, s.freeCapacity, s.operator, s.endpoint]),
        ),
      );
    });
  compute
    .command("infer")
    .description("open a session, ask for inference, check the receipts, pay, and show the answers")
    .requiredOption("--model <id>", "model id, as compute services prints it")
    .requiredOption(
      "--input <file.csv>",
      "one row of numbers a line; columns beyond the model's input are ignored",
    )
    .option("--batch <rows>", "rows a request", parseCount, 8)
    .option("--max-price <myc>", "highest unit price accepted, MYC", "1")
    .option("--budget <myc>", "most to spend, MYC", "10")
    .addHelpText(
      "after",
      "\nExample:\n  $ mycelia compute infer --model 0x9c2e… --input examples/digits/data/digits.csv --batch 32\n",
    )
    .action(async (options: InferOptions, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      const { infer } = await import("../compute/infer.ts");
      const answer = await infer({ ...globals, ...options });
      output.result(answer, () => {
        for (const row of answer.rows) output.line(row.join(" "));
        output.note(
          `${answer.receipts} receipts checked, ${answer.paid} MYC paid, session ${answer.session} with ${answer.operator}`,
        );
      });
    });
  return compute;
}

interface InferOptions {
  readonly model: string;
  readonly input: string;
  readonly batch: number;
  readonly maxPrice: string;
  readonly budget: string;
}
