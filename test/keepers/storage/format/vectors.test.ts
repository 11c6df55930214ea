import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createCodec } from "../../../../keepers/coding/codec.ts";
import { encodeBatch, layOut, segmentLeaf, unitsOf } from "../../../../keepers/storage/format/batch.ts";
import { EMPTY_FILE, encodeDirectory, parseDirectory } from "../../../../keepers/storage/format/directory.ts";
import { decrypt, encrypt, keyId } from "../../../../keepers/storage/format/encryption.ts";
import {
  encodeNode,
  type ManifestNode,
  manifestName,
} from "../../../../keepers/storage/format/manifestNode.ts";
import { nameOf } from "../../../../keepers/storage/format/names.ts";
import { nameOfItem, PackBuilder, parsePack } from "../../../../keepers/storage/format/pack.ts";
import { encodeHead, parseHead } from "../../../../keepers/storage/format/segmentFormat.ts";
import {
  checkStrip,
  parseStrips,
  stripBytes,
  stripOf,
  writeStrip,
} from "../../../../keepers/storage/format/stripFormat.ts";

const DOC = new URL("../../../../docs/keepers/storage-format.md", import.meta.url);

type Vectors = Record<string, Record<string, string>>;

/** The vectors as the documentation shows them. */
function documented(): Vectors {
  const [, json] = /```json\n([\s\S]*?)```/u.exec(readFileSync(DOC, "utf8")) ?? [];
  return JSON.parse(json ?? "{}") as Vectors;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const rising = (from: number) => Uint8Array.from({ length: 32 }, (_, i) => from + i);

async function joined(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

const text = Buffer.from("hello, mycelia");
const segment = { commitment: rising(0), length: 300_000, shape: { k: 512, n: 512, rowSize: 640 } };

describe("storage: vectors of the documentation", () => {
  const vectors = documented();

  it("packs and names small objects", () => {
    const builder = new PackBuilder();
    for (const bytes of [text, Uint8Array.of(0)]) builder.add({ kind: "object", bytes });
    const { bytes } = builder.build();
    expect(vectors.pack).to.deep.equal({
      name: nameOf(nameOfItem({ kind: "object", bytes: text })),
      bytes: hex(bytes),
    });
    expect(parsePack(Buffer.from(vectors.pack!.bytes!, "hex")).entries).to.have.length(2);
  });

  it("lists segments in manifests", () => {
    const leaf = encodeNode({ level: 0, size: 300_000, segments: [segment] });
    const child = { name: manifestName(leaf), size: 300_000 };
    const index: ManifestNode = { level: 1, size: 600_000, children: [child, child] };
    const node = (bytes: Uint8Array) => ({ name: nameOf(manifestName(bytes)), bytes: hex(bytes) });
    expect(vectors.leaf).to.deep.equal(node(leaf));
    expect(vectors.index).to.deep.equal(node(encodeNode(index)));
  });

  it("encrypts, and opens what was encrypted", async () => {
    const [key, salt] = [rising(0), rising(32)];
    const sealed = await joined(encrypt([text], key, salt));
    expect(vectors.encrypted).to.deep.equal({
      key: hex(key),
      salt: hex(salt),
      keyId: hex(keyId(key)),
      bytes: hex(sealed),
    });
    const shown = Buffer.from(vectors.encrypted!.bytes!, "hex");
    expect(text.equals(await joined(decrypt([shown], key)))).to.equal(true);
  });

  it("lists files in a directory", async () => {
    const pieces = encodeDirectory([
      { path: "notes/a.txt", objectRoot: rising(0), size: 14, kind: "object" },
      { path: "b", objectRoot: rising(32), size: 2 ** 40, kind: "manifest" },
      { path: "notes/empty", ...EMPTY_FILE },
    ]);
    expect(vectors.directory).to.deep.equal({
      emptyFile: hex(EMPTY_FILE.objectRoot),
      bytes: hex(Buffer.concat([...pieces])),
    });
    const paths: string[] = [];
    for await (const { path } of parseDirectory([Buffer.from(vectors.directory!.bytes!, "hex")]))
      paths.push(path);
    expect(paths).to.deep.equal(["b", "notes/a.txt", "notes/empty"]);
  });

  it("codes a segment into a head and strips", async () => {
    const codec = await createCodec({ threads: 0 });
    const shape = { k: 128, n: 128, rowSize: 64 };
    const coded = await codec.encode(Buffer.from(vectors.pack!.bytes!, "hex"), shape);
    const head = encodeHead(coded);
    const strip = Buffer.alloc(stripBytes(shape));
    writeStrip(stripOf(coded, 1), strip, 0);
    expect(vectors.segment).to.deep.equal({
      commitment: hex(coded.commitment),
      rowRoot: hex(coded.rowRoot),
      headSha256: hash("sha256", head),
      strip: hex(strip),
    });
    const [parsed] = parseStrips(Buffer.from(vectors.segment!.strip!, "hex"), 1, shape);
    checkStrip(
      parsed!,
      shape,
      coded.rowRoot,
      await codec.checker(coded.commitment, shape, parseHead(head).rlc),
    );
    coded.release();
    await codec.close();
  });

  it("lays segments out in a batch", () => {
    const segments = [segment, { ...segment, commitment: rising(32) }];
    const { units, root } = layOut(segments);
    expect(vectors.batch).to.deep.equal({
      list: hex(encodeBatch(segments)),
      unitsOfSegment: String(unitsOf(segment.shape)),
      firstLeaf: hex(segmentLeaf(segment, 0n)),
      units: String(units),
      root: hex(root),
    });
  });
});
