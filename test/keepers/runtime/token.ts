import { type JsonRpcProvider, parseEther, toQuantity, Wallet } from "ethers";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import type { KeySigner } from "../../../keepers/runtime/keys/signer.ts";
import type { TransactionJob } from "../../../keepers/runtime/transactions/sender.ts";
import type { MyceliaToken } from "../../../typechain-types/core/MyceliaToken.js";
import { MyceliaToken__factory } from "../../../typechain-types/factories/core/MyceliaToken__factory.js";

/** First account of the development mnemonic that anvil and Hardhat share; it has ether on every test chain. */
export const RICH_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** The settlement token with a fresh key as its only minter: every mint that lands adds to the supply. */
export interface MintingKey {
  readonly token: MyceliaToken;
  readonly address: string;
  readonly signer: KeySigner;
  readonly privateKey: string;
  mintJob(key: string, amount: bigint): TransactionJob;
}

export async function deployToken(provider: JsonRpcProvider): Promise<MintingKey> {
  const { privateKey } = Wallet.createRandom();
  const signer = createMemorySigner(privateKey);
  const rich = new Wallet(RICH_KEY, provider);
  const nonce = await provider.getTransactionCount(rich.address, "pending");
  const token = await new MyceliaToken__factory(rich).deploy(signer.address, { nonce });
  const funding = await rich.sendTransaction({
    to: signer.address,
    value: parseEther("100"),
    nonce: nonce + 1,
  });
  await mineUntil(provider, funding.hash);
  const address = await token.getAddress();
  return { token, address, signer, privateKey, mintJob: (key, amount) => mintJob(address, key, amount) };
}

/** Ether for gas. */
export async function fund(provider: JsonRpcProvider, address: string): Promise<void> {
  const rich = new Wallet(RICH_KEY, provider);
  const nonce = await provider.getTransactionCount(rich.address, "pending");
  const { hash } = await rich.sendTransaction({ to: address, value: parseEther("100"), nonce });
  await mineUntil(provider, hash);
}

export function mintJob(token: string, key: string, amount: bigint): TransactionJob {
  const to = Wallet.createRandom().address;
  return mintTo(token, key, to, amount);
}

export function mintTo(token: string, key: string, to: string, amount: bigint): TransactionJob {
  const data = MyceliaToken__factory.createInterface().encodeFunctionData("mint", [to, amount]);
  return { key, to: token, data };
}

/** Waits for a transaction, mining when the chain does not by itself. */
export async function mineUntil(provider: JsonRpcProvider, hash: string): Promise<void> {
  while ((await provider.getTransactionReceipt(hash)) === null) {
    await provider.send("evm_mine", []);
  }
}

export function gwei(amount: number): string {
  return toQuantity(BigInt(amount) * 1_000_000_000n);
}
