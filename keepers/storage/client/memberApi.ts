import type { Shape } from "../../coding/codec.ts";
import { FatalError } from "../../runtime/errors.ts";
import { HttpError } from "../../runtime/http/errors.ts";
import type { HttpClient, HttpRequest } from "../../runtime/http/exchange.ts";
import { signRequest } from "../../runtime/http/signedRequest.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import type { CommitteeMember } from "../chain/committeeView.ts";
import type { TableVersion } from "../format/batchReceipts.ts";
import { MAX_LOCATIONS_BYTES, type ObjectLocation, parseLocations } from "../format/locations.ts";
import { nameOf } from "../format/names.ts";
import type { Publication } from "../format/publication.ts";
import { VOUCHER_HEADER } from "../format/readVoucher.ts";
import {
  MAX_HEAD_BYTES,
  MAX_STRIPS_ANSWER_BYTES,
  parseHead,
  parseStripsAnswer,
  type SegmentHead,
  type StripsAnswer,
} from "../format/segmentFormat.ts";
import { stripBytes } from "../format/stripFormat.ts";
import type { ReadPurse } from "./readPurse.ts";

/** The requests that a storage node answers. What comes back is parsed, not yet checked. */
export interface MemberApi {
  /** The body of the answer: a receipt. */
  putSegment(
    member: CommitteeMember,
    commitment: Uint8Array,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  /** Asks a member to stand behind a batch; `list` is its segments. The body of the answer: a receipt. */
  postBatch(
    member: CommitteeMember,
    table: TableVersion,
    list: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  postPublication(member: CommitteeMember, publication: Publication, signal: AbortSignal): Promise<void>;
  head(member: CommitteeMember, commitment: Uint8Array, signal: AbortSignal): Promise<SegmentHead>;
  strips(
    member: CommitteeMember,
    commitment: Uint8Array,
    shape: Shape,
    numbers: readonly number[],
    signal: AbortSignal,
  ): Promise<StripsAnswer>;
  /** Says what a segment packs; `strips` are those that hold its table. */
  putPack(
    member: CommitteeMember,
    commitment: Uint8Array,
    strips: Uint8Array,
    signal: AbortSignal,
  ): Promise<void>;
  /** Where a member says that an object lies; checked in form only. @param after commitment to go on behind */
  locations(
    member: CommitteeMember,
    name: Uint8Array,
    signal: AbortSignal,
    after?: Uint8Array,
  ): Promise<ObjectLocation[]>;
}

export interface MemberApiNeeds {
  readonly http: HttpClient;
  readonly chainId: number;
  /** Needed for what costs a member something; reads need none. */
  readonly signer?: KeySigner | undefined;
  /** Pays for reads where a member asks for it. */
  readonly purse?: ReadPurse | undefined;
  /** Limit for one request, milliseconds. */
  readonly timeoutMs: number;
}

const BINARY = { "content-type": "application/octet-stream" };
const JSON_TYPE = { "content-type": "application/json" };
const MAX_RECEIPT_BYTES = 4_096;
const ANSWER_HEADER_BYTES = 34;

type Ask = (member: CommitteeMember, path: string, request: HttpRequest) => Promise<Uint8Array>;

interface ReadRequest extends HttpRequest {
  readonly maxBytes: number;
  /** Bytes of the answer, where they are known. */
  readonly expectedBytes?: number;
}

type Read = (member: CommitteeMember, path: string, request: ReadRequest) => Promise<Uint8Array>;

export function createMemberApi(needs: MemberApiNeeds): MemberApi {
  const ask: Ask = async (member, path, request) => {
    const answer = await needs.http.request(urlOf(member, path), { timeoutMs: needs.timeoutMs, ...request });
    return answer.body;
  };
  return { ...writes(signedBy(needs, ask)), ...reads(signedWhenAsked(needs, ask)) };
}

/** Reads are signed for members that have asked for it: a signature costs them more than a look-up. */
function signedWhenAsked(needs: MemberApiNeeds, ask: Ask): Read {
  const { signer, chainId } = needs;
  const asking = new Set<string>();
  const signed = async (by: KeySigner, member: CommitteeMember, path: string, request: HttpRequest) => {
    const what = { chainId, audience: member.signer, method: "GET", url: urlOf(member, path) };
    const headers = { ...request.headers, authorization: await signRequest(by, what) };
    return await ask(member, path, { ...request, headers });
  };
  if (signer === undefined) return ask;
  const paid = paidWhenAsked(needs.purse, (member, path, request) => signed(signer, member, path, request));
  return async (member, path, request) => {
    if (asking.has(member.signer)) return await paid(member, path, request);
    try {
      return await ask(member, path, request);
    } catch (error) {
      if (!isProblem(error, "storage/unsigned")) throw error;
      asking.add(member.signer);
      return await paid(member, path, request);
    }
  };
}

/** Reads are paid for, from the first refusal on, where a session pays the member: what is free is read first. */
function paidWhenAsked(purse: ReadPurse | undefined, ask: Ask): Read {
  if (purse === undefined) return ask;
  const paying = new Set<string>();
  const paid: Read = (member, path, request) =>
    purse.read(member, { expected: request.expectedBytes, most: request.maxBytes }, (voucher) =>
      ask(member, path, { ...request, headers: { ...request.headers, [VOUCHER_HEADER]: voucher } }),
    );
  return async (member, path, request) => {
    if (paying.has(member.operator)) return await paid(member, path, request);
    try {
      return await ask(member, path, request);
    } catch (error) {
      if (!isProblem(error, "storage/payment-required") || !(await purse.pays(member))) throw error;
      paying.add(member.operator);
      return await paid(member, path, request);
    }
  };
}

function isProblem(error: unknown, code: string): boolean {
  return error instanceof HttpError && error.problem?.code === code;
}

/** Signs method and path, and the body where the path does not name it by its hash. */
function signedBy({ signer, chainId }: MemberApiNeeds, ask: Ask) {
  return async (
    member: CommitteeMember,
    path: string,
    request: HttpRequest,
    covered?: string | Uint8Array,
  ) => {
    if (signer === undefined) throw noSigner();
    const url = urlOf(member, path);
    const what = { chainId, audience: member.signer, method: request.method ?? "GET", url, body: covered };
    const authorization = await signRequest(signer, what);
    const headers = { ...request.headers, authorization };
    return await ask(member, path, { ...request, maxBytes: MAX_RECEIPT_BYTES, headers });
  };
}

function writes(
  ask: ReturnType<typeof signedBy>,
): Pick<MemberApi, "putSegment" | "putPack" | "postBatch" | "postPublication"> {
  return {
    putSegment: (member, commitment, body, signal) =>
      ask(member, `segments/${nameOf(commitment)}`, { method: "PUT", headers: BINARY, body, signal }),
    putPack: async (member, commitment, body, signal) => {
      await ask(member, `packs/${nameOf(commitment)}`, { method: "PUT", headers: BINARY, body, signal });
    },
    postBatch: (member, { committee, version }, body, signal) => {
      const path = `batches?committee=${committee}&version=${version}`;
      return ask(member, path, { method: "POST", headers: BINARY, body, signal }, body);
    },
    postPublication: async (member, publication, signal) => {
      const body = JSON.stringify(publication);
      await ask(member, "publications", { method: "POST", headers: JSON_TYPE, body, signal }, body);
    },
  };
}

function reads(ask: Read): Pick<MemberApi, "head" | "strips" | "locations"> {
  return {
    head: async (member, commitment, signal) =>
      parseHead(await ask(member, `segments/${nameOf(commitment)}`, { maxBytes: MAX_HEAD_BYTES, signal })),
    strips: async (member, commitment, shape, numbers, signal) => {
      const path = `segments/${nameOf(commitment)}/strips?numbers=${numbers.join(",")}`;
      const maxBytes = Math.max(MAX_STRIPS_ANSWER_BYTES, ANSWER_HEADER_BYTES + stripBytes(shape));
      const expectedBytes = ANSWER_HEADER_BYTES + numbers.length * stripBytes(shape);
      return parseStripsAnswer(await ask(member, path, { maxBytes, expectedBytes, signal }), shape);
    },
    locations: async (member, name, signal, after) => {
      const query = after === undefined ? "" : `?after=${nameOf(after)}`;
      const path = `objects/${nameOf(name)}${query}`;
      return parseLocations(await ask(member, path, { maxBytes: MAX_LOCATIONS_BYTES, signal }));
    },
  };
}

/** @throws FatalError storage/bad-endpoint for an endpoint on chain that is no URL */
export function urlOf(member: CommitteeMember, path: string): string {
  const url = `${member.endpoint.replace(/\/+$/, "")}/${path}`;
  if (URL.canParse(url)) return url;
  throw new FatalError(
    "storage/bad-endpoint",
    `member ${member.number} has the endpoint "${member.endpoint.slice(0, 128)}", no URL`,
    {
      member: member.number,
    },
  );
}

function noSigner(): FatalError {
  return new FatalError(
    "storage/no-signer",
    "storing needs a key to sign requests with; make the client with a signer",
  );
}
