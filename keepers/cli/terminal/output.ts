import Table from "cli-table3";
import colours from "picocolors";

/** Where a command's result goes: tables and lines for people, one JSON value for machines. */
export interface Output {
  readonly json: boolean;
  /** The command's result; printed as JSON with --json, else by `people`. */
  result(value: unknown, people: () => void): void;
  line(text: string): void;
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  /** Progress and notes: standard error, nothing with --json. */
  note(text: string): void;
}

/** JSON with bigints as decimal strings. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item),
    indent,
  );
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result(value, people) {
      if (json) process.stdout.write(`${toJson(value)}\n`);
      else people();
    },
    line: (text) => void process.stdout.write(`${text}\n`),
    table(head, rows) {
      const border = process.stdout.isTTY ? ["dim"] : [];
      const table = new Table({
        head: head.map((cell) => colours.bold(cell)),
        style: { head: [], border, compact: true },
      });
      for (const row of rows) table.push([...row]);
      process.stdout.write(`${table.toString()}\n`);
    },
    note(text) {
      if (!json) process.stderr.write(`${colours.dim(text)}\n`);
    },
  };
}
