/** What a page is told of the network; plain data. */
export interface Settings {
  readonly rpcUrl: string;
  readonly deployment: string;
  readonly kvNodes: readonly string[];
  readonly privateKey: string;
}

/** What a page can be asked to do: plain data in, plain data out. Roots and keys are hex without prefix. */
export interface Steps {
  putAndGet(settings: Settings, size: number, seed: number): Promise<StoredAndRead>;
  /** A file that somebody chose. */
  blob(settings: Settings, size: number, seed: number): Promise<boolean>;
  encrypted(settings: Settings, size: number, seed: number): Promise<Sealed>;
  read(settings: Settings, root: string, size: number, seed: number): Promise<boolean>;
  /** Bytes of the files of a directory, by path. */
  files(settings: Settings, root: string): Promise<Record<string, string>>;
  /** Some of what one member answers is changed on its way. */
  lyingMember(settings: Settings, size: number, seed: number): Promise<Blamed>;
  /** Requests before a put has ended that was aborted, and in the second after that. */
  aborted(settings: Settings, size: number): Promise<{ code: string; before: number; after: number }>;
  /** A stream that is never whole anywhere. */
  stream(settings: Settings, size: number, seed: number): Promise<{ stored: number; read: number }>;
  /** Bytes that were sent: none when a page before this one has stored the same. */
  remembered(settings: Settings, size: number, seed: number): Promise<number>;
  /** Bytes that a worker of the page has stored and read, and whether they are the same. */
  inWorker(settings: Settings, size: number): Promise<string>;
  writeAndProve(settings: Settings, number: number): Promise<WrittenAndProven>;
  relayed(
    settings: Settings,
    number: number,
  ): Promise<{ refused: boolean; state: string; value: string | undefined }>;
  /** Everything that costs gas goes through a wallet. */
  byWallet(settings: Settings, number: number): Promise<string | undefined>;
  /** What a node says, and what becomes of it when it has to be proven. */
  provenBy(
    settings: Settings,
    stream: string,
    key: string,
    attester: string,
    kvNodes: readonly string[],
  ): Promise<{ said: string | undefined; code: string; value: string | undefined }>;
  resolve(
    settings: Settings,
    path: string,
    attester: string,
  ): Promise<{ proven: boolean; kind: string; files: string[]; unknown: string }>;
}

interface StoredAndRead {
  root: string;
  state: string;
  kind: string;
  isBack: boolean;
  isPart: boolean;
  troubles: number;
}

interface Sealed {
  root: string;
  key: string;
  isBack: boolean;
  isPart: boolean;
  hidden: boolean;
  other: string;
}

interface Blamed {
  isBack: boolean;
  blamed: string[];
  liar: string | undefined;
}

interface WrittenAndProven {
  stream: string;
  keys: (string | undefined)[];
  unattested: string;
  value: string | undefined;
  attester: string;
  found: number;
  old: boolean;
  nothing: boolean;
}
