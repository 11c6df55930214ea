import type { Provider } from "ethers";
import * as z from "zod";
import type { Deployment } from "../../runtime/chain/deployment.ts";
import { FatalError, RetryableError } from "../../runtime/errors.ts";
import { HttpError } from "../../runtime/http/errors.ts";
import { KeyedLock } from "../../runtime/keyedLock.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import type { Store } from "../../runtime/store/store.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import { capDown, payableSeat, type ReadSession, readSession } from "../chain/readSessions.ts";
import { placeOf } from "../chain/seats.ts";
import { encodeVoucher, signReadVoucher, type VoucherScope } from "../format/readVoucher.ts";
import { ReadAccount, type ReadBill } from "./readAccount.ts";

export interface ReadPurseNeeds {
  readonly provider: Provider;
  readonly deployment: Deployment;
  readonly scope: VoucherScope;
  /** Signs vouchers and requests: that of the sessions. */
  readonly signer: KeySigner;
  /** Remembers what was signed, so that a restart neither pays twice nor forgets what it owes. */
  readonly store: Store;
  /** Asked for a session of a committee whose member wants to be paid, and is paid by none. */
  readonly sessionFor?: ((committee: number) => Promise<bigint | undefined>) | undefined;
}

/** What an answer may weigh. */
export interface AnswerSize {
  /** Bytes, where the reader knows them. */
  readonly expected?: number | undefined;
  /** Most bytes that are taken. */
  readonly most: number;
}

interface Paying {
  readonly session: ReadSession;
  readonly operator: string;
  readonly account: ReadAccount;
}

const digits = z.string().regex(/^(0|[1-9]\d{0,38})$/);
const bill = z.object({
  price: digits,
  servedBytes: z.number().int().nonnegative(),
  answerBytes: z.number().int().nonnegative(),
});

/** Pays members out of read sessions: signs vouchers as it reads, for what it has received and the next answer. */
export class ReadPurse {
  readonly #needs: ReadPurseNeeds;
  readonly #signed: Records<bigint>;
  readonly #sessions: Map<bigint, Promise<ReadSession> | undefined>;
  /** By operator. */
  readonly #paying = new Map<string, Promise<Paying | undefined>>();
  /** One for each session and operator, whatever else is opened meanwhile. */
  readonly #accounts = new Map<string, ReadAccount>();
  readonly #turns = new KeyedLock();

  constructor(needs: ReadPurseNeeds, sessions: readonly bigint[] = []) {
    this.#needs = needs;
    this.#signed = createRecords(needs.store, "signed/", plainFormat());
    this.#sessions = new Map(sessions.map((id) => [id, undefined]));
  }

  /** Takes a session of this signer, newest first. */
  add(id: bigint): void {
    this.#sessions.set(id, undefined);
    this.#paying.clear();
  }

  /** Takes no more vouchers from a session. */
  drop(id: bigint): void {
    this.#sessions.delete(id);
    this.#paying.clear();
  }

