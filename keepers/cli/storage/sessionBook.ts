import { isError } from "ethers";
import { chainTime } from "../../runtime/chain/time.ts";
import { TransactionRevertedError } from "../../runtime/transactions/errors.ts";
import { decodeRevert } from "../../runtime/transactions/reverts.ts";
import { readSessionsOf } from "../../storage/chain/readSessions.ts";
import type { ReadSessionCalls } from "../../storage/client.ts";
import type { Person } from "../person.ts";
import {
  createSessionOrders,
  type OpenOrder,
  type SessionOrder,
  type SessionOrders,
} from "./sessionOrders.ts";

/** Members serve for so long: an object is read within it, and the rest comes back the same day. */
const SERVED_SECONDS = 6 * 3_600;

/** A session that holds money. */
export interface OpenSession {
  readonly session: bigint;
  readonly objectRoot: string;
  readonly committee: number;
  /** Wei. */
  readonly budget: bigint;
  /** Wei that members can claim by what was signed. */
  readonly signed: bigint;
  /** Wei that come back at least. */
  readonly left: bigint;
  /** Timestamp after which it can be closed, seconds. */
  readonly closableAfter: number;
}

export interface ClosedSession {
  readonly session: bigint;
  readonly objectRoot: string;
  /** Wei. */
  readonly budget: bigint;
  /** Wei that came back; absent when somebody else had closed it. */
  readonly refunded?: bigint;
}

type BookPerson = Pick<Person, "provider" | "deployment" | "store">;

/** Opens and closes a person's read sessions, whatever was cut off before. */
export class SessionBook {
  readonly #person: BookPerson;
  readonly #calls: ReadSessionCalls;
  readonly #orders: SessionOrders;

  constructor(person: BookPerson, calls: ReadSessionCalls) {
    this.#person = person;
    this.#calls = calls;
    this.#orders = createSessionOrders(person.store);
  }

  /** Opens a session of its own for an object. */
  async open(
    what: Pick<SessionOrder, "objectRoot" | "committee" | "budget">,
    signal: AbortSignal,
  ): Promise<OpenOrder> {
    const key = `${what.objectRoot}/${what.committee}/${Date.now()}`;
    const order = { ...what, key, duration: SERVED_SECONDS, spent: false };
    await this.#orders.note(order);
    const opened = await this.#opened(order, await this.#calls.openReadSession(order, key, { signal }));
    if (opened === undefined) throw new Error(`the session of ${key} is closed before it has ended`);
    return opened;
  }

  /** Notes that a session was too little, so that no reading goes on with it. */
  async spend(order: SessionOrder): Promise<void> {
    await this.#orders.note({ ...order, spent: true });
  }

  /** Takes up what was cut off, closes what can be closed, and says what is open. */
  async settle(signal: AbortSignal): Promise<{ closed: ClosedSession[]; open: OpenOrder[] }> {
    const [closed, open]: [ClosedSession[], OpenOrder[]] = [[], []];
    const now = await chainTime(this.#person.provider);
    for (const noted of await this.#orders.all()) {
      const order = await this.#takeUp(noted, signal);
      if (order === undefined) continue;
      const session = now > order.open.claimBefore ? await this.#close(order, signal) : undefined;
      if (session === undefined) open.push(order);
      else closed.push(session);
    }
    return { closed, open };
  }

  async stateOf({ open, objectRoot, committee, budget }: OpenOrder): Promise<OpenSession> {
    const signed = await this.#calls.signedInReadSession(open.id);
    const closableAfter = Number(open.claimBefore);
    return {
      ...{ session: open.id, objectRoot, committee, budget },
      ...{ signed, left: budget - signed, closableAfter },
    };
  }

  /** An order with what the chain says of it; undefined, and forgotten, when it holds nothing. */
  async #takeUp(order: SessionOrder, signal: AbortSignal): Promise<OpenOrder | undefined> {
    if (order.open !== undefined) return { ...order, open: order.open };
    const id = await this.#calls.findReadSession(order, order.key, { signal });
    const opened = id === undefined ? undefined : await this.#opened(order, id);
    if (opened === undefined) await this.#orders.forget(order);
    return opened;
  }

  /** Notes which session an order has; undefined when it is closed already. */
  async #opened(order: SessionOrder, id: bigint): Promise<OpenOrder | undefined> {
    const { provider, deployment } = this.#person;
    try {
      const { expiresAt, claimBefore } = await readSessionsOf(provider, deployment).get(id);
      const opened = { ...order, open: { id, expiresAt, claimBefore } };
      await this.#orders.note(opened);
      return opened;
    } catch (error) {
      if (!isError(error, "CALL_EXCEPTION")) throw error;
      return undefined;
    }
  }

  /** Undefined while the chain's own clock is behind. */
  async #close(order: OpenOrder, signal: AbortSignal): Promise<ClosedSession | undefined> {
    const { objectRoot, budget, open } = order;
    const closed = { session: open.id, objectRoot, budget };
    try {
      const refunded = await this.#calls.closeReadSession(open.id, { signal });
      await this.#orders.forget(order);
      return { ...closed, refunded };
    } catch (error) {
      if (!(error instanceof TransactionRevertedError)) throw error;
      // The sender need not know the contract's errors.
      const { interface: sessions } = readSessionsOf(this.#person.provider, this.#person.deployment);
      const { name } = decodeRevert(error.revert.data, [sessions]);
      if (name === "ReadSessions_TooEarly") return undefined;
      if (name !== "ReadSessions_Unknown") throw error;
      await this.#orders.forget(order);
      return closed;
    }
  }
}
