import { existsSync, readdirSync } from "node:fs";
import type { Figures } from "./figure.ts";

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
export async function loadSubject(subject: string): Promise<Figures> {
  if (!subjects().includes(subject))
    throw new Error(`There is no subject "${subject}" to measure; there is: ${subjects().join(", ")}`);
  const { figures } = (await import(entry(subject).href)) as { figures: Figures };
  return figures;
}
