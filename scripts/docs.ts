/** Writes the pages that are made from code. */
import { writeFileSync } from "node:fs";
import { parametersPage, renderParametersPage } from "./deploy/parametersPage.ts";

writeFileSync(parametersPage, renderParametersPage());
console.log(`wrote ${parametersPage}`);
