import { type ContractTransactionResponse, type HDNodeWallet, id, solidityPacked } from "ethers";
import type { network } from "hardhat";
import type { Streams } from "../../../typechain-types/index.js";

type Ethers = Awaited<ReturnType<typeof network.create>>["ethers"];
type TypedSigner = Pick<HDNodeWallet, "signTypedData">;

export const ROOT = id("object");
/** Most gas that a writer's contract is given. */
export const ERC1271_GAS = 100_000n;

const ANNOUNCEMENT = {
  Announcement: [
    { name: "writer", type: "address" },
    { name: "stream", type: "bytes32" },
    { name: "nonce", type: "uint64" },
    { name: "objectRoot", type: "bytes32" },
  ],
};

export interface Announcement {
  readonly writer: string;
  readonly stream: string;
  readonly nonce: bigint;
  readonly objectRoot: string;
}

export interface Signed extends Announcement {
  readonly signature: string;
}

/** Streams, called by a relay unless another connects. */
export async function deployStreams(ethers: Ethers) {
  const [writer, other, relay, attester] = await ethers.getSigners();
  const streams = (await (await ethers.getContractFactory("Streams")).deploy()).connect(relay!);
  return { ethers, streams, writer: writer!, other: other!, relay: relay!, attester: attester! };
}

export type World = Awaited<ReturnType<typeof deployStreams>>;

/** The stream of an owner with a number. */
export function streamOf(owner: string, number = 1n): string {
  return solidityPacked(["address", "uint96"], [owner, number]);
}

/** A writer's first batch of its own stream, unless told otherwise. */
export function announcementOf(writer: string, changes: Partial<Announcement> = {}): Announcement {
  return { writer, stream: streamOf(writer), nonce: 0n, objectRoot: ROOT, ...changes };
}

export async function sign(
  { streams, ethers }: Pick<World, "streams" | "ethers">,
  signer: TypedSigner,
  announcement: Announcement,
  otherDomain: Readonly<Record<string, unknown>> = {},
): Promise<Signed> {
  const domain = {
    name: "Mycelia Streams",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await streams.getAddress(),
    ...otherDomain,
  };
  return { ...announcement, signature: await signer.signTypedData(domain, ANNOUNCEMENT, announcement) };
}

/** Name and arguments of what a transaction made the contract say, in order. */
export async function eventsOf(streams: Streams, sent: Promise<ContractTransactionResponse>) {
  const receipt = await (await sent).wait();
  return (receipt?.logs ?? []).map((log) => {
    const event = streams.interface.parseLog(log);
    return [event?.name, ...(event?.args ?? [])];
  });
}
