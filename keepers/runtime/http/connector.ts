import { lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { type AddressRule, bareHost } from "./addresses.ts";
import { refused } from "./errors.ts";

export interface ConnectorOptions {
  readonly allows: AddressRule;
  /** Resolver, called with `all: true`; the system's when absent. */
  readonly lookup?: LookupFunction | undefined;
  readonly connectTimeoutMs: number;
}

/**
 * Opens sockets only to allowed addresses. The check sits between DNS and connect, on the very addresses that are
 * dialled, so a name that changes its answer gains nothing; what was reached is looked at once more.
 */
export function createGuardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { allows } = options;
  const connect = buildConnector({
    lookup: guardedLookup(allows, options.lookup ?? (systemLookup as LookupFunction)),
    autoSelectFamily: true,
    timeout: options.connectTimeoutMs,
    allowH2: false,
  });
  return (target, callback) => {
    const host = bareHost(target.hostname);
    // A literal address never passes through lookup.
    if (isIP(host) !== 0 && !allows(host)) {
      callback(refusedAddress(host, [host]), null);
      return;
    }
    connect(target, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const reached = socket.remoteAddress;
      if (reached !== undefined && allows(reached)) return callback(null, socket);
      socket.destroy();
      callback(refusedAddress(host, [reached ?? "unknown"]), null);
    });
  };
}

function guardedLookup(allows: AddressRule, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = Array.isArray(found) ? found : [];
      const allowed = addresses.filter(({ address }) => allows(address));
      const [first] = allowed;
      if (first === undefined) {
        const seen = addresses.map(({ address }) => address);
        return callback(refusedAddress(hostname, seen), []);
      }
      if (options.all === true) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

function refusedAddress(host: string, addresses: readonly string[]): Error {
  return refused(
    "http/refused-address",
    `"${host}" leads to ${addresses.join(", ") || "no address"}, which is not a public address; allow its range in the configuration if that is meant`,
    { host, addresses },
  );
}
