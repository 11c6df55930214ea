import { encodeBytes32String, keccak256, toUtf8Bytes } from "ethers";
import { IBonds__factory } from "../../../typechain-types/factories/core/interfaces/IBonds__factory.js";
import { IParameters__factory } from "../../../typechain-types/factories/core/interfaces/IParameters__factory.js";
import { ICommittee__factory } from "../../../typechain-types/factories/storage/interfaces/ICommittee__factory.js";
import type { KeeperContext } from "../../runtime/context.ts";
import { FatalError } from "../../runtime/errors.ts";
import { ensureAllowance } from "./allowance.ts";
import { contractAddress } from "./committeeView.ts";

export type MembershipNeeds = Pick<
  KeeperContext,
  "provider" | "deployment" | "signer" | "transactions" | "publicUrl" | "signal"
>;

/**
 * Makes the operator (the key that sends transactions) a member of the committee with `context.signer` as the key that
 * signs receipts: bonds and allocates what is missing, joins, or corrects the endpoint. What the chain says already is
 * not said again, so this may be cut off and repeated at any point.
 * @returns the member's number, 1..255
 * @throws FatalError storage/wrong-signer when the operator is a member with another key
 */
export async function ensureMember(context: MembershipNeeds): Promise<number> {
  const { provider, deployment, signer, transactions, publicUrl, signal } = context;
  const operator = transactions.address;
  const address = contractAddress(deployment, "Committee");
  const committee = ICommittee__factory.connect(address, provider);
  await ensureBond(context, address);
  const number = await committee.memberOf(operator);
  if (number === 0n) {
    const data = committee.interface.encodeFunctionData("join", [signer.address, publicUrl]);
    await transactions.send({ key: await keyOf(context, "join"), to: address, data }, signal);
    return Number(await committee.memberOf(operator));
  }
  const { endpoint, signer: known } = await committee.memberAt(number);
  if (known !== signer.address) throw wrongSigner(operator, known, signer.address);
  if (endpoint !== publicUrl) {
    const data = committee.interface.encodeFunctionData("setEndpoint", [publicUrl]);
    const subject = `endpoint/${keccak256(toUtf8Bytes(publicUrl))}`;
    await transactions.send({ key: await keyOf(context, subject), to: address, data }, signal);
  }
  return Number(number);
}

async function ensureBond(context: MembershipNeeds, committee: string): Promise<void> {
  const { provider, deployment, transactions, signal } = context;
  const operator = transactions.address;
  const to = contractAddress(deployment, "Bonds");
  const bonds = IBonds__factory.connect(to, provider);
  const parameters = IParameters__factory.connect(contractAddress(deployment, "Parameters"), provider);
  const required = await parameters.get(encodeBytes32String("storage.nodeBond"));
  const missing = required - (await bonds.allocated(operator, committee));
  if (missing <= 0n) return;
  const deposit = missing - (await bonds.free(operator));
  if (deposit > 0n) {
    const allowance = { token: await bonds.token(), spender: to, amount: deposit };
    await ensureAllowance(
      provider,
      transactions,
      { ...allowance, key: await keyOf(context, "approve") },
      signal,
    );
    const data = bonds.interface.encodeFunctionData("deposit", [operator, deposit]);
    await transactions.send({ key: await keyOf(context, `deposit/${deposit}`), to, data }, signal);
  }
  const data = bonds.interface.encodeFunctionData("allocate", [committee, missing]);
  await transactions.send({ key: await keyOf(context, `allocate/${missing}`), to, data }, signal);
}

function wrongSigner(operator: string, known: string, found: string): FatalError {
  return new FatalError(
    "storage/wrong-signer",
    `operator ${operator} joined the committee with the signing key ${known}, this node has ${found}; use that key, or resign and join anew`,
    { operator, known, found },
  );
}

/**
 * The operator's transaction count is part of the key: while a step is on its way the count stands, and the step has the
 * same key after a crash; once it has landed, a later need of the same kind is a new one.
 */
async function keyOf({ provider, transactions }: MembershipNeeds, step: string): Promise<string> {
  return `storage/${step}/${await provider.getTransactionCount(transactions.address, "latest")}`;
}
