import { MyceliaError } from "../errors.ts";

/** Exit codes that a supervisor can act on. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** EX_TEMPFAIL of sysexits.h: start me again. */
  retry: 75,
  interrupted: 130,
  terminated: 143,
} as const;

/** 75 when trying again, unchanged, may help; 1 otherwise. */
export function exitCodeOf(error: unknown): number {
  return error instanceof MyceliaError && error.retry ? EXIT.retry : EXIT.failed;
}
