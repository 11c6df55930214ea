/** A provider that cheats, started as `mycelia run` starts an honest one: main.ts --config <file>. */
import { providerSection } from "../../keepers/cli/run/providerRole.ts";
import { defineRole } from "../../keepers/cli/run/role.ts";
import { runRole } from "../../keepers/cli/run/runKeeper.ts";
import { storageLoader } from "../../keepers/cli/run/storageLoader.ts";
import { reportFailure } from "../../keepers/cli/terminal/failure.ts";
import { createOutput } from "../../keepers/cli/terminal/output.ts";
import { startProvider } from "../../keepers/compute/provider.ts";
import { lazyEngineForTier } from "./lazyEngine.ts";

const cheat = defineRole({
  section: providerSection,
  async start(context, settings) {
    const loadModel = await storageLoader(context);
    await startProvider(context, { ...settings, loadModel, engines: lazyEngineForTier });
  },
});

const output = createOutput(false);
const [flag, config] = process.argv.slice(2);
if (flag !== "--config" || config === undefined) {
  process.stderr.write("usage: main.ts --config <file>\n");
  process.exit(2);
}
try {
  process.exit(await runRole("provider", cheat, { config }, output));
} catch (error) {
  process.exit(reportFailure(error, output, false));
}
