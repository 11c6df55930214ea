import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import type { Leases } from "../../../keepers/runtime/leases/leases.ts";

use(chaiAsPromised);

/** What leases must do. `open` gives a fresh handle on the same shared state each time. */
export function behaveAsLeases(open: () => Leases): void {
  let leases: Leases;
  let names = 0;
  let name: string;

  beforeEach(() => {
    leases = open();
    name = `lease-${++names}`;
  });

  afterEach(() => leases.close());

  it("are held by one at a time", async () => {
    const tries = await Promise.all(Array.from({ length: 10 }, () => leases.tryAcquire(name, 5_000)));
    const held = tries.filter((lease) => lease !== undefined);
    expect(held).to.have.length(1);
    expect(held[0]?.name).to.equal(name);
    await held[0]?.release();
    expect(await leases.tryAcquire(name, 5_000)).not.to.equal(undefined);
  });

  it("have fences that rise with every holder", async () => {
    let last = 0n;
    for (let i = 0; i < 3; i++) {
      const lease = await leases.tryAcquire(name, 5_000);
      expect(lease?.fence).to.satisfy((fence: bigint) => fence > last);
      last = lease?.fence ?? 0n;
      await lease?.release();
    }
    await leases.close();
    const reopened = open();
    const lease = await reopened.tryAcquire(name, 5_000);
    expect(lease?.fence).to.satisfy((fence: bigint) => fence > last);
    await reopened.close();
  });

  it("are renewed by themselves past their term", async () => {
    const lease = await leases.tryAcquire(name, 1_000);
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(lease?.signal.aborted).to.equal(false);
    expect(await leases.tryAcquire(name, 1_000)).to.equal(undefined);
  });

  it("with different names do not meet", async () => {
    expect(await leases.tryAcquire(`${name}/a`, 5_000)).not.to.equal(undefined);
    expect(await leases.tryAcquire(`${name}/b`, 5_000)).not.to.equal(undefined);
  });

  it("do not abort when they are given back, and can be given back twice", async () => {
    const lease = await leases.tryAcquire(name, 5_000);
    await lease?.release();
    expect(lease?.signal.aborted).to.equal(false);
    const next = await leases.tryAcquire(name, 5_000);
    await lease?.release();
    expect(await leases.tryAcquire(name, 5_000)).to.equal(undefined);
    await next?.release();
  });

  it("abort and are free when they are closed", async () => {
    const lease = await leases.tryAcquire(name, 60_000);
    await leases.close();
    expect(lease?.signal.aborted).to.equal(true);
    await expect(leases.tryAcquire(name, 5_000)).to.be.rejectedWith("closed");
    const other = open();
    expect(await other.tryAcquire(name, 5_000)).not.to.equal(undefined);
    await other.close();
  });
}
