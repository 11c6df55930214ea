import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Names that systems give to Chromium; the first is all that is needed. */
const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"];

/** Quiet, and with nothing to fetch: what a browser asks its maker is no part of a test. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Makes a suite's tests skip, saying so, where no Chromium is installed; in CI they fail instead.
 * Call it first in `before`.
 */
export function requireBrowser(context: Mocha.Context): void {
  if (program() !== undefined) return;
  const word =
    "no Chromium is installed: apt-get install chromium-headless-shell, or name its program in MYCELIA_BROWSER";
  if (process.env.CI === "true") throw new Error(word);
  console.log(`      skipped: ${word}`);
  context.skip();
}

/** The Chromium of this machine, without a window. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: program()!, args: FLAGS });
}

function program(): string | undefined {
  const named = process.env.MYCELIA_BROWSER;
  if (named !== undefined) return named;
  const places = (process.env.PATH ?? "").split(delimiter);
  return NAMES.flatMap((name) => places.map((place) => join(place, name))).find((path) => existsSync(path));
}
