import type { Log } from "ethers";
import type { KeeperContext } from "../../runtime/context.ts";
import { FatalError } from "../../runtime/errors.ts";
import type { ComputeContracts } from "../contracts.ts";
import { TIER } from "../states.ts";
import type { ServiceOptions } from "./options.ts";

type Registrar = Pick<KeeperContext, "provider" | "transactions" | "signer" | "publicUrl" | "deployment">;

/**
 * Puts one service on the book as configured, and returns its id. A service that is there already is found again and
 * brought to the configured price, endpoint and listing.
 */
export async function registerService(
  context: Registrar,
  contracts: ComputeContracts,
  service: ServiceOptions,
): Promise<bigint> {
  const tick = await contracts.services.tickAtOrBelow(service.unitPrice);
  const known = await findService(context, contracts, service);
  if (known !== undefined) {
    await bringUpToDate(context, contracts, known, tick);
    return known;
  }
  const offer = {
    modelId: service.model,
    tier: TIER[service.tier],
    tick,
    signer: context.signer.address,
    endpoint: context.publicUrl,
  };
  const data = contracts.services.interface.encodeFunctionData("register", [offer]);
  const key = `services/register/${service.model}/${service.tier}`;
  const { logs } = await context.transactions.send({ key, to: contracts.addresses.Services, data });
  const id = logs.map((log) => registeredId(contracts, log)).find((found) => found !== undefined);
  if (id === undefined)
    throw new FatalError("compute/not-registered", `Services did not register ${service.model}.`);
  return id;
}

async function findService(
  context: Registrar,
  contracts: ComputeContracts,
  { model, tier }: ServiceOptions,
): Promise<bigint | undefined> {
  const { services } = contracts;
  const filter = services.filters.ServiceRegistered(undefined, context.transactions.address, model);
  const from = context.deployment.contracts.Services?.block ?? 0;
  const found = await services.queryFilter(filter, from);
  for (const { args } of found.reverse()) {
    const service = await services.get(args.id);
    const same = Number(service.tier) === TIER[tier] && service.signer === context.signer.address;
    if (same) return args.id;
  }
  return undefined;
}

async function bringUpToDate(
  context: Registrar,
  contracts: ComputeContracts,
  id: bigint,
  tick: bigint,
): Promise<void> {
  const service = await contracts.services.get(id);
  const codec = contracts.services.interface;
  // The same change may be needed again later; the block tells them apart, and doing one twice changes nothing.
  const block = await context.provider.getBlockNumber();
  const send = (what: string, data: string) =>
    context.transactions.send({
      key: `services/${what}/${id}/${block}`,
      to: contracts.addresses.Services,
      data,
    });
  if (service.tick !== tick) await send("reprice", codec.encodeFunctionData("reprice", [id, tick]));
  if (service.endpoint !== context.publicUrl) {
    await send("endpoint", codec.encodeFunctionData("setEndpoint", [id, context.publicUrl]));
  }
  if (!service.listed) await send("list", codec.encodeFunctionData("list", [id]));
}

function registeredId(contracts: ComputeContracts, log: Log): bigint | undefined {
  if (log.address !== contracts.addresses.Services) return undefined;
  const parsed = contracts.services.interface.parseLog(log);
  return parsed?.name === "ServiceRegistered" ? (parsed.args.id as bigint) : undefined;
}
