import { statfsSync } from "node:fs";
import { MyceliaError, RetryableError } from "../errors.ts";

/** Full disk, used-up quota, largest file: what Node and what LMDB call them. */
const NO_SPACE: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG", 28, 122, 27]);
const EIO = 5;
/** With less than this free, a commit that broke off has met the end of the disk, bytes. */
const NOTHING = 256 * 1024;
/** What a commit may take beside its entries: pages of the tree above them, bytes. */
const PAGES = 128 * 1024;

/** Whether a write failed because there was no room for it. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && "code" in error && NO_SPACE.has(error.code);
}

/** Why a commit in `directory` failed, in our words. */
export function commitFailure(cause: unknown, directory: string): MyceliaError {
  if (cause instanceof MyceliaError) return cause;
  if (isNoSpace(cause) || (isBrokenOff(cause) && freeBytes(directory) < NOTHING)) return diskFull(cause);
  return new RetryableError("store/write-failed", "The disk did not take a write; try again.", {}, cause);
}

/** A full disk takes the first part of a write, which LMDB calls an input/output error. */
function isBrokenOff(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === EIO;
}

/**
 * Before a commit of so many bytes: LMDB writes past the end of its own memory when it tells why the disk did not take a
 * page, so the end of the disk is not for it to find.
 * @throws RetryableError store/disk-full when they may not fit
 */
export function requireRoom(directory: string, bytes: number): void {
  if (freeBytes(directory) < PAGES + 2 * bytes) throw diskFull(undefined);
}

function diskFull(cause: unknown): MyceliaError {
  return new RetryableError("store/disk-full", "The disk is full; nothing was written.", {}, cause);
}

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
