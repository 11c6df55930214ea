/** House rules that a linter does not know. Prints every breach; exits 1 when there is one. */
import { findBrowserFaults } from "./browser.ts";
import { findStaleDeployment } from "./deployments.ts";
import { findStaleKernels } from "./kernels.ts";
import { findLockfileGaps } from "./lockfile.ts";
import { findStalePages } from "./pages.ts";
import { findLongFiles, findUnfinishedWords } from "./sources.ts";
import { findStaleTypechain } from "./typechain.ts";

const breaches = [
  ...findLongFiles(),
  ...findUnfinishedWords(),
  ...findStalePages(),
  ...findLockfileGaps(),
  ...(await findBrowserFaults()),
  ...(await findStaleKernels()),
  ...(await findStaleTypechain()),
  ...(await findStaleDeployment()),
];
for (const breach of breaches) console.error(breach);
if (breaches.length > 0) process.exit(1);
console.log("house rules hold");
