import type { Shape } from "../coding/codec.ts";
import { FatalError } from "../runtime/errors.ts";
import type { HttpClient, HttpRequest } from "../runtime/http/client.ts";
import { signRequest } from "../runtime/http/signedRequest.ts";
import type { KeySigner } from "../runtime/keys/signer.ts";
import type { CommitteeMember } from "./committeeView.ts";
import { MAX_MANIFEST_BYTES } from "./limits.ts";
import { nameOf } from "./names.ts";
import type { Publication } from "./publicationRoutes.ts";
import {
  MAX_HEAD_BYTES,
  MAX_STRIPS_ANSWER_BYTES,
  parseHead,
  parseStripsAnswer,
  type SegmentHead,
  type StripsAnswer,
} from "./segmentFormat.ts";
import { stripBytes } from "./stripFormat.ts";

/** The requests that a storage node answers. What comes back is parsed, not yet checked. */
export interface MemberApi {
  /** The body of the answer: a receipt. */
  putSegment(
    member: CommitteeMember,
    commitment: Uint8Array,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  putManifest(
    member: CommitteeMember,
    root: Uint8Array,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<void>;
  postPublication(member: CommitteeMember, publication: Publication, signal: AbortSignal): Promise<void>;
  head(member: CommitteeMember, commitment: Uint8Array, signal: AbortSignal): Promise<SegmentHead>;
  strips(
    member: CommitteeMember,
    commitment: Uint8Array,
    shape: Shape,
    numbers: readonly number[],
    signal: AbortSignal,
  ): Promise<StripsAnswer>;
  manifest(member: CommitteeMember, root: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

export interface MemberApiNeeds {
  readonly http: HttpClient;
  readonly chainId: number;
  /** Needed for what costs a member something; reads need none. */
  readonly signer?: KeySigner | undefined;
  /** Limit for one request, milliseconds. */
  readonly timeoutMs: number;
}

const BINARY = { "content-type": "application/octet-stream" };
const MAX_RECEIPT_BYTES = 4_096;
const ANSWER_HEADER_BYTES = 34;

export function createMemberApi({ http, chainId, signer, timeoutMs }: MemberApiNeeds): MemberApi {
  const ask = async (member: CommitteeMember, path: string, request: HttpRequest) =>
    (await http.request(urlOf(member, path), { timeoutMs, ...request })).body;
  const signed = async (member: CommitteeMember, path: string, request: HttpRequest, covered?: string) => {
    if (signer === undefined) throw noSigner();
    const what = {
      chainId,
      audience: member.signer,
      method: request.method ?? "GET",
      url: urlOf(member, path),
    };
    const authorization = await signRequest(signer, { ...what, body: covered });
    return await ask(member, path, { ...request, headers: { ...request.headers, authorization } });
  };
  return {
    putSegment: (member, commitment, body, signal) =>
      signed(member, `segments/${nameOf(commitment)}`, {
        ...{ method: "PUT", headers: BINARY, body, maxBytes: MAX_RECEIPT_BYTES, signal },
      }),
    putManifest: async (member, root, bytes, signal) => {
      const request = {
        method: "PUT",
        headers: BINARY,
        body: bytes,
        maxBytes: MAX_RECEIPT_BYTES,
        signal,
      } as const;
      await signed(member, `manifests/${nameOf(root)}`, request);
    },
    postPublication: async (member, publication, signal) => {
      const body = JSON.stringify(publication);
      const headers = { "content-type": "application/json" };
      await signed(
        member,
        "publications",
        { method: "POST", headers, body, maxBytes: MAX_RECEIPT_BYTES, signal },
        body,
      );
    },
    head: async (member, commitment, signal) =>
      parseHead(await ask(member, `segments/${nameOf(commitment)}`, { maxBytes: MAX_HEAD_BYTES, signal })),
    strips: async (member, commitment, shape, numbers, signal) => {
      const path = `segments/${nameOf(commitment)}/strips?numbers=${numbers.join(",")}`;
      const maxBytes = Math.max(MAX_STRIPS_ANSWER_BYTES, ANSWER_HEADER_BYTES + stripBytes(shape));
      return parseStripsAnswer(await ask(member, path, { maxBytes, signal }), shape);
    },
    manifest: (member, root, signal) =>
      ask(member, `manifests/${nameOf(root)}`, { maxBytes: MAX_MANIFEST_BYTES, signal }),
  };
}

/** @throws FatalError storage/bad-endpoint for an endpoint on chain that is no URL */
function urlOf(member: CommitteeMember, path: string): string {
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
