/**
 * Numbers of objects: the run of the node that wrote one, and its place in that run. Runs are claimed before anything is written
 * (see `Ownership`), so a write of an earlier run that lands late meets no other's name.
 */

const PER_RUN = 2 ** 32;
const NAME = /^rows-(\d{7})-(\d{10})\.dat$/;

export function numberOf(run: number, place: number): number {
  return run * PER_RUN + place;
}

/** Run in which a number was given out; 0 of a file that lies in a directory. */
export function runOf(file: number): number {
  return Math.floor(file / PER_RUN);
}

export function objectName(file: number): string {
  const run = runOf(file).toString().padStart(7, "0");
  return `rows-${run}-${(file % PER_RUN).toString().padStart(10, "0")}.dat`;
}

/** The number in a name; undefined when it is no name of rows. */
export function parseObjectName(name: string): number | undefined {
  const [, run, place] = NAME.exec(name) ?? [];
  return run === undefined || Number(place) >= PER_RUN ? undefined : numberOf(Number(run), Number(place));
}
