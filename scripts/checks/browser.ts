import { gzipSync } from "node:zlib";
import { bundleForBrowser } from "../browserBundle.ts";

/** Most bytes that a page fetches for the client, before and after compression. */
const MAX_BYTES = 660 * 1024;
const MAX_GZIPPED = 224 * 1024;

/** Uses of what only node has, and growth, in the file for browsers; its size is printed. */
export async function findBrowserFaults(): Promise<string[]> {
  const { script, parts, nodeUses } = await bundleForBrowser();
  const [bytes, gzipped] = [Buffer.byteLength(script), gzipSync(script, { level: 9 }).length];
  const inKib = (size: number): string => `${Math.round(size / 1024)} KiB`;
  console.log(`the file for browsers: ${inKib(bytes)}, ${inKib(gzipped)} gzipped`);
  const faults = nodeUses.map((use) => `mycelia/browser reaches what only node has: ${use}`);
  if (bytes <= MAX_BYTES && gzipped <= MAX_GZIPPED) return faults;
  const largest = [...parts].sort(([, a], [, b]) => b - a).slice(0, 8);
  const shares = largest.map(([part, size]) => `${part} ${inKib(size)}`).join(", ");
  return [
    ...faults,
    `mycelia/browser has ${bytes} bytes, ${gzipped} gzipped; at most ${MAX_BYTES} and ${MAX_GZIPPED} (${shares})`,
  ];
}
