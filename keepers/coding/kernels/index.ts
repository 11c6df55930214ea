/** What the module exports; keepers/coding/kernel.ts types it. */
export { expandBits, expandTwiddles } from "./field";
export { copyRows, addRows, scale, scaleRows, derive } from "./rows";
export { interpolate, evaluate } from "./transform";
export {
  foldCoefficients, combinationTables, combine, spreadCombinations, gatherCombinations,
} from "./combination";
export { prepareSha256, hashLeaves, hashNodes, hashPairs, hashBlocks, hashCounters } from "./sha256";
