import colours from "picocolors";

/** Shows how far something is; silent unless standard error is a terminal. */
export interface Progress {
  update(done: number, total: number): void;
  end(): void;
}

const width = 28;
const showAfterMs = 700;
const redrawEveryMs = 80;

function bar(fraction: number): string {
  const filled = Math.round(Math.min(1, fraction) * width);
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
}

/** Bytes in the unit that reads best. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[power]}`;
}

export function createProgress(label: string, enabled: boolean): Progress {
  const started = Date.now();
  let drawn = 0;
  if (!enabled || !process.stderr.isTTY) return { update() {}, end() {} };
  return {
    update(done, total) {
      const now = Date.now();
      if (now - started < showAfterMs || now - drawn < redrawEveryMs) return;
      drawn = now;
      const fraction = total > 0 ? done / total : 0;
      const rate = formatBytes((done / (now - started)) * 1000);
      process.stderr.write(
        `\r\u001b[K${label} ${colours.cyan(bar(fraction))} ${(fraction * 100).toFixed(0)} % ${rate}/s`,
      );
    },
    end() {
      if (drawn > 0) process.stderr.write("\r\u001b[K");
    },
  };
}
