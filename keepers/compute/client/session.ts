import { z } from "zod";
import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import { Backoff } from "../../runtime/pause.ts";
import { createRecords, plainFormat, type Records } from "../../runtime/store/records.ts";
import { readSession, type SessionTerms } from "../chainReads.ts";
import type { TensorSpec } from "../engine/engine.ts";
import { padded } from "../receiptJournal.ts";
import { bodyDigest, type SignedReceipt } from "../receipts.ts";
import { countUnits, DATA_TYPES, decodeTensors, encodeTensors, type Tensor } from "../tensors.ts";
import { Turns } from "../turns.ts";
import { type SignedVoucher, signVoucher } from "../vouchers.ts";
import { HEADERS, receiptFromHeader, TENSORS_TYPE, toHeader, toWire } from "../wire.ts";
import type { ClientParts } from "./parts.ts";
import { explainPeer } from "./peerErrors.ts";
import { checkReceipt } from "./receiptCheck.ts";
import { awaitSettlement, type Settlement, type WaitOptions } from "./settlement.ts";

/** One answer, with the receipt that binds its provider to it. */
export interface Inference {
  readonly outputs: readonly Tensor[];
  readonly receipt: SignedReceipt;
}

/** A request that has been sent and not been answered yet, as far as the store knows. */
interface Pending {
  readonly index: bigint;
  readonly request: Uint8Array;
}

const ATTEMPTS = 4;

/**
 * An open session. One request is under way at a time; each is in the store before it is sent, and each receipt is checked
 * and in the store before its answer is given out, so a killed client goes on where it was.
 */
export class ComputeSession {
  readonly terms: SessionTerms;
  readonly endpoint: string;
  readonly #parts: ClientParts;
  readonly #pending: Records<Pending>;
  readonly #turns = new Turns();

  constructor(parts: ClientParts, terms: SessionTerms, endpoint: string) {
    this.#parts = parts;
    this.terms = terms;
    this.endpoint = endpoint.replace(/\/$/, "");
    this.#pending = createRecords(parts.store, "pending/", plainFormat());
  }

  get id(): bigint {
    return this.terms.id;
  }

