import type { HttpClient } from "../../../../keepers/runtime/http/exchange.ts";
import { absenceContract } from "../../../../keepers/storage/chain/absence.ts";
import { createCommitteeView } from "../../../../keepers/storage/chain/committeeView.ts";
import { placeOf } from "../../../../keepers/storage/chain/seats.ts";
import type { PresenceOptions } from "../../../../keepers/storage/presence/start.ts";
import { MyceliaToken__factory } from "../../../../typechain-types/factories/core/MyceliaToken__factory.js";
import type { IAbsence } from "../../../../typechain-types/storage/interfaces/IAbsence.js";
import { eventually } from "../../runtime/temporary.ts";
import type { StorageNetwork } from "../network.ts";

/** A node that loses patience within seconds; a busy machine alone doesn't make it. */
export const IMPATIENT: PresenceOptions = {
  ...{ answerMs: 100, pollMs: 100, periodMs: 100, timeoutMs: 1_000 },
  ...{ probes: 4, spanMs: 1_500, turnMs: 500 },
};

/** Who of a network's nodes was challenged, answered and expelled, as the chain has it. */
export class WatchedNetwork {
  readonly network: StorageNetwork;
  readonly absence: IAbsence;

  constructor(network: StorageNetwork) {
    this.network = network;
    this.absence = absenceContract(network.chain.provider, network.deployment);
  }

  /** Challengers of an operator so far, oldest first. */
  async challengersOf(operator: string): Promise<string[]> {
    const events = await this.absence.queryFilter(this.absence.filters.MemberChallenged(operator));
    return events.map(({ args }) => args.challenger);
  }

  async challenges(): Promise<number> {
    return (await this.absence.queryFilter(this.absence.filters.MemberChallenged())).length;
  }

  async isChallenged(operator: string): Promise<boolean> {
    return (await this.absence.challengeOf(operator)).deadline !== 0n;
  }

  /** Challenges an operator for an account that has tokens; the deposit in wei. */
  async challenge(account: number, operator: string): Promise<bigint> {
    const wallet = this.network.wallet(account);
    const token = MyceliaToken__factory.connect(this.network.address("MyceliaToken"), wallet);
    await (await token.approve(await this.absence.getAddress(), 10n ** 20n)).wait();
    await (await this.absence.connect(wallet).challenge(operator)).wait();
    return (await this.absence.challengeOf(operator)).deposit;
  }

  async balanceOf(account: string): Promise<bigint> {
    const token = MyceliaToken__factory.connect(
      this.network.address("MyceliaToken"),
      this.network.chain.provider,
    );
    return await token.balanceOf(account);
  }

  async seatOf(operator: string): Promise<number> {
    return (await placeOf(this.network.chain.provider, this.network.deployment, operator)).seat;
  }

  /** Operators that own slots, and how many slots are owned. */
  async table(): Promise<{ operators: string[]; owned: bigint }> {
    const { chain, deployment } = this.network;
    const { members } = await createCommitteeView(chain.provider, deployment).current();
    const owned = members.reduce((all, { slots }) => all | slots, 0n);
    return { operators: members.map(({ operator }) => operator), owned };
  }

  /** Goes past the deadline of the challenge that is open against an operator. */
  async passDeadline(operator: string): Promise<void> {
    const { deadline } = await this.absence.challengeOf(operator);
    const { timestamp } = (await this.network.chain.provider.getBlock("latest"))!;
    await this.network.chain.rpc("evm_increaseTime", Math.max(0, Number(deadline) - timestamp) + 1);
    await this.network.chain.rpc("anvil_mine", "0x1");
  }

  async untilChallenged(operator: string): Promise<void> {
    await eventually(`${operator} is challenged`, () => this.isChallenged(operator), 30_000);
  }

  async untilExpelled(operator: string): Promise<void> {
    await eventually(`${operator} is expelled`, async () => (await this.seatOf(operator)) === 0, 30_000);
  }
}

/** Value of a metric of a node, all labels that contain `label` together; 0 while it has none. */
export async function metricOf(http: HttpClient, url: string, name: string, label = ""): Promise<number> {
  const { body } = await http.request(`${url}/metrics`);
  return Buffer.from(body)
    .toString("utf8")
    .split("\n")
    .filter((line) => line.startsWith(`mycelia_storage_presence_${name}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Waits until a node has asked so many members more. */
export async function untilProbed(
  http: HttpClient,
  url: string,
  outcome: "answered" | "silent",
  more: number,
): Promise<void> {
  const count = () => metricOf(http, url, "probes_total", `"${outcome}"`);
  const before = await count();
  await eventually(`${url} has probed ${more} more`, async () => (await count()) >= before + more);
}
