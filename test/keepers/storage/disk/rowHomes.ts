import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Store } from "../../../../keepers/runtime/store/store.ts";
import { BucketPlace, type BucketPlaceOptions } from "../../../../keepers/storage/bucket/bucketPlace.ts";
import { objectName, parseObjectName } from "../../../../keepers/storage/bucket/objectNames.ts";
import type { BucketSettings } from "../../../../keepers/storage/bucket/settings.ts";
import { RowDirectory } from "../../../../keepers/storage/disk/rowDirectory.ts";
import { rowFileName } from "../../../../keepers/storage/disk/rowFileAccess.ts";
import type { RowPlace } from "../../../../keepers/storage/disk/rowFiles.ts";
import { FILE_HEADER_BYTES } from "../../../../keepers/storage/disk/rowRecords.ts";
import { requireSwift, SWIFT_KEY, SwiftServer } from "../bucket/swiftServer.ts";

export interface HomeOptions {
  readonly maxFileBytes: number;
  readonly onFlush?: (seconds: number) => void;
}

/** Where rows lie in a test, and another hand that reaches there. */
export interface RowHome {
  readonly name: string;
  /** How many times as long each request takes as in a directory, roughly. */
  readonly slowness: number;
  start(context: Mocha.Context): Promise<void>;
  stop(): Promise<void>;
  /** Begins anew, with nothing there. */
  clear(): Promise<void>;
  place(store: Store, options: HomeOptions): Promise<RowPlace>;
  files(): Promise<number[]>;
  /** Bytes of all files without their headers. */
  bytes(): Promise<number>;
  overwrite(file: number, offset: number, bytes: Uint8Array): Promise<void>;
  remove(file: number): Promise<void>;
}

export class DirectoryHome implements RowHome {
  readonly name = "a directory";
  readonly slowness = 1;
  #directory = "";

  async start(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), "rows-"));
  }

  async stop(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async clear(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async place(_store: Store, options: HomeOptions): Promise<RowPlace> {
    return new RowDirectory(this.#directory, options);
  }

  async files(): Promise<number[]> {
    return (await readdir(this.#directory)).sort().map((name) => Number(name.slice(5, 11)));
  }

  async bytes(): Promise<number> {
    const names = await readdir(this.#directory);
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(this.#directory, name))).size),
    );
    return sizes.reduce((sum, size) => sum + Math.max(0, size - FILE_HEADER_BYTES), 0);
  }

  async overwrite(file: number, offset: number, bytes: Uint8Array): Promise<void> {
    const handle = await open(join(this.#directory, rowFileName(file)), "r+");
    await handle.write(bytes, 0, bytes.length, offset);
    await handle.close();
  }

  async remove(file: number): Promise<void> {
    await rm(join(this.#directory, rowFileName(file)));
  }
}

export class BucketHome implements RowHome {
  readonly name = "a bucket";
  readonly slowness = 10;
  #server: SwiftServer | undefined;
  #client: S3Client | undefined;
  #directory = "";
  #prefix = "";

  async start(context: Mocha.Context): Promise<void> {
    requireSwift(context);
    this.#server = await SwiftServer.start();
    this.#client = this.#server.client();
    this.#directory = await mkdtemp(join(tmpdir(), "bucket-"));
    const file = this.#credentialsFile;
    await writeFile(file, JSON.stringify(SWIFT_KEY), { mode: 0o600 });
    await chmod(file, 0o600);
    await this.clear();
  }

  async stop(): Promise<void> {
    this.#client?.destroy();
    await this.#server?.stop();
    if (this.#directory !== "") await rm(this.#directory, { recursive: true, force: true });
  }

  async clear(): Promise<void> {
    this.#prefix = `${randomUUID()}/`;
  }

  get server(): SwiftServer {
    return this.#server!;
  }

  /** As the settings of a node name it now. */
  get settings(): BucketSettings {
    const { url: endpoint } = this.server;
    return { endpoint, bucket: "rows", prefix: this.#prefix, credentialsFile: this.#credentialsFile };
  }

  async place(
    store: Store,
    { maxFileBytes: objectBytes, onFlush }: HomeOptions,
    settings: Partial<BucketSettings> = {},
    options: Partial<BucketPlaceOptions> = {},
  ): Promise<RowPlace> {
    return await BucketPlace.open({
      settings: { ...this.settings, objectBytes, ...settings },
      owner: { deployment: "1/0x00", operator: `0x${"0a".repeat(20)}` },
      store: store.under("bucket/"),
      onTaken: () => undefined,
      onWait: () => undefined,
      ...(onFlush && { onFlush }),
      ...options,
    });
  }

  async files(): Promise<number[]> {
    return (await this.#objects()).map(({ file }) => file);
  }

  async bytes(): Promise<number> {
    return (await this.#objects()).reduce((sum, { size }) => sum + Math.max(0, size - FILE_HEADER_BYTES), 0);
  }

  async overwrite(file: number, offset: number, bytes: Uint8Array): Promise<void> {
    const { Body } = await this.#client!.send(new GetObjectCommand(this.#object(objectName(file))));
    const whole = Buffer.from(await Body!.transformToByteArray());
    whole.set(bytes, offset);
    await this.put(objectName(file), whole);
  }

  async put(name: string, body: Uint8Array): Promise<void> {
    await this.#client!.send(new PutObjectCommand({ ...this.#object(name), Body: body }));
  }

  async remove(file: number): Promise<void> {
    await this.#client!.send(new DeleteObjectCommand(this.#object(objectName(file))));
  }

  get #credentialsFile(): string {
    return join(this.#directory, "key.json");
  }

  #object(name: string): { Bucket: string; Key: string } {
    return { Bucket: "rows", Key: `${this.#prefix}${name}` };
  }

  async #objects(): Promise<{ file: number; size: number }[]> {
    const command = new ListObjectsV2Command({ Bucket: "rows", Prefix: this.#prefix });
    const { Contents = [] } = await this.#client!.send(command);
    return Contents.flatMap(({ Key = "", Size = 0 }) => {
      const file = parseObjectName(Key.slice(this.#prefix.length));
      return file === undefined ? [] : [{ file, size: Size }];
    });
  }
}
