import type { KeeperContext } from "../../runtime/context.ts";
import { HttpError } from "../../runtime/http/errors.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { urlOf } from "../client/memberApi.ts";

const AT_ONCE = 8;
/** A keeper says {"status":"ok"} and its name; more is not read. */
const MAX_BYTES = 4_096;

export interface ProbeOptions {
  /** Limit for one request, milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks every member whether it is there, a few at a time. */
export async function probeMembers(
  http: KeeperContext["http"],
  members: readonly CommitteeMember[],
  options: ProbeOptions,
  note: (member: CommitteeMember, isThere: boolean) => void,
): Promise<void> {
  const left = [...members];
  const work = async (): Promise<void> => {
    for (let member = left.shift(); member !== undefined; member = left.shift()) {
      note(member, await probe(http, member, options));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Whatever a member answers, an answer it is: what it is worth is for audits. */
async function probe(
  http: KeeperContext["http"],
  member: CommitteeMember,
  { timeoutMs, signal }: ProbeOptions,
): Promise<boolean> {
  try {
    await http.request(urlOf(member, "health"), { timeoutMs, signal, maxBytes: MAX_BYTES });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof HttpError && (error.status !== undefined || error.code === "http/too-large");
  }
}
