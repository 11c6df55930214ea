import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { devnetWallet } from "../../keepers/cli/devnet/accounts.ts";
import { pause } from "../../keepers/runtime/pause.ts";
import { createTestDevnet, type TestDevnet } from "../flows/devnet.ts";
import { launchBrowser, requireBrowser } from "./browser.ts";
import { type Site, startSite } from "./site.ts";
import type { Settings, Steps } from "./steps.ts";

type Step = keyof Steps;
type Given<S extends Step> = Parameters<Steps[S]> extends [Settings, ...infer Rest] ? Rest : never;

/** A page of a real browser that uses a network of real processes. */
export interface Visit {
  readonly devnet: TestDevnet;
  readonly browser: Browser;
  readonly page: Page;
  /** Runs a step of test/browser/page in the page, as the devnet's user. */
  run<S extends Step>(step: S, ...given: Given<S>): Promise<Awaited<ReturnType<Steps[S]>>>;
  /** Most that the page holds while `run` is under way, garbage apart: objects and arrays of bytes. */
  mostHeld(run: () => Promise<unknown>): Promise<number>;
  /** A fresh page of the same site, whose browser still has what the one before has stored. */
  reload(): Promise<void>;
}

/** A devnet, a site and a browser for the suite that calls this; skipped where there is no browser. */
export function useVisit(): () => Visit {
  let devnet: TestDevnet | undefined;
  let site: Site | undefined;
  let browser: Browser | undefined;
  let visit: Visit | undefined;
  before(async function () {
    requireBrowser(this);
    devnet = await createTestDevnet({ storage: 8, verifiers: 0, kv: 1 });
    [site, browser] = [await startSite(), await launchBrowser()];
    visit = await open(devnet, site, browser);
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    await devnet?.remove();
  });
  return () => visit!;
}

async function open(devnet: TestDevnet, { url }: Site, browser: Browser): Promise<Visit> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(`      in the page: ${error.stack ?? error.message}`));
  const settings: Settings = {
    rpcUrl: devnet.state().rpcUrl,
    deployment: readFileSync(devnet.state().deployment, "utf8"),
    kvNodes: [devnet.process("kv-1").url],
    privateKey: devnetWallet("user").privateKey,
  };
  const reload = async () => {
    await page.goto(url);
    await page.waitForFunction("globalThis.steps !== undefined");
  };
  await reload();
  return {
    ...{ devnet, browser, page, reload },
    mostHeld: (run) => mostHeld(page, run),
    run: async (step, ...given) => {
      const words = [settings, ...given].map((word) => JSON.stringify(word)).join(", ");
      return (await page.evaluate(`steps.${step}(${words})`)) as never;
    },
  };
}

const SAMPLE_MS = 250;

async function mostHeld(page: Page, run: () => Promise<unknown>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const ended = new AbortController();
  const running = run().finally(() => ended.abort());
  let most = 0;
  while (!ended.signal.aborted) {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
    most = Math.max(most, usedSize + backingStorageSize);
    await pause(SAMPLE_MS, ended.signal);
  }
  await running;
  await session.detach();
  return most;
}
