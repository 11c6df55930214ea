import { appendFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { DirectoryFiles } from "../../../../keepers/storage/disk/directoryFiles.ts";
import { reachesCursor, recoverRowFiles } from "../../../../keepers/storage/disk/directoryRecovery.ts";
import type { FoundRecord } from "../../../../keepers/storage/disk/recordScan.ts";
import { RowDirectory } from "../../../../keepers/storage/disk/rowDirectory.ts";
import { rowFileName } from "../../../../keepers/storage/disk/rowFileAccess.ts";
import { newFileHeader, type RowRecord, recordPieces } from "../../../../keepers/storage/disk/rowRecords.ts";

const START = { file: 1, offset: 0 };

const record = (seed: number, size: number): RowRecord => ({
  kind: "strip",
  subject: new Uint8Array(32).fill(seed),
  number: seed,
  payload: Buffer.alloc(size, seed + 1),
});

async function recoverAll(directory: string) {
  const found: FoundRecord[] = [];
  const report = await recoverRowFiles(directory, START, async (one) => {
    found.push(one);
  });
  return { found, report };
}

describe("storage: row files", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "row-files-"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const openFiles = async (maxFileBytes = 1 << 20): Promise<DirectoryFiles> => {
    const rows = new RowDirectory(directory, { maxFileBytes });
    await rows.prepare();
    return await rows.open(START);
  };
  const first = () => join(directory, rowFileName(1));

  it("reads back every record, over reopening and over several files", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(700), { minLength: 1, maxLength: 12 }), async (sizes) => {
        await rm(directory, { recursive: true, force: true });
        const records = sizes.map((size, i) => record(i, size));
        const places = [];
        for (const one of records) {
          const files = await openFiles(600);
          places.push(...(await files.append([one])));
          await files.close();
        }
        const files = await openFiles(600);
        const payloads = await files.read(places);
        expect(payloads.map((payload) => Buffer.from(payload!))).to.deep.equal(
          records.map(({ payload }) => payload),
        );
        const { found, report } = await recoverAll(directory);
        expect(found.map(({ place }) => place)).to.deep.equal(places);
        expect(found.map((one) => one.record.number)).to.deep.equal(records.map(({ number }) => number));
        expect(report.truncatedBytes + report.damagedBytes).to.equal(0);
        await files.close();
      }),
      { numRuns: 15 },
    );
  });

  it("loses nothing that was resolved, wherever the tail is torn", async () => {
    const files = await openFiles();
    await files.append([record(1, 100), record(2, 64)]);
    const sound = (await stat(first())).size;
    await files.append([record(3, 130)]);
    await files.close();
    const whole = await readFile(first());
    for (let length = sound; length < whole.length; length++) {
      await writeFile(first(), whole.subarray(0, length));
      const { found, report } = await recoverAll(directory);
      expect(found.map((one) => one.record.number)).to.deep.equal([1, 2]);
      expect(report.truncatedBytes).to.equal(length - sound);
      expect((await stat(first())).size).to.equal(sound);
    }
  });

  it("goes on behind a torn tail, and behind a file that was cut off at its birth", async () => {
    for (const left of [0, 10, 63]) {
      await rm(directory, { recursive: true, force: true });
      const files = await openFiles();
      await files.append([record(1, 10)]);
      await files.close();
      await truncate(first(), left);
      expect((await recoverAll(directory)).found).to.deep.equal([]);
      const again = await openFiles();
      const places = await again.append([record(2, 20)]);
      expect((await again.read(places))[0]).to.have.length(20);
      await again.close();
      expect((await recoverAll(directory)).found.map((one) => one.record.number)).to.deep.equal([2]);
    }
  });

  it("skips a record that the disk has damaged, keeps those behind it, and says so", async () => {
    const files = await openFiles();
    const places = await files.append([record(1, 200), record(2, 200), record(3, 200)]);
    const handle = await open(first(), "r+");
    await handle.write(Buffer.of(0xee), 0, 1, places[1]!.offset + 100);
    await handle.close();
    expect((await files.read(places)).map((payload) => payload === undefined)).to.deep.equal([
      false,
      true,
      false,
    ]);
    await files.close();
    const { found, report } = await recoverAll(directory);
    expect(found.map((one) => one.record.number)).to.deep.equal([1, 3]);
    expect(report.damagedBytes).to.be.greaterThan(0);
    expect(report.truncatedBytes).to.equal(0);
  });

  it("does not take bytes inside a row for a record, when a damaged file is searched", async () => {
    const forged = Buffer.concat(recordPieces(record(9, 64), new Uint8Array(32)));
    const files = await openFiles();
    const [place] = await files.append([{ ...record(1, 0), payload: Buffer.concat([forged, forged]) }]);
    await files.close();
    const handle = await open(first(), "r+");
    await handle.write(Buffer.of(0xee), 0, 1, place!.offset + 1);
    await handle.close();
    const { found } = await recoverAll(directory);
    expect(found).to.deep.equal([]);
  });

  it("finds the same forged bytes when they carry the file's own salt, so the salt is what guards", async () => {
    const header = Buffer.from(newFileHeader());
    const salt = header.subarray(8, 40);
    const forged = Buffer.concat(recordPieces(record(9, 64), salt));
    await openFiles().then((files) => files.close());
    await writeFile(first(), Buffer.concat([header, Buffer.alloc(64, 0xee), forged]));
    expect((await recoverAll(directory)).found.map((one) => one.record.number)).to.deep.equal([9]);
  });

  it("leaves a file whose header is damaged alone and goes on in the next", async () => {
    const files = await openFiles();
    await files.append([record(1, 200)]);
    await files.close();
    const handle = await open(first(), "r+");
    await handle.write(Buffer.of(0xee), 0, 1, 9);
    await handle.close();
    const size = (await stat(first())).size;
    const { report } = await recoverAll(directory);
    expect(report.damagedBytes).to.equal(size);
    const again = await openFiles();
    const [place] = await again.append([record(2, 5)]);
    expect(place!.file).to.equal(2);
    await again.close();
    expect((await stat(first())).size).to.equal(size);
  });

  it("knows when files have gone missing that the index speaks of", async () => {
    const files = await openFiles();
    const [place] = await files.append([record(1, 200)]);
    await files.close();
    const end = place!.offset + 64 + 256;
    expect(await reachesCursor(directory, { file: 1, offset: end }, [1])).to.equal(true);
    expect(await reachesCursor(directory, { file: 1, offset: end + 64 }, [1])).to.equal(false);
    expect(await reachesCursor(directory, { file: 2, offset: 0 }, [1])).to.equal(false);
    await rm(first());
    expect(await reachesCursor(directory, { file: 1, offset: 64 }, [1])).to.equal(false);
  });

  it("takes trailing garbage for a torn write", async () => {
    const files = await openFiles();
    await files.append([record(1, 10)]);
    await files.close();
    await appendFile(first(), Buffer.alloc(1000, 0x4d));
    const { found, report } = await recoverAll(directory);
    expect(found).to.have.length(1);
    expect(report.truncatedBytes).to.equal(1000);
  });
});
