import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { formatEther, parseEther } from "ethers";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { getObject, type ReadFileResult } from "../../keepers/cli/storage/get.ts";
import { createOutput } from "../../keepers/cli/terminal/output.ts";
import { readSessionsOf } from "../../keepers/storage/chain/readSessions.ts";
import { MyceliaToken__factory } from "../../typechain-types/factories/core/MyceliaToken__factory.js";
import { type CliResult, runCli, spawnCli } from "./cli.ts";
import { PaidDevnet } from "./paidDevnet.ts";

/** As --json prints it. */
interface PaidRead {
  readonly payment: {
    readonly paid: string;
    readonly sessions: readonly SessionJson[];
    readonly closed: readonly ClosedJson[];
  };
}

interface SessionJson {
  readonly session: string;
  readonly budget: string;
  readonly signed: string;
  readonly left: string;
  readonly closableAfter: number;
}

interface ClosedJson {
  readonly session: string;
  readonly refunded: string;
}

interface SessionsJson {
  readonly open: readonly SessionJson[];
  readonly closed: readonly ClosedJson[];
}

const MIB = 1024 ** 2;
/** 24 MiB cost 0.00023 MYC. */
const TOO_LITTLE = "0.0001";

describe("flow: reading for money from a terminal", function () {
  this.timeout(240_000);
  let devnet: PaidDevnet;
  let root: string;
  const content = randomBytes(24 * MIB);
  const user = devnetWallet("user").address;
  const at = (name: string): string => join(devnet.dataDir, name);
  const cli = (...args: string[]) => runCli(["--data-dir", devnet.dataDir, ...args]);
  const get = (...args: string[]) => cli("storage", "get", root, "--out", at("copy"), ...args);

  async function paidGet(pay: string): Promise<PaidRead["payment"]> {
    const { code, stdout, stderr } = await get("--pay", pay, "--json");
    expect(code, stderr).to.equal(0);
    expect(readFileSync(at("copy")).equals(content)).to.equal(true);
    return (JSON.parse(stdout) as PaidRead).payment;
  }

  function failureIn({ code, stdout, stderr }: CliResult): { code: string; message: string } {
    expect(code, stdout).to.be.greaterThan(0);
    return (JSON.parse(stderr.trim()) as { error: { code: string; message: string } }).error;
  }

  async function sessions(): Promise<SessionsJson> {
    const { code, stdout, stderr } = await cli("storage", "sessions", "--json");
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as SessionsJson;
  }

  const chain = () => devnet.provider;
  const balance = async (): Promise<bigint> => {
    const token = devnet.deployment.contracts.MyceliaToken?.address ?? "";
    return await MyceliaToken__factory.connect(token, chain()).balanceOf(user);
  };
  const contract = () => readSessionsOf(chain(), devnet.deployment);
  const opened = async (): Promise<bigint[]> =>
    (await contract().queryFilter(contract().filters.ReadSessionOpened())).map(({ args }) => args.id);

  /** Starts a paid get and sends it a signal as soon as its session is open. */
  async function cutOff(pay: string, name: NodeJS.Signals): Promise<CliResult> {
    const { length } = await opened();
    const args = ["storage", "get", root, "--out", at("copy"), "--pay", pay];
    const child = spawnCli(["--data-dir", devnet.dataDir, ...args]);
    let stderr = "";
    child.stdout?.resume();
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
    for (let tries = 0; tries < 1_000 && (await opened()).length === length; tries++) await sleep(10);
    child.kill(name);
    return { code: await ended, stdout: "", stderr };
  }

  before(async () => {
    devnet = await PaidDevnet.start();
    root = await devnet.store(content);
  });
  after(async () => await devnet?.remove());

  it("refuses what is no amount, and what is not there, before anything is sent", async () => {
    const before = await chain().getTransactionCount(user);
    for (const pay of ["-1", "0", "0.0", "", "much", "1e3", "1,5", "NaN", "0x10", "1.0000000000000000001"]) {
      const { code, message } = failureIn(await get("--pay", pay, "--json"));
      expect(code, pay).to.equal("cli/usage");
      expect(message).to.include(`"${pay}" is no amount`);
    }
    const { code, message } = failureIn(await get("--pay", "20000.5", "--json"));
    expect(code).to.equal("cli/too-little-money");
    expect(message).to.include("20000.5 MYC").and.to.include("has 20000.0");
    expect(await chain().getTransactionCount(user)).to.equal(before);
    expect(await opened()).to.deep.equal([]);
  });

  it("locks nothing where nobody wants to be paid", async () => {
    const { dataDir } = devnet;
    const output = createOutput(true);
    const wanted = { root, out: at("free"), directory: false, offset: 0, pay: "2.5", output };
    const read: ReadFileResult = await getObject({ dataDir, party: "author", ...wanted });
    expect(read.payment).to.deep.equal({ paid: 0n, sessions: [], closed: [] });
    expect(readFileSync(at("free")).equals(content)).to.equal(true);
  });

  it("pays, says what was paid and what comes back, and goes on with the session it has", async () => {
    expect(failureIn(await get("--json")).code).to.equal("storage/unavailable");
    const before = await balance();
    const first = await paidGet("2.5");
    expect(before - (await balance())).to.equal(parseEther("2.5"));
    const [session] = first.sessions;
    expect(session?.budget).to.equal(parseEther("2.5").toString());
    expect(BigInt(first.paid) > 0n && BigInt(first.paid) < parseEther("0.01")).to.equal(true);
    expect(BigInt(session?.left ?? 0)).to.equal(parseEther("2.5") - BigInt(first.paid));

    const { code, stdout, stderr } = await get("--pay", "2.5");
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include("24.0 MiB written");
    expect(stderr).to.include(`going on with read session ${session?.session} of an earlier get`);
    expect(stderr).to.match(/0\.000\d+ MYC paid/);
    expect(stderr).to.match(/2\.4\d+ MYC come back after \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    expect(before - (await balance())).to.equal(parseEther("2.5"));
  });

  it("says plainly that the budget was too little, and does not go on with it", async () => {
    const before = await opened();
    const { code, message } = failureIn(await get("--pay", TOO_LITTLE, "--json"));
    expect(code).to.equal("storage/budget-exhausted");
    expect(message).to.include(`--pay ${TOO_LITTLE} is too little`).and.to.include("run it again with more");
    expect(existsSync(at("copy.part"))).to.equal(false);
    const told = await get("--pay", TOO_LITTLE);
    expect(told.code).to.equal(1);
    expect(told.stderr).to.match(/read session \d+ is open until .* MYC come back after/);
    expect(await opened()).to.have.length(before.length + 2);
    expect((await paidGet("2.5")).sessions[0]?.session).to.equal(before.at(-1)?.toString());
  });

  for (const name of ["SIGKILL", "SIGINT"] as const)
    it(`goes on after ${name} with the session that was open`, async () => {
      root = await devnet.store(content.fill(randomBytes(64)));
      const { code, stderr } = await cutOff("1", name);
      expect(code, stderr).to.equal(name === "SIGINT" ? 75 : -1);
      expect(existsSync(at("copy")) && readFileSync(at("copy")).equals(content)).to.equal(false);
      const session = (await opened()).at(-1);
      if (name === "SIGINT") {
        expect(stderr).to.include("cut off: the same command goes on with what was locked");
      }
      const open = (await sessions()).open.map((one) => one.session);
      expect(open).to.include(session?.toString());
      const { sessions: used } = await paidGet("1");
      expect(used.map((one) => one.session)).to.deep.equal([session?.toString()]);
      expect((await opened()).at(-1)).to.equal(session);
    });

  it("closes what is over, and the rest comes back", async () => {
    const { open } = await sessions();
    expect(open).to.have.length((await opened()).length);
    const before = await balance();
    const ends = await Promise.all(
      open.map(async (one) => Number((await contract().get(one.session)).expiresAt)),
    );
    await devnet.passTo(Math.max(...ends));
    for (let tries = 0; tries < 100; tries++) {
      const claims = await Promise.all(open.map(async (one) => (await contract().get(one.session)).claimed));
      if (claims.every((claimed) => claimed > 0n)) break;
      await sleep(100);
    }
    await sleep(500);
    await devnet.passTo(Math.max(...open.map(({ closableAfter }) => closableAfter)) + 1);
    const { code, stdout, stderr } = await cli("storage", "sessions");
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include("no read session holds any money");
    const back = (await balance()) - before;
    let [locked, signed] = [0n, 0n];
    for (const one of open) {
      expect(stdout).to.match(
        new RegExp(`read session ${one.session} is closed: [\\d.]+ of [\\d.]+ MYC have come back`),
      );
      [locked, signed] = [locked + BigInt(one.budget), signed + BigInt(one.signed)];
    }
    expect(back < locked, `${formatEther(back)} of ${formatEther(locked)}`).to.equal(true);
    expect(back >= locked - signed, `${formatEther(back)} of ${formatEther(locked)}`).to.equal(true);
    expect(await sessions()).to.deep.equal({ closed: [], open: [] });
  });
});
