import { existsSync, readdirSync } from "node:fs";
import type { Figures } from "./figure.ts";
import type { LineChart } from "./plot.ts";

/** What bench/<subject>/index.ts exports. */
export interface Subject {
  readonly figures: Figures;
  /** What can be drawn of it. */
  readonly charts?: () => readonly LineChart[];
}

const home = new URL("./", import.meta.url);
const entry = (subject: string) => new URL(`${subject}/index.ts`, home);

/** The subjects that there are: the folders of bench/ with an index. */
export function subjects(): string[] {
  return readdirSync(home, { withFileTypes: true })
    .filter((found) => found.isDirectory() && existsSync(entry(found.name)))
    .map((found) => found.name)
    .sort();
}

/** @throws Error when there is no such subject; the message lists those that there are */
export async function loadSubject(subject: string): Promise<Subject> {
  if (!subjects().includes(subject))
    throw new Error(`There is no subject "${subject}" to measure; there is: ${subjects().join(", ")}`);
  return (await import(entry(subject).href)) as Subject;
}
