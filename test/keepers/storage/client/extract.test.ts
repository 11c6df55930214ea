import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { KeeperContext } from "../../../../keepers/runtime/context.ts";
import { extractDirectory } from "../../../../keepers/storage/client/extract.ts";
import { createStorageClient, type StorageClient } from "../../../../keepers/storage/client.ts";
import { type DirectoryEntry, encodeDirectory } from "../../../../keepers/storage/format/directory.ts";
import { codeOfRejection } from "../codes.ts";
import { StorageNetwork } from "../network.ts";

const CLIENT = 30;

describe("storage: directories on a file system", () => {
  let network: StorageNetwork;
  let storage: StorageClient;
  let place: string;

  before(async () => {
    network = await StorageNetwork.start();
    await network.startNodes(10);
    const client: KeeperContext = await network.openClient(CLIENT);
    storage = createStorageClient({
      ...{ ...client, codec: network.codec },
      limits: { hedgeMs: 30_000, graceMs: 30_000 },
    });
  });

  after(() => network.stop());

  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), "storage-extract-"));
  });

  afterEach(() => rm(place, { recursive: true, force: true }));

  const small = (path: string) => ({ path, source: Buffer.from(`content of ${path}`) });

  const filesUnder = async (folder: string) =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
      .sort();

  it("writes every file, large, small and empty, and replaces what stood there", async () => {
    const files = [
      { path: "model/weights", source: randomBytes(700_000) },
      { path: "model/__init__.py", source: Buffer.alloc(0) },
      small("readme"),
      small("model/deep/er/x"),
    ];
    const { objectRoot } = await storage.putDirectory(files);
    const target = join(place, "out");
    await mkdir(target);
    await writeFile(join(target, "readme"), "of before");
    const seen: string[] = [];
    const directory = await storage.openDirectory(objectRoot);
    const onFile = ({ path }: DirectoryEntry) => seen.push(path);
    const extracted = await extractDirectory(directory, target, { onFile });
    const bytes = files.reduce((sum, { source }) => sum + source.length, 0);
    expect(extracted).to.deep.equal({ files: 4, bytes });
    expect(await filesUnder(target)).to.deep.equal(files.map(({ path }) => path).sort());
    expect(seen).to.deep.equal([...seen].sort());
    for (const { path, source } of files)
      expect((await readFile(join(target, path))).equals(source), path).to.equal(true);
  });

  it("opens one file by its path, and none that is not there or is another than the list says", async () => {
    const { objectRoot } = await storage.putDirectory([
      small("a/b"),
      { path: "none", source: Buffer.alloc(0) },
    ]);
    const directory = await storage.openDirectory(objectRoot);
    const bytes = await (await directory.open("a/b")).bytes();
    expect(Buffer.from(bytes).toString()).to.equal("content of a/b");
    expect(await (await directory.open("none")).bytes()).to.have.length(0);
    expect(await codeOfRejection(directory.open("a"))).to.equal("storage/no-such-file");
    const entry = (await storage.list(objectRoot))[0]!;
    for (const lie of [{ size: entry.size + 1 }, { kind: "manifest" as const }]) {
      const list = await storage.put(Buffer.concat([...encodeDirectory([{ ...entry, ...lie }])]));
      const lying = await storage.openDirectory(list.objectRoot);
      expect(await codeOfRejection(lying.open("a/b"))).to.equal("storage/bad-directory");
    }
  });

  it("keeps list and files of an encrypted directory from whoever has no key", async () => {
    const key = randomBytes(32);
    const secrets = [small("secret"), { path: "e", source: Buffer.alloc(0) }];
    const { objectRoot } = await storage.putDirectory(secrets, { key });
    expect(await codeOfRejection(storage.list(objectRoot))).to.equal("storage/bad-directory");
    const directory = await storage.openDirectory(objectRoot, { key });
    expect(await extractDirectory(directory, join(place, "out"), { key })).to.deep.equal({
      files: 2,
      bytes: 17,
    });
    expect((await readFile(join(place, "out/secret"))).toString()).to.equal("content of secret");
  });

  it("follows no link, whether it stands for a folder or for a file, and leaves nothing half written", async () => {
    const { objectRoot } = await storage.putDirectory([small("dir/file"), small("file")]);
    const directory = await storage.openDirectory(objectRoot);
    const outside = join(place, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "file"), "of others");
    const target = join(place, "out");
    await mkdir(target);
    await symlink(outside, join(target, "dir"));
    expect(await codeOfRejection(extractDirectory(directory, target))).to.equal("storage/unsafe-target");
    expect((await readFile(join(outside, "file"))).toString()).to.equal("of others");
    expect(await readdir(outside)).to.deep.equal(["file"]);
    await rm(join(target, "dir"));
    await symlink(join(outside, "file"), join(target, "file"));
    await extractDirectory(directory, target);
    expect((await readFile(join(outside, "file"))).toString()).to.equal("of others");
    expect((await readFile(join(target, "file"))).toString()).to.equal("content of file");
    await rm(join(target, "file"));
    await mkdir(join(target, "file"));
    expect(await codeOfRejection(extractDirectory(directory, target))).to.equal("storage/unsafe-target");
    expect(await filesUnder(target)).to.deep.equal(["dir/file"]);
  });

  it("writes nothing for a list that climbs out of its folder", async () => {
    const sound = Buffer.concat([...encodeDirectory([{ path: "aa/b", ...(await entryOf("x")) }])]);
    const target = join(place, "out");
    for (const path of ["../b", "/a/b", "a//b", "a/.."]) {
      const bytes = Buffer.from(sound);
      bytes.write(path, bytes.length - 4);
      const { objectRoot } = await storage.put(bytes);
      const directory = await storage.openDirectory(objectRoot);
      expect(await codeOfRejection(extractDirectory(directory, target)), path).to.equal(
        "storage/bad-directory",
      );
    }
    expect(await filesUnder(place)).to.deep.equal([]);
  });

  async function entryOf(text: string) {
    const { objectRoot, size, kind } = await storage.put(Buffer.from(text));
    return { objectRoot, size, kind };
  }

  it("reads a list that is larger than a segment, file by file", async () => {
    const entry = await entryOf("the same in every file");
    const count = 22_000;
    const path = (index: number) => `${"folder/".repeat(25)}${String(index).padStart(6, "0")}`;
    const list = Buffer.concat([
      ...encodeDirectory(Array.from({ length: count }, (_, i) => ({ path: path(i), ...entry }))),
    ]);
    expect(list.length).to.be.greaterThan(4 * 1024 * 1024);
    const { objectRoot, kind } = await storage.put(list);
    expect(kind).to.equal("manifest");
    const directory = await storage.openDirectory(objectRoot);
    let index = 0;
    for await (const file of directory.files()) expect(file.path).to.equal(path(index++));
    expect(index).to.equal(count);
    const last = await directory.open(path(count - 1));
    expect(Buffer.from(await last.bytes()).toString()).to.equal("the same in every file");
  });
});
