import { getAddress, getBytes, hexlify, keccak256, type Log, type TransactionReceipt } from "ethers";
import { IStreams__factory } from "../../../typechain-types/factories/kv/interfaces/IStreams__factory.js";
import { contractOf, type Deployment } from "../../runtime/chain/deployment.ts";
import type { KeySigner } from "../../runtime/keys/signer.ts";
import type { TransactionSender } from "../../runtime/transactions/sender.ts";
import type { AnnouncedWrite, SignedWrite } from "./kvTypes.ts";

/** A stored batch, before the chain knows of it. */
export interface StoredBatch {
  readonly nonce: bigint;
  readonly objectRoot: Uint8Array;
}

/** Where batches are announced. */
export interface AnnouncingScope {
  readonly chainId: number;
  readonly deployment: Deployment;
}

const streams = IStreams__factory.createInterface();
const TYPES = {
  Announcement: [
    { name: "writer", type: "address" },
    { name: "stream", type: "bytes32" },
    { name: "nonce", type: "uint64" },
    { name: "objectRoot", type: "bytes32" },
  ],
};

/** Announcements of one transaction, which a block has to hold. */
const MOST_AT_ONCE = 500;

/** Announces batches of the sender in their order, once each. */
export async function announce(
  transactions: TransactionSender,
  { deployment }: AnnouncingScope,
  stream: string,
  batches: readonly StoredBatch[],
  signal: AbortSignal,
): Promise<AnnouncedWrite[]> {
  const to = contractOf(deployment, "Streams").address;
  const words = batches.map(({ nonce, objectRoot }) => ({ stream, nonce, objectRoot: hexlify(objectRoot) }));
  const announced: AnnouncedWrite[] = [];
  for (let from = 0; from < words.length; from += MOST_AT_ONCE) {
    const data = streams.encodeFunctionData("announceMany", [words.slice(from, from + MOST_AT_ONCE)]);
    const key = `kv/announce/${stream}/${words[from]!.nonce}`;
    const receipt = await transactions.send({ key, to, data }, signal);
    announced.push(...announcedIn(receipt, to).map(({ write }) => write));
  }
  return announced;
}

/** Signs a batch for a relay; fields as IStreams.digestOf. */
export async function signAnnouncement(
  signer: KeySigner,
  { chainId, deployment }: AnnouncingScope,
  stream: string,
  { nonce, objectRoot: root }: StoredBatch,
): Promise<SignedWrite> {
  const verifyingContract = contractOf(deployment, "Streams").address;
  const domain = { name: "Mycelia Streams", version: "1", chainId, verifyingContract };
  const words = { writer: signer.address, stream, nonce, objectRoot: hexlify(root) };
  return { ...words, signature: await signer.signTypedData(domain, TYPES, words) };
}

/** Announces what others have signed; undefined for what the chain refused. */
export async function relay(
  transactions: TransactionSender,
  { deployment }: AnnouncingScope,
  writes: readonly SignedWrite[],
  signal: AbortSignal,
): Promise<(AnnouncedWrite | undefined)[]> {
  const to = contractOf(deployment, "Streams").address;
  const data = streams.encodeFunctionData("relay", [writes.map((write) => ({ ...write }))]);
  // By content: a forgery with somebody's nonce must not stand in the way of what that writer has signed.
  const receipt = await transactions.send({ key: `kv/relay/${keccak256(data)}`, to, data }, signal);
  const announced = announcedIn(receipt, to);
  return writes.map((one) => announced.find((other) => isOf(one, other))?.write);
}

/** Vouches for the state root of a version. */
export async function attestState(
  transactions: TransactionSender,
  { deployment }: AnnouncingScope,
  stream: string,
  { version, root }: { readonly version: number; readonly root: Uint8Array },
  signal: AbortSignal,
): Promise<void> {
  const to = contractOf(deployment, "Streams").address;
  const data = streams.encodeFunctionData("attest", [stream, version, hexlify(root)]);
  await transactions.send({ key: `kv/attest/${stream}/${version}/${hexlify(root)}`, to, data }, signal);
}

interface Announced {
  readonly stream: string;
  readonly writer: string;
  readonly write: AnnouncedWrite;
}

function announcedIn(receipt: TransactionReceipt, address: string): Announced[] {
  return receipt.logs.flatMap((log: Log) => {
    if (getAddress(log.address) !== getAddress(address)) return [];
    const event = streams.parseLog(log);
    if (event?.name !== "BatchAnnounced") return [];
    const { stream, writer, version, nonce, objectRoot } = event.args;
    const write = {
      ...{ version: Number(version), nonce: BigInt(nonce), objectRoot: getBytes(objectRoot) },
      ...{ transaction: receipt.hash, block: receipt.blockNumber },
    };
    return [{ stream: String(stream), writer: String(writer), write }];
  });
}

function isOf(signed: SignedWrite, { stream, writer, write }: Announced): boolean {
  return (
    signed.stream === stream &&
    getAddress(signed.writer) === getAddress(writer) &&
    signed.nonce === write.nonce &&
    signed.objectRoot === hexlify(write.objectRoot)
  );
}
