import type { Right } from "../access/credentials.ts";
import { headerOf } from "../access/request.ts";
import type { GatewayParts } from "../parts.ts";
import { notImplemented, Refusal } from "../refusal.ts";
import type { BucketCall, ObjectCall, S3Answer, S3Call } from "./call.ts";
import * as buckets from "./operations/buckets.ts";
import { completeMultipartUpload } from "./operations/complete.ts";
import { listObjectsV1, listObjectsV2 } from "./operations/listObjects.ts";
import * as multipart from "./operations/multipart.ts";
import { getObject, headObject } from "./operations/readObjects.ts";
import * as writes from "./operations/writeObjects.ts";

/** What a request asks for, and what it takes to be allowed it. */
export interface Operation {
  /** S3's name of it. */
  readonly name: string;
  /** In the bucket that is named; undefined for what every key may. */
  readonly right: Right | undefined;
  /** Anybody may, where a bucket is open. */
  readonly isOpen?: boolean;
  perform(call: S3Call, parts: GatewayParts): Promise<S3Answer>;
}

type Perform<Call> = (call: Call, parts: GatewayParts) => Promise<S3Answer>;

/** What S3 has and this gateway does not. */
const SUBRESOURCES =
  /^(abac|accelerate|acl|analytics|append|attributes|cors|encryption|intelligent-tiering|inventory|legal-hold|lifecycle|logging|metadata(Configuration|Table)?|metrics|notification|object-lock|ownershipControls|partNumber|policy|policyStatus|publicAccessBlock|renameObject|replication|requestPayment|restore|retention|select|session|tagging|torrent|uploads|uploadId|versionId|versioning|versions|website)$/;

export interface OperationChoice {
  /** That the gateway is in. */
  readonly region: string;
}

/** Finds what a request asks for by method, target and query. @throws Refusal NotImplemented, MethodNotAllowed */
export function operationOf(call: S3Call, choice: OperationChoice): Operation {
  const { bucket, key } = call.target;
  if (bucket === undefined) return serviceOperation(call);
  return key === undefined ? bucketOperation(call, choice) : objectOperation(call);
}

function serviceOperation({ method }: S3Call): Operation {
  if (method !== "GET") throw notAllowed(method, "/");
  return { name: "ListBuckets", right: undefined, perform: buckets.listBuckets };
}

function bucketOperation(call: S3Call, { region }: OperationChoice): Operation {
  const { method, query } = call;
  if (method === "POST" && query.has("delete")) return bucket("DeleteObjects", "write", writes.deleteObjects);
  if (method === "GET" && query.has("location"))
    return bucket("GetBucketLocation", "read", buckets.getBucketLocation(region));
  if (method === "GET" && query.has("uploads"))
    return bucket("ListMultipartUploads", "read", multipart.listMultipartUploads);
  requireKnown(call);
  switch (method) {
    case "GET":
      if (query.get("list-type") === "2") return bucket("ListObjectsV2", "read", listObjectsV2);
      return bucket("ListObjects", "read", listObjectsV1);
    case "HEAD":
      return bucket("HeadBucket", "read", buckets.headBucket);
    case "PUT":
      return bucket("CreateBucket", "write", buckets.createBucket);
    case "DELETE":
      return bucket("DeleteBucket", "write", buckets.deleteBucket);
    case "POST":
      throw notImplemented("uploads of forms");
    default:
      throw notAllowed(method, "a bucket");
  }
}

function objectOperation(call: S3Call): Operation {
  const { method, query } = call;
  if (query.has("uploadId")) return partOperation(call);
  if (method === "POST" && query.has("uploads"))
    return object("CreateMultipartUpload", "write", multipart.createMultipartUpload);
  requireKnown(call);
  switch (method) {
    case "GET":
      return { ...object("GetObject", "read", getObject), isOpen: true };
    case "HEAD":
      return { ...object("HeadObject", "read", headObject), isOpen: true };
    case "PUT":
      if (headerOf(call.headers, "x-amz-copy-source") !== undefined)
        return object("CopyObject", "write", writes.copyObject);
      return object("PutObject", "write", writes.putObject);
    case "DELETE":
      return object("DeleteObject", "write", writes.deleteObject);
    default:
      throw notAllowed(method, "an object");
  }
}

function partOperation({ method, headers }: S3Call): Operation {
  switch (method) {
    case "PUT":
      if (headerOf(headers, "x-amz-copy-source") !== undefined) throw notImplemented("UploadPartCopy");
      return object("UploadPart", "write", multipart.uploadPart);
    case "GET":
      return object("ListParts", "read", multipart.listParts);
    case "POST":
      return object("CompleteMultipartUpload", "write", completeMultipartUpload);
    case "DELETE":
      return object("AbortMultipartUpload", "write", multipart.abortMultipartUpload);
    default:
      throw notAllowed(method, "an upload");
  }
}

/** Half of a request must not be taken for the whole. @throws Refusal NotImplemented */
function requireKnown({ query }: S3Call): void {
  const asked = [...query.keys()].find((name) => SUBRESOURCES.test(name));
  if (asked !== undefined) throw notImplemented(`"${asked}"`);
}

function bucket(name: string, right: Right, perform: Perform<BucketCall>): Operation {
  return { name, right, perform: (call, parts) => perform(call as BucketCall, parts) };
}

function object(name: string, right: Right, perform: Perform<ObjectCall>): Operation {
  return { name, right, perform: (call, parts) => perform(call as ObjectCall, parts) };
}

function notAllowed(method: string, what: string): Refusal {
  return new Refusal("MethodNotAllowed", `${method} is nothing that can be done to ${what}`);
}
