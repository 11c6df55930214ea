import { expect } from "chai";
import { dropping, nodeCheats } from "../../../bench/economics/cheats/node.ts";
import { devnet, production } from "../../../bench/economics/settings.ts";
import { costPerEpoch, rewardPerEpoch, type Setting } from "../../../bench/economics/terms.ts";
import { seededRandom } from "../../../bench/random.ts";

/** What dropping the share `missing` costs an epoch, played: rewards lost, bond cut, and the fee to come back. */
function playedLoss(setting: Setting, missing: number, epochs: number): number {
  const { terms } = setting;
  const random = seededRandom(21n);
  const reward = rewardPerEpoch(setting);
  let [loss, misses] = [0, 0];
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (random() >= missing && random() >= missing) {
      misses = 0;
      continue;
    }
    loss += reward;
    if (++misses < terms.missesAllowed) continue;
    loss += terms.missSlash * terms.nodeBond + terms.entryFee;
    misses = 0;
  }
  return loss / epochs;
}

describe("bench: cheats", () => {
  for (const setting of [devnet, production])
    for (const missing of [0.1, 0.5, 1])
      it(`cost what they cost when played: ${setting.name}, ${missing * 100} % missing`, () => {
        const { gain, loss } = dropping(setting, missing, "drops");
        expect(gain).to.equal(missing * costPerEpoch(setting));
        expect(playedLoss(setting, missing, 400_000) / loss).to.be.closeTo(1, 0.06);
      });

  for (const setting of [devnet, production])
    it(`of nodes lose: ${setting.name}`, () => {
      for (const { name, gain, loss } of nodeCheats(setting)) expect(loss, name).to.be.greaterThan(gain);
    });

  it("pay where neither reward nor bond is at stake, so the comparison can go both ways", () => {
    const free = {
      ...production,
      terms: { ...production.terms, permanentPerGiB: 0, nodeBond: 0, entryFee: 0 },
    };
    const { gain, loss } = dropping(free, 0.1, "drops");
    expect(gain).to.be.greaterThan(loss);
  });

  it("break even where they say", () => {
    const { breakEven } = dropping(production, 0.1, "drops");
    const ratio = breakEven[0]!.value;
    const scaled = {
      ...production,
      terms: {
        ...production.terms,
        nodeBond: 0,
        entryFee: 0,
        permanentPerGiB:
          (production.terms.permanentPerGiB * ratio * costPerEpoch(production)) / rewardPerEpoch(production),
      },
    };
    const even = dropping(scaled, 0.1, "drops");
    expect(even.loss / even.gain).to.be.closeTo(1, 1e-9);
  });
});
