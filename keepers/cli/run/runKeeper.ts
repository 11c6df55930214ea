import { readFileSync } from "node:fs";
import { z } from "zod";
import { keeperSchema } from "../../runtime/config/keeper.ts";
import { type Config, loadConfig } from "../../runtime/config/load.ts";
import { FatalError } from "../../runtime/errors.ts";
import { UsageError } from "../terminal/failure.ts";
import type { Output } from "../terminal/output.ts";
import type { RunOptions } from "./options.ts";
import { type Role, type RoleName, roleNames } from "./role.ts";
import { loadRole } from "./roles.ts";
import type { RunConfig } from "./serveRole.ts";

/** Environment variables that begin like ours and belong to the CLI itself. */
const cliVariables = ["MYCELIA_DATA_DIR"];

/** Runs one keeper in one of our roles until it is told to stop; resolves with the exit code. */
export async function runKeeper(options: RunOptions, output: Output): Promise<number> {
  const name = roleOf(options);
  return await runRole(name, await loadRole(name), options, output);
}

/** Runs a keeper in a role of the caller's making; its section of the configuration has the name of one of ours. */
export async function runRole(
  name: RoleName,
  role: Role,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const config = await readConfig(name, role, options);
  if (options.printConfig === true) {
    const rows = config.describe();
    output.result(rows, () =>
      output.table(
        ["setting", "value", "from"],
        rows.map(({ path, value, source }) => [path, value, source]),
      ),
    );
    return 0;
  }
  const { serveRole } = await import("./serveRole.ts");
  return await serveRole(role, config.values as RunConfig);
}

async function readConfig(name: RoleName, role: Role, options: RunOptions): Promise<Config<z.ZodObject>> {
  const schema = keeperSchema.extend({
    role: z.enum(roleNames).default(name),
    name: z.string().min(1).default(name),
    [name]: role.section,
  });
  return await loadConfig(schema, {
    file: options.config,
    env: process.env,
    flags: Object.fromEntries((options.set ?? []).map(splitAssignment)),
    otherVariables: cliVariables,
  });
}

function splitAssignment(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--set wants path=value, not "${text}"`, { text });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The role is named by the flag or by the file. */
function roleOf(options: RunOptions): RoleName {
  if (options.role !== undefined) return options.role as RoleName;
  if (options.config === undefined) throw new UsageError(`name a role: --role ${roleNames.join("|")}`);
  const { role } = parseFile(options.config);
  const known = roleNames.find((candidate) => candidate === role);
  if (known === undefined)
    throw new UsageError(`${options.config} names no role; add --role ${roleNames.join("|")}`);
  return known;
}

function parseFile(file: string): { role?: unknown } {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { role?: unknown };
  } catch (cause) {
    throw new FatalError(
      "config/bad-file",
      `the configuration file ${file} can't be read as JSON`,
      { file },
      cause,
    );
  }
}
