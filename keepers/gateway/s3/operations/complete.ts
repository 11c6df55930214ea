import { headerOf } from "../../access/request.ts";
import { CHECKSUM_ALGORITHMS } from "../../body/checksums/digest.ts";
import { Expectations } from "../../body/expectations.ts";
import { openPayload, readAll } from "../../body/payload.ts";
import { etagOf, writeCondition } from "../../conditions.ts";
import { chooseParts, type ListedPart } from "../../multipart/partList.ts";
import type { Checksum } from "../../names/names.ts";
import { type GatewayParts, nameStored } from "../../parts.ts";
import type { ObjectCall, S3Answer } from "../call.ts";
import { lastingAnswer } from "../lastingAnswer.ts";
import { MAX_XML_BYTES, malformed, readXml, type XmlElement } from "../xml/read.ts";
import { element, root, type Xml } from "../xml/write.ts";
import { placeOf } from "./multipart.ts";

/** Makes an object of an upload's parts. It may be asked for again, whatever became of the first answer. */
export async function completeMultipartUpload(call: ObjectCall, parts: GatewayParts): Promise<S3Answer> {
  const payload = openPayload(call.raw, call.authentication!, { ...parts.body, maxBytes: MAX_XML_BYTES });
  const listed = listOf(readXml(await readAll(payload), "CompleteMultipartUpload"));
  return await lastingAnswer(complete(call, parts, listed), call.signal);
}

async function complete(call: ObjectCall, parts: GatewayParts, listed: readonly ListedPart[]): Promise<Xml> {
  // Whoever asked may be gone by the end, and ask again: the work goes on.
  const { uploads, signal } = parts;
  const { target, headers } = call;
  const place = placeOf(call);
  const condition = writeCondition(headers);
  return await uploads.hold(place, async () => {
    const done = await uploads.findCompleted(place);
    if (done !== undefined) return result(call, done);
    const upload = await uploads.inspect(place);
    const chosen = chooseParts(listed, new Map(upload.parts));
    condition?.(await parts.names.get(target.bucket, target.key));
    // A checksum of the whole object may come with the completion.
    const expectations = new Expectations(wholeChecksum(headers), undefined, () => new Map());
    const stored = await parts.objects.put(expectations.check(uploads.read(chosen)), signal);
    const { checksum } = expectations;
    const record = await nameStored(parts, target, stored, {
      record: {
        ...{ headers: upload.record.headers, metadata: upload.record.metadata },
        ...(checksum && { checksum }),
      },
      also: uploads.completing(place, upload, stored.objectRoot),
      ...(condition && { condition }),
    });
    await uploads.free(upload);
    return result(call, record);
  });
}

function wholeChecksum(headers: ObjectCall["headers"]): ObjectCall["headers"] {
  const isWhole = headerOf(headers, "x-amz-checksum-type")?.toUpperCase() !== "COMPOSITE";
  const name = CHECKSUM_ALGORITHMS.map((algorithm) => `x-amz-checksum-${algorithm}`).find(
    (candidate) => headerOf(headers, candidate) !== undefined,
  );
  // One with a number of parts behind it is a checksum of checksums.
  const value = name && headerOf(headers, name);
  return isWhole && name && value && !/-\d+$/.test(value) ? { [name]: value } : {};
}

function listOf(xml: XmlElement): ListedPart[] {
  return xml.all("Part").map((part) => {
    const number = part.requireText("PartNumber").trim();
    if (!/^\d{1,5}$/.test(number)) throw malformed("a part number is none");
    return { number: Number(number), etag: part.requireText("ETag").trim(), checksums: checksumsOf(part) };
  });
}

function checksumsOf(part: XmlElement): Checksum[] {
  return CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = part.text(`Checksum${algorithm.toUpperCase()}`);
    return value === undefined ? [] : [{ algorithm, value }];
  });
}

function result({ target }: ObjectCall, { objectRoot }: { readonly objectRoot: string }): Xml {
  const { bucket, key } = target;
  const names = [element("Bucket", bucket), element("Key", key)];
  return root(
    "CompleteMultipartUploadResult",
    ...[element("Location", `/${bucket}/${key}`), ...names],
    element("ETag", etagOf({ objectRoot })),
  );
}
