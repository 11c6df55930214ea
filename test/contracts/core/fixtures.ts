import { id } from "ethers";
import type { network } from "hardhat";

type Connection = Awaited<ReturnType<typeof network.create>>;

/** Longest dispute window of the tests, seconds. */
export const UNBOND_DELAY = 7n * 86_400n;

/** Authority administered by the first account, token minted by it, treasury, and bonds over them. */
export async function deployBonds(ethers: Connection["ethers"]) {
  const [dao, operator, module, victim, reporter, other] = await ethers.getSigners();
  const authority = await (await ethers.getContractFactory("Authority")).deploy(dao!.address);
  const token = await (await ethers.getContractFactory("MyceliaToken")).deploy(dao!.address);
  const treasury = await (await ethers.getContractFactory("Treasury")).deploy(await authority.getAddress());
  const bonds = await (await ethers.getContractFactory("Bonds")).deploy(
    await token.getAddress(),
    await treasury.getAddress(),
    UNBOND_DELAY,
  );
  await token.mint(operator!.address, 10_000n);
  await token.connect(operator!).approve(await bonds.getAddress(), ethers.MaxUint256);
  return {
    authority,
    token,
    treasury,
    bonds,
    dao: dao!,
    operator: operator!,
    module: module!,
    victim: victim!,
    reporter: reporter!,
    other: other!,
  };
}

/** What the tests' slashes refer to. */
export const EVIDENCE = id("evidence");

/** A slash of 300 wei: 100 for the victim, 50 for the reporter, the rest for the treasury. */
export function slashOrder(
  people: Record<"operator" | "victim" | "reporter", { address: string }>,
  changes: Record<string, unknown> = {},
) {
  return {
    operator: people.operator.address,
    amount: 300n,
    victim: people.victim.address,
    victimAmount: 100n,
    reporters: [people.reporter.address],
    reporterAmount: 50n,
    evidence: EVIDENCE,
    ...changes,
  };
}

/** Emission and token, each knowing the other: the token is made first, for the address that comes next. */
export async function deployEmission(
  ethers: Connection["ethers"],
  options: { genesis?: { account: string; amount: bigint }[]; rate?: bigint; bps?: readonly number[] } = {},
) {
  const [dao, alice, bob] = await ethers.getSigners();
  const authority = await (await ethers.getContractFactory("Authority")).deploy(dao!.address);
  const nonce = await dao!.getNonce();
  const minter = ethers.getCreateAddress({ from: dao!.address, nonce: nonce + 1 });
  const token = await (await ethers.getContractFactory("MyceliaToken")).deploy(minter);
  const bps = options.bps ?? [4_100, 1_800, 2_000, 1_000];
  const emission = await (await ethers.getContractFactory("Emission")).deploy(
    await authority.getAddress(),
    await token.getAddress(),
    options.genesis ?? [{ account: dao!.address, amount: 1_000_000n * 10n ** 18n }],
    options.rate ?? 10n ** 18n,
    [share(bps[0]!), share(bps[1]!), share(bps[2]!), share(bps[3]!)],
  );
  return { authority, token, emission, dao: dao!, alice: alice!, bob: bob! };
}

function share(bps: number) {
  return { bps, minBps: 500, maxBps: 6_000 };
}