  /**
   * Asks for one answer and checks its receipt. After a crash, the request that was under way is finished first; asking the
   * same again gives its answer, not a second one.
   * @throws FatalError compute/over-budget, compute/bad-receipt, what the provider refuses with, what the guarded client
   * refuses with; RetryableError when it may go better later
   */
  infer(tensors: readonly Tensor[]): Promise<Inference> {
    return this.#turns.run("infer", async () => {
      const request = encodeTensors(tensors);
      const interrupted = await this.#pending.get(padded(this.id));
      if (interrupted !== undefined) {
        const answer = await this.#exchange(interrupted);
        if (bodyDigest(interrupted.request) === bodyDigest(request)) return answer;
      }
      const { receipts, amount } = (await this.#parts.journals.of(this.id)).sums;
      this.#checkBudget(amount, BigInt(countUnits(tensors)));
      const pending = { index: receipts, request };
      await this.#pending.put(padded(this.id), pending);
      return this.#exchange(pending);
    });
  }

  /** What was received so far: number of receipts and wei owed. */
  async progress(): Promise<{ receipts: bigint; amount: bigint; units: bigint }> {
    const { receipts, amount, units } = (await this.#parts.journals.of(this.id)).sums;
    return { receipts, amount, units };
  }

  /** What the model takes and gives, as its provider says. */
  async describe(): Promise<{ inputs: readonly TensorSpec[]; outputs: readonly TensorSpec[] }> {
    const { body } = await this.#parts.context.http.request(`${this.endpoint}/v1/services`);
    const offer = offerShape.safeParse(parseJson(body));
    const found = offer.data?.services.find(({ id }) => id === this.terms.service.toString());
    if (found !== undefined) return found;
    throw new FatalError(
      "compute/no-service",
      `${this.endpoint} does not describe service ${this.terms.service}.`,
    );
  }

  /** Hands over the last voucher and tells the provider that it may claim. */
  finish(): Promise<void> {
    return this.#turns.run("infer", async () => {
      const voucher = await this.#voucher();
      await this.#post(`/v1/sessions/${this.id}/finish`, toWire(voucher ?? {}), {
        "content-type": "application/json",
      });
    });
  }

  /** Waits until the session is closed and all claims are paid or void. */
  settled(options: WaitOptions = {}): Promise<Settlement> {
    return awaitSettlement(this.#parts, this.id, options);
  }

  /**
   * Ends the session on chain. The first call starts the provider's claim window, a call after it closes the session and
   * brings the rest of the budget back; a provider that was told by `finish` closes by itself.
   */
  async close(): Promise<void> {
    const { context, contracts } = this.#parts;
    const state = (await readSession(contracts, this.id))?.state;
    const data = contracts.sessions.interface.encodeFunctionData("close", [this.id]);
    const key = `sessions/close/${this.id}/${state}`;
    await context.transactions.send({ key, to: contracts.addresses.Sessions, data }, context.signal);
  }

  #checkBudget(spent: bigint, units: bigint): void {
    const price = units * this.terms.unitPrice;
    if (spent + price <= this.terms.budget) return;
    throw new FatalError(
      "compute/over-budget",
      `${units} units for ${price} wei go over the session's budget of ${this.terms.budget}.`,
      {
        spent: spent.toString(),
        price: price.toString(),
        budget: this.terms.budget.toString(),
      },
    );
  }

  async #exchange({ index, request }: Pending): Promise<Inference> {
    const voucher = await this.#voucher();
    const headers = {
      "content-type": TENSORS_TYPE,
      [HEADERS.session]: this.id.toString(),
      [HEADERS.index]: index.toString(),
      ...(voucher === undefined ? {} : { [HEADERS.voucher]: toHeader(voucher) }),
    };
    const answer = await this.#post("/v1/infer", request, headers).catch(async (error: unknown) => {
      // A request refused for good has no receipt, so its index is free for the next one.
      if (error instanceof MyceliaError && !error.retry) await this.#pending.delete(padded(this.id));
      throw error;
    });
    const limits = { maxBytes: this.#parts.maxResponseBytes };
    const outputs = decodeTensors(answer.body, limits);
    const signed = receiptFromHeader(answer.headers[HEADERS.receipt]);
    const inputs = decodeTensors(request, { maxBytes: request.length });
    const exchange = { index, request, inputs, response: answer.body, outputs };
    const { context, market, journals, store } = this.#parts;
    await checkReceipt(context.provider, market, this.terms, exchange, signed);
    const journal = await journals.of(this.id);
    const done = createRecords<Pending>(store, "pending/", plainFormat()).deleteWrite(padded(this.id));
    const digests = [bodyDigest(request), bodyDigest(answer.body)] as const;
    if (!(await journal.append(signed, ...digests, [done]))) {
      throw new FatalError(
        "compute/journal-conflict",
        `Another process uses session ${this.id} with the same store.`,
      );
    }
    return { outputs, receipt: signed };
  }

  async #voucher(): Promise<SignedVoucher | undefined> {
    const { context, market, journals } = this.#parts;
    const { receipts, amount, root } = (await journals.of(this.id)).sums;
    if (receipts === 0n) return undefined;
    return signVoucher(context.signer, market, { session: this.id, amount, receipts, receiptsRoot: root });
  }

  /** Posts until it is answered: a repeated request gets the same answer. */
  async #post(path: string, body: Uint8Array | string, headers: Record<string, string>) {
    const { context, requests, maxResponseBytes: maxBytes, answerTimeoutMs: timeoutMs } = this.#parts;
    const backoff = new Backoff(200, 2_000);
    for (let attempt = 1; ; attempt++) {
      try {
        const request = {
          method: "POST",
          body,
          headers,
          maxBytes,
          timeoutMs,
          signal: context.signal,
        } as const;
        return await requests.request(this.terms.operator, this.endpoint + path, request);
      } catch (error) {
        const known = explainPeer(this.endpoint, error);
        const again = known instanceof MyceliaError && known.retry && attempt < ATTEMPTS;
        if (!again || context.signal.aborted) throw known;
        await backoff.wait(context.signal);
      }
    }
  }
}

const specs = z.array(
  z.object({ name: z.string(), dtype: z.enum(DATA_TYPES), dims: z.array(z.union([z.number(), z.string()])) }),
);
const offerShape = z.object({
  services: z.array(z.object({ id: z.string(), inputs: specs, outputs: specs })),
});

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}
