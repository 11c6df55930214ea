import { setTimeout as sleep } from "node:timers/promises";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { createSignedClient } from "../../../../keepers/runtime/http/signedClient.ts";
import type { BatchSegment } from "../../../../keepers/storage/format/batch.ts";
import { encodeBatch } from "../../../../keepers/storage/format/batch.ts";

/** What a publisher says of an order. */
export interface OrderAnswer {
  readonly id: string;
  readonly state: "pending" | "published" | "failed";
  readonly object?: string;
  readonly batches?: readonly { readonly id: string; readonly state: string }[];
  readonly proofs?: readonly unknown[];
}

/** Where a publisher is, and who it is. */
export interface PublisherPlace {
  readonly url: string;
  readonly address: string;
}

/** A writer with a key, who orders from publishers. */
export class Writer {
  readonly #context: KeeperContext;

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  async orderObject(publisher: PublisherPlace, bytes: Uint8Array): Promise<OrderAnswer> {
    return await this.#post(publisher, "objects", bytes);
  }

  async orderSegments(publisher: PublisherPlace, segments: readonly BatchSegment[]): Promise<OrderAnswer> {
    return await this.#post(publisher, "orders", encodeBatch(segments));
  }

  async look({ url }: PublisherPlace, id: string): Promise<OrderAnswer> {
    const { body } = await this.#context.http.request(`${url}/orders/${id}`, { maxBytes: 1024 * 1024 });
    return JSON.parse(Buffer.from(body).toString()) as OrderAnswer;
  }

  /** Resolves once an order is published or has failed. */
  async wait(publisher: PublisherPlace, id: string): Promise<OrderAnswer> {
    for (;;) {
      const answer = await this.look(publisher, id);
      if (answer.state !== "pending") return answer;
      await sleep(50);
    }
  }

  async #post({ url, address }: PublisherPlace, path: string, body: Uint8Array): Promise<OrderAnswer> {
    const { http, signer, chainId } = this.#context;
    const signed = createSignedClient(http, signer, chainId);
    const headers = { "content-type": "application/octet-stream" };
    const answer = await signed.request(address, `${url}/${path}`, { method: "POST", headers, body });
    return JSON.parse(Buffer.from(answer.body).toString()) as OrderAnswer;
  }
}
