import type { ErrorDescription } from "ethers";
import { FatalError, MyceliaError } from "../../runtime/errors.ts";
import type { ComputeContracts } from "../contracts.ts";

/** Says in the user's words why the chain refused to open a session; other errors pass unchanged. */
export function explainOpening(contracts: ComputeContracts, error: unknown): unknown {
  const revert = parseRevert(contracts, error);
  if (revert === undefined) return error;
  const { args } = revert;
  if (revert.name === "Services_NoMatch") return noMatch(args.modelId, args.ceiling, args.cheapest, error);
  if (revert.name === "Services_ModelNotOffered" || revert.name === "Models_Unknown") {
    return noMatch(String(args[0]), 0n, 0n, error);
  }
  if (revert.name === "Ledger_InsufficientBalance") {
    const why = `The ledger holds ${args.balance} wei for ${args.account}, the session needs ${args.wanted}; prepay first.`;
    return new FatalError("compute/insufficient-balance", why, namesOf(revert), error);
  }
  if (revert.name === "Ledger_NotAuthorised") {
    return new FatalError(
      "compute/not-authorised",
      "Sessions may not lock this account's balance; prepay first.",
      namesOf(revert),
      error,
    );
  }
  return new FatalError(
    "compute/order-refused",
    `The order was refused: ${revert.name}(${args.join(", ")}).`,
    namesOf(revert),
    error,
  );
}

function noMatch(modelId: string, ceiling: bigint, cheapest: bigint, cause: unknown): FatalError {
  const why =
    cheapest === 0n
      ? `Nobody offers model ${modelId} in this tier.`
      : cheapest > ceiling
        ? `Model ${modelId} costs ${cheapest} wei a unit at least, over the ceiling of ${ceiling}.`
        : `Model ${modelId} is offered from ${cheapest} wei a unit, but nobody has room for this budget.`;
  const details = { modelId, ceiling: ceiling.toString(), cheapest: cheapest.toString() };
  return new FatalError("compute/no-match", why, details, cause);
}

function parseRevert(contracts: ComputeContracts, error: unknown): ErrorDescription | undefined {
  const data = error instanceof MyceliaError ? error.details.data : undefined;
  if (typeof data !== "string" || data.length < 10) return undefined;
  for (const { interface: codec } of [
    contracts.services,
    contracts.sessions,
    contracts.ledger,
    contracts.models,
  ]) {
    const parsed = codec.parseError(data);
    if (parsed !== null) return parsed;
  }
  return undefined;
}

function namesOf(revert: ErrorDescription): Record<string, unknown> {
  return { error: revert.name, arguments: revert.args.map(String) };
}
