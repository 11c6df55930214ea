import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Addresses (hex, as /proc/net writes them) on which any of these processes listens; Linux only. */
export function listeningAddresses(pids: readonly number[]): string[] {
  const inodes = new Set(pids.flatMap(socketInodes));
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === "0A" && inodes.has(fields[9] ?? ""))
      .map((fields) => (fields[1] ?? "").split(":")[0] ?? ""),
  );
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const target = tryReadLink(`/proc/${pid}/fd/${fd}`);
      return target?.match(/^socket:\[(\d+)\]$/)?.[1] ?? [];
    });
  } catch {
    return [];
  }
}

function tryReadLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** 127.0.0.1 and ::1 as /proc/net writes them. */
export const loopbackAddresses = ["0100007F", "00000000000000000000000001000000"];
