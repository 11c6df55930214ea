import { expect } from "chai";
import { GroupCommit } from "../../../../keepers/storage/disk/groupCommit.ts";

describe("storage: group commit", () => {
  it("fails nobody for another's sake: who was not taken together is tried alone, in order", async () => {
    const groups: number[][] = [];
    const commit = new GroupCommit<number, string>(async (items) => {
      groups.push([...items]);
      if (items.includes(3)) throw new Error("three does not fit");
      return items.map((item) => `took ${item}`);
    }, 8);
    const answers = await Promise.allSettled([1, 2, 3, 4].map((item) => commit.add(item)));
    expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value : "refused"))).to.deep.equal(
      ["took 1", "took 2", "refused", "took 4"],
    );
    expect(groups).to.deep.equal([[1, 2, 3, 4], [1], [2], [3], [4]]);
    expect(await commit.add(5)).to.equal("took 5");
  });
});
