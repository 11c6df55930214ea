import { readFileSync } from "node:fs";
import { parametersPage, renderParametersPage } from "../deploy/parametersPage.ts";

/** Pages made from code that differ from what the code would make now. */
export function findStalePages(): string[] {
  if (readFileSync(parametersPage, "utf8") === renderParametersPage()) return [];
  return [`stale page: ${parametersPage}: run "npm run docs:parameters" and commit`];
}
