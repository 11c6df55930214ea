import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

/** What the package offers to pages, in one file that needs nothing else. */
export interface BrowserBundle {
  readonly script: string;
  readonly licences: string;
  /** Bytes by what they come from: a room of ours, or a package. */
  readonly parts: ReadonlyMap<string, number>;
  /** Modules and globals of node's that something in it uses, and where. */
  readonly nodeUses: readonly string[];
}

const ENTRY = "keepers/browser/index.ts";
/** What only node has: a use that is left in the bundle is known by this name. */
const GLOBALS = ["Buffer", "process", "require", "setImmediate", "__dirname", "__filename"];
const MARK = "__onlyOnNode_";

/** Takes `x.browser.ts`, where there is one, in the place of `x.ts`: all that differs between the platforms. */
const browserParts: Plugin = {
  name: "browser parts",
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, importer }) => {
      const sibling = resolve(dirname(importer), path.replace(/\.ts$/, ".browser.ts"));
      return existsSync(sibling) ? { path: sibling } : undefined;
    });
  },
};

/** @throws when something can't be resolved */
export async function bundleForBrowser({ minify = true } = {}): Promise<BrowserBundle> {
  const { metafile, outputFiles } = await build({
    entryPoints: [ENTRY],
    outfile: "mycelia.js",
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify,
    legalComments: "linked",
    write: false,
    metafile: true,
    logLevel: "silent",
    external: ["node:*"],
    loader: { ".wasm": "binary" },
    plugins: [browserParts],
    define: Object.fromEntries(GLOBALS.map((name) => [name, MARK + name])),
  });
  const textOf = (name: string): string => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? "";
  const script = textOf("mycelia.js");
  const globals = GLOBALS.filter((name) => script.includes(MARK + name));
  const modules = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
    imports.filter(({ path }) => path.startsWith("node:")).map(({ path }) => `${path} in ${file}`),
  );
  return {
    script,
    licences: textOf("mycelia.js.LEGAL.txt"),
    parts: partsOf(metafile.outputs["mycelia.js"]?.inputs ?? {}),
    nodeUses: [...globals, ...modules],
  };
}

function partsOf(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): Map<string, number> {
  const parts = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const names = file.replace(/^.*node_modules\//, "").split("/");
    const part = names.slice(0, names[0]?.startsWith("@") || names[0] === "keepers" ? 2 : 1).join("/");
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  return parts;
}
