import type { Command } from "commander";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";
import { globalsOf } from "./globals.ts";

/** What the chain says of storage: status, proofs, audits. */
export function addStorageChainCommands(storage: Command): void {
  addStatus(storage);
  addProof(storage);
  addAudits(storage);
  addSessions(storage);
}

function addSessions(storage: Command): void {
  storage
    .command("sessions")
    .description(
      "show what get --pay has locked; sessions that are over are closed, and what is left comes back",
    )
    .addHelpText("after", "\nExample:\n  $ mycelia storage sessions --json\n")
    .action(async (_options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { listSessions, showSessions } = await import("../storage/sessions.ts");
      const sessions = await listSessions(globals);
      globals.output.result(sessions, () => showSessions(globals.output, sessions));
    });
}

function addStatus(storage: Command): void {
  storage
    .command("status [root]")
    .description(
      "show who holds which slots and what storing costs; or how well an object that this key has published is held",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia storage status\n  $ mycelia storage status 0x5d1f… --json\n",
    )
    .action(async (root: string | undefined, _options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      if (root !== undefined) return await showObject(output, { ...globals, root });
      const { readOverview, showOverview } = await import("../storage/overview.ts");
      const overview = await readOverview(globals.dataDir);
      output.result(overview, () => showOverview(output, overview));
    });
}

async function showObject(
  output: Output,
  request: { readonly dataDir: string; readonly root: string },
): Promise<void> {
  const { readObjectState } = await import("../storage/batchStates.ts");
  const state = await readObjectState(request);
  output.result(state, () => {
    if (state.batches.length === 0)
      return output.line(`${state.record.path} is not published: nobody is paid to keep it`);
    output.table(
      ["batch", "committee", "segments", "state", "slots of 256", "paid until"],
      state.batches.map(({ id, committee, segments, state: reached, slotsCovered, expiry }) => [
        ...[id, committee, segments].map(String),
        ...[reached, String(slotsCovered)],
        expiry === 0 ? "for ever" : new Date(expiry * 1_000).toISOString().slice(0, 10),
      ]),
    );
  });
}

function addProof(storage: Command): void {
  storage
    .command("proof [root]")
    .description("prove that an object that this key has published is in the log, or check proofs of anybody")
    .option("--check <file>", "check the proofs in this file, as proof --json prints them")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia storage proof 0x5d1f… --json > proof.json\n  $ mycelia storage proof --check proof.json\n",
    )
    .action(async (root: string | undefined, { check }: { readonly check?: string }, command: Command) => {
      const globals = globalsOf(command);
      const { output } = globals;
      const { checkProofs, proveStored } = await import("../storage/proof.ts");
      if (check !== undefined) {
        const holding = await checkProofs({ ...globals, file: check });
        return output.result({ holding }, () => output.line(`${holding} proofs hold`));
      }
      if (root === undefined) throw new UsageError("name an object root, or --check a file");
      const proven = await proveStored({ ...globals, root });
      output.result(proven, () =>
        output.line(
          `${proven.proofs.length} segments proven in batches ${proven.batches.join(", ")}; --json prints the proofs`,
        ),
      );
    });
}

function addAudits(storage: Command): void {
  storage
    .command("audits [operator]")
    .description("show where this epoch's audit stands for each storage node, and what audits have paid it")
    .addHelpText(
      "after",
      "\nExamples:\n  $ mycelia storage audits\n  $ mycelia storage audits 0x70fb… --json\n",
    )
    .action(async (operator: string | undefined, _options: unknown, command: Command) => {
      const { dataDir, output } = globalsOf(command);
      const { readAudits, showAudits } = await import("../storage/audits.ts");
      const audits = await readAudits(dataDir, operator);
      output.result(audits, () => showAudits(output, audits));
    });
}
