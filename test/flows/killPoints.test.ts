import { expect } from "chai";
import { heldOutBatches } from "../../keepers/cli/demo/digitsJob.ts";
import { publishDigits } from "../../keepers/cli/demo/modelJob.ts";
import { readHoldings } from "../../keepers/cli/demo/money.ts";
import { startHonestProvider } from "../../keepers/cli/demo/parts.ts";
import { clientOf, demoTerms, readSettlement } from "../../keepers/cli/demo/sessionJob.ts";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { kill } from "../../keepers/cli/devnet/processes.ts";
import { restartDead } from "../../keepers/cli/devnet/up.ts";
import { openPerson, type Person } from "../../keepers/cli/person.ts";
import { createCodec } from "../../keepers/coding/codec.ts";
import { type SeenEvent, waitForEvent } from "./chainEvents.ts";
import { createTestDevnet, type TestDevnet } from "./devnet.ts";

/** When somebody is killed: before the nth request, or as soon as the chain shows an event. */
type Moment = { readonly request: number } | { readonly contract: string; readonly event: string };

interface KillPoint {
  readonly victim: "provider" | "beacon" | "drawn verifier" | "storage node";
  readonly moment: Moment;
}

const audits = (event: string): Moment => ({ contract: "Audits", event });
const sessions = (event: string): Moment => ({ contract: "Sessions", event });

const killPoints: readonly KillPoint[] = [
  { victim: "storage node", moment: { request: 1 } },
  { victim: "provider", moment: { request: 0 } },
  { victim: "provider", moment: { request: 2 } },
  { victim: "provider", moment: sessions("ClaimPosted") },
  { victim: "beacon", moment: sessions("ClaimPosted") },
  { victim: "provider", moment: audits("AuditDrawn") },
  { victim: "drawn verifier", moment: audits("AuditDrawn") },
  { victim: "provider", moment: audits("AuditOpened") },
  { victim: "drawn verifier", moment: audits("AnswerCommitted") },
  { victim: "provider", moment: audits("CommitmentsClosed") },
  { victim: "drawn verifier", moment: audits("AuditUnsealed") },
  { victim: "provider", moment: audits("AuditUnsealed") },
  { victim: "provider", moment: audits("AuditConcluded") },
  { victim: "provider", moment: sessions("ClaimSettled") },
];

function describeMoment(moment: Moment): string {
  return "request" in moment ? `before request ${moment.request}` : `at ${moment.contract}.${moment.event}`;
}

describe("flow: kill -9 of any keeper, then restart: the job still ends right", function () {
  this.timeout(240_000);
  const { signal } = new AbortController();
  const batches = heldOutBatches(12).slice(0, 4);
  let devnet: TestDevnet;
  let user: Person;
  let model: string;

  before(async () => {
    devnet = await createTestDevnet();
    const author = await openPerson(devnet.dataDir, devnet.state(), { party: "author" });
    const codec = await createCodec({ threads: 0 });
    model = (await publishDigits(author, codec, signal)).modelId;
    await Promise.all([codec.close(), author.closers.closeAll()]);
    await startHonestProvider(devnet.dataDir, model, signal);
    user = await openPerson(devnet.dataDir, devnet.state());
  });
  after(async () => {
    await user?.closers.closeAll();
    await devnet?.remove();
  });

  async function killAndRestart(victim: KillPoint["victim"], seen?: SeenEvent): Promise<void> {
    await kill(devnet.process(nameOf(victim, seen)));
    await restartDead(devnet.dataDir, signal);
  }

  function nameOf(victim: KillPoint["victim"], seen?: SeenEvent): string {
    if (victim === "provider") return "provider-1";
    if (victim === "beacon") return "beacon-1";
    if (victim === "storage node") return "storage-3";
    const drawn =
      (seen?.args.committee as readonly string[] | undefined)?.[0] ??
      (seen?.args.verifier as string | undefined);
    return drawn === undefined ? "verifier-1" : verifierNamed(drawn);
  }

  /** Process of a verifier by its operator's address: each runs with the devnet key of its number. */
  function verifierNamed(operator: string): string {
    const number = [1, 2, 3, 4].find((n) => devnetWallet("verifier", n).address === operator);
    return `verifier-${number ?? 1}`;
  }

  for (const { victim, moment } of killPoints) {
    it(`${victim}, ${describeMoment(moment)}`, async () => {
      const start = await user.provider.getBlockNumber();
      const client = clientOf(user, signal);
      await client.prepay(demoTerms.budget);
      const session = await client.open({ model, ...demoTerms });
      const killing =
        "event" in moment
          ? waitForEvent(user.provider, user.deployment, moment.contract, moment.event, start).then((seen) =>
              killAndRestart(victim, seen),
            )
          : Promise.resolve();
      for (const [i, { tensors }] of batches.entries()) {
        if ("request" in moment && moment.request === i) await killAndRestart(victim);
        await session.infer(tensors);
      }
      await session.finish();
      await killing;
      const record = await readSettlement(user, session, signal);
      expect(record.verdict).to.equal("honest");
      const { toOperator, toVerifiers, toTreasury, toBeacon } = record;
      expect(toOperator + toVerifiers + toTreasury + toBeacon).to.equal(record.claimed);
      expect(record.claimed).to.equal(session.terms.unitPrice * 48n);
      expect(record.claimed + record.refunded).to.equal(record.prepaid);
      for (const { contract, balance, held } of await readHoldings(user.provider, user.deployment)) {
        expect(balance, contract).to.equal(held);
      }
    });
  }
});
