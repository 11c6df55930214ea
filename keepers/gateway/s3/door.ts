import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type AuthenticationNeeds, authenticate } from "../access/authenticate.ts";
import { isGranted } from "../access/credentials.ts";
import { signableOf } from "../access/request.ts";
import { answerAbortedBy, letGo } from "../exchange.ts";
import type { GatewayParts } from "../parts.ts";
import { Refusal } from "../refusal.ts";
import type { ObjectCall } from "./call.ts";
import { headersOf, type S3Answer, type S3Call, targetOf } from "./call.ts";
import { errorXml, refusalOf } from "./errors.ts";
import { type Operation, operationOf } from "./operation.ts";
import { copySourceOf } from "./operations/writeObjects.ts";
import { documentOf } from "./xml/write.ts";

export interface S3DoorNeeds extends AuthenticationNeeds {
  readonly parts: GatewayParts;
  /** Buckets whose objects anybody may read by their keys. */
  readonly openBuckets: ReadonlySet<string>;
}

/** Under this path of the server S3 is spoken; clients have it in their endpoint. */
export const S3_PATH = "/s3";

/** Adds S3's door: every request under its path is answered in S3's form, errors too. */
export function addS3Door(server: FastifyInstance, needs: S3DoorNeeds): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply) => await respond(request, reply, needs);
  for (const url of [S3_PATH, `${S3_PATH}/*`]) server.all(url, answer);
}

async function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  needs: S3DoorNeeds,
): Promise<FastifyReply> {
  const { metrics } = needs.parts;
  let operation = "none";
  let answer: S3Answer;
  try {
    const call = openCall(request, needs);
    const asked = operationOf(call, needs);
    operation = asked.name;
    requireAllowed(asked, call, needs);
    answer = await asked.perform(call, needs.parts);
    metrics.answered(operation, "ok");
  } catch (error) {
    const refusal = refusalOf(error);
    metrics.answered(operation, refusal.s3Code);
    if (refusal.status >= 500) needs.parts.logger.warn({ err: error, operation }, "S3 request failed");
    else request.log.debug({ code: refusal.code, operation }, "S3 request refused");
    answer = errorAnswer(refusal, request);
  }
  await letGo(request.raw, reply);
  reply.code(answer.status).headers({ "x-amz-request-id": request.id, ...answer.headers });
  return await reply.send(request.method === "HEAD" ? undefined : answer.body);
}

function openCall(request: FastifyRequest, needs: S3DoorNeeds): S3Call {
  const { raw } = request;
  const signable = signableOf(request.method, raw.url ?? "", raw.headers);
  const authentication = authenticate(signable, needs);
  return {
    ...{ raw, authentication, method: request.method },
    target: targetOf(signable.rawPath.slice(S3_PATH.length + 1)),
    query: new Map(signable.query),
    headers: headersOf(signable, authentication?.isPresigned === true),
    signal: answerAbortedBy(request, needs.parts.signal),
  };
}

/** @throws Refusal AccessDenied */
function requireAllowed(operation: Operation, call: S3Call, { openBuckets }: S3DoorNeeds): void {
  const { authentication, target } = call;
  const { right, name } = operation;
  if (authentication === undefined) {
    if (operation.isOpen === true && openBuckets.has(target.bucket ?? "")) return;
    throw denied(`${name} needs a signature`);
  }
  const { key } = authentication;
  if (right !== undefined && !isGranted(key, target.bucket, right))
    throw denied(`the key may not ${right} in this bucket`);
  if (name !== "CopyObject") return;
  if (!isGranted(key, copySourceOf(call as ObjectCall).bucket, "read"))
    throw denied("the key may not read in the bucket of the source");
}

function errorAnswer(refusal: Refusal, request: FastifyRequest): S3Answer {
  if (refusal.status === 304) return { status: 304 };
  const resource = (request.raw.url ?? "").split("?", 1)[0]?.slice(S3_PATH.length, 1_024);
  const { size } = refusal.details;
  const range: Record<string, string> =
    refusal.s3Code === "InvalidRange" ? { "content-range": `bytes */${String(size)}` } : {};
  const headers = { "content-type": "application/xml", ...range };
  return { status: refusal.status, headers, body: documentOf(errorXml(refusal, resource)) };
}

function denied(why: string): Refusal {
  return new Refusal("AccessDenied", why);
}
