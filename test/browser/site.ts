import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { bundleForBrowser } from "../../scripts/browserBundle.ts";

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** As a page has it that uses no bundler. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>Mycelia</title>
<script type="importmap">{ "imports": { "mycelia/browser": "/mycelia.js" } }</script>
<script type="module">
import { steps } from "/steps.js";
globalThis.steps = steps;
</script>`;

/** A site with one page, the package's file for browsers as it is published, and the steps of the tests. */
export async function startSite(): Promise<Site> {
  const scripts = new Map([
    ["/mycelia.js", (await bundleForBrowser()).script],
    ["/steps.js", await stepsScript()],
  ]);
  const server = createServer((request, response) => {
    const script = scripts.get(request.url ?? "");
    response.setHeader("content-type", script === undefined ? "text/html" : "text/javascript");
    response.end(script ?? PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function stepsScript(): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: ["test/browser/page/index.ts"], bundle: true, format: "esm", write: false },
    external: ["mycelia/browser"],
  });
  return outputFiles[0]?.text ?? "";
}