  /** Wei that the vouchers of a session were signed for. */
  async signed(id: bigint): Promise<bigint> {
    let sum = 0n;
    for await (const [, amount] of this.#signed.scan({ prefix: keyOf(id, "") })) sum += amount;
    return sum;
  }

  /** Whether a session pays this member. */
  async pays(member: CommitteeMember): Promise<boolean> {
    return (await this.#payingOf(member)) !== undefined;
  }

  /**
   * Has a request answered that is paid for; when the member asks for more than was signed, and has a right to it, once more.
   * @param send sends the request with a voucher as the header's value
   * @throws FatalError storage/overcharged; RetryableError storage/budget-exhausted; what `send` throws
   */
  async read(
    member: CommitteeMember,
    size: AnswerSize,
    send: (voucher: string) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const paying = await this.#payingOf(member);
    if (paying === undefined) throw unpaid(member);
    const { account } = paying;
    const turn = account.begin(size.expected, size.most);
    // What may have been sent without coming is counted as sent.
    let bytes: bigint | undefined = 0n;
    try {
      const first = await this.#sign(paying, () => account.amount());
      bytes = undefined;
      const answer = await send(first).catch(async (error: unknown) => {
        const asked = billOf(error);
        if (asked === undefined) throw error;
        bytes = 0n;
        const second = await this.#sign(paying, () => account.accept(turn, asked));
        bytes = undefined;
        return await send(second);
      });
      bytes = BigInt(answer.length);
      return answer;
    } catch (error) {
      // A member that refuses has sent nothing.
      if (error instanceof HttpError && error.status !== undefined && error.status >= 400) bytes = 0n;
      throw error;
    } finally {
      account.end(turn, bytes);
    }
  }

  /** One after the other, so that what is durable never falls behind what was signed. */
  async #sign({ session, operator }: Paying, amountOf: () => bigint): Promise<string> {
    const { signer, scope } = this.#needs;
    const key = keyOf(session.id, operator);
    return await this.#turns.run(key, async () => {
      const amount = amountOf();
      await this.#signed.put(key, amount);
      return encodeVoucher(await signReadVoucher(signer, scope, { session: session.id, operator, amount }));
    });
  }

  async #payingOf({ operator }: CommitteeMember): Promise<Paying | undefined> {
    const known = await this.#paying.get(operator);
    if (known !== undefined && !hasEnded(known.session)) return known;
    const found = this.#find(operator);
    this.#paying.set(operator, found);
    found.catch(() => {
      if (this.#paying.get(operator) === found) this.#paying.delete(operator);
    });
    return await found;
  }

  async #find(operator: string): Promise<Paying | undefined> {
    const found = await this.#findKnown(operator);
    if (found !== undefined) return found;
    const id = await this.#order(operator);
    if (id === undefined) return undefined;
    if (!this.#sessions.has(id)) this.#sessions.set(id, undefined);
    return await this.#findKnown(operator);
  }

  /** Has a session opened, or named, for a member's committee. */
  async #order(operator: string): Promise<bigint | undefined> {
    const { provider, deployment, sessionFor } = this.#needs;
    if (sessionFor === undefined) return undefined;
    const { committee } = await placeOf(provider, deployment, operator);
    return await sessionFor(committee).catch((error: unknown) => {
      throw ofOwnMaking(error);
    });
  }

  async #findKnown(operator: string): Promise<Paying | undefined> {
    const { provider, deployment, signer } = this.#needs;
    let trouble: RetryableError | undefined;
    for (const id of [...this.#sessions.keys()].reverse()) {
      const session = await this.#session(id).catch((error: unknown) => {
        trouble = ofOwnMaking(error, { session: id });
        return undefined;
      });
      if (session === undefined || hasEnded(session)) continue;
      if (session.signer !== signer.address.toLowerCase()) {
        trouble = foreign(session, signer.address);
        continue;
      }
      const seat = await payableSeat(provider, deployment, session, operator);
      if (seat !== 0) return { session, operator, account: await this.#account(session, operator, seat) };
    }
    if (trouble !== undefined) throw trouble;
    return undefined;
  }

  async #account(session: ReadSession, operator: string, seat: number): Promise<ReadAccount> {
    const key = keyOf(session.id, operator);
    const signed = (await this.#signed.get(key)) ?? 0n;
    const account = this.#accounts.get(key) ?? new ReadAccount(session.price, capDown(session, seat), signed);
    this.#accounts.set(key, account);
    return account;
  }

  #session(id: bigint): Promise<ReadSession> {
    const { provider, deployment } = this.#needs;
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const session = readSession(provider, deployment, id);
    this.#sessions.set(id, session);
    session.catch(() => {
      if (this.#sessions.get(id) === session) this.#sessions.set(id, undefined);
    });
    return session;
  }
}

/** What a member asks for; undefined when it has failed otherwise. */
function billOf(error: unknown): ReadBill | undefined {
  if (!(error instanceof HttpError) || error.problem?.code !== "storage/payment-required") return undefined;
  const parsed = bill.safeParse(error.problem.details);
  if (!parsed.success) return undefined;
  const { price, servedBytes, answerBytes } = parsed.data;
  return { price: BigInt(price), servedBytes: BigInt(servedBytes), answerBytes: BigInt(answerBytes) };
}

/** By this machine's clock; the member asks the chain. */
function hasEnded({ expiresAt }: ReadSession): boolean {
  return expiresAt <= BigInt(Math.floor(Date.now() / 1_000));
}

function keyOf(id: bigint, operator: string): string {
  return `${id}/${operator.toLowerCase()}`;
}

function unpaid({ number }: CommitteeMember): RetryableError {
  return new RetryableError("storage/unpaid-member", `no open read session pays member ${number}`);
}

/** Retryable, so that no member is blamed for what is wrong with the reader's sessions. */
function ofOwnMaking(error: unknown, details: Record<string, unknown> = {}): RetryableError {
  if (!(error instanceof FatalError)) throw error;
  return new RetryableError(error.code, error.message, details, error);
}

function foreign({ id, signer }: ReadSession, own: string): RetryableError {
  return new RetryableError(
    "storage/wrong-signer",
    `the vouchers of read session ${id} are signed by ${signer}, this client has ${own}; use that key`,
    { session: id, signer, own },
  );
}
