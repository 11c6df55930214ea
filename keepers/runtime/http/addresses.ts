import { BlockList, isIP } from "node:net";
import { FatalError } from "../errors.ts";

/** `true` allows every address; a list allows these ranges ("127.0.0.0/8", "fd00::/8", "10.1.2.3") on top of public ones. */
export type AllowedAddresses = boolean | readonly string[];

/** Says whether a connection to an IP address is allowed. */
export type AddressRule = (address: string) => boolean;

// IANA special-purpose registry, IPv4: everything that is not globally reachable unicast.
const REFUSED_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

// Of IPv6 only 2000::/3 is global unicast; these parts of it are not, or hide an IPv4 address (Teredo, 6to4).
const REFUSED_IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const GLOBAL_IPV6_PREFIX = 0x2000;
const NAT64_PREFIX = [0x64, 0xff9b, 0, 0, 0, 0];
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0xffff];

const refusedIpv4 = blockList(REFUSED_IPV4, "ipv4");
const refusedIpv6 = blockList(REFUSED_IPV6, "ipv6");

/** The rule for outgoing connections. @throws FatalError http/bad-range when a range can't be read. */
export function createAddressRule(allowPrivate: AllowedAddresses): AddressRule {
  if (allowPrivate === true) return (address) => isIP(withoutZone(address)) !== 0;
  const allowed = readRanges(allowPrivate === false ? [] : allowPrivate);
  return (address) => {
    const plain = unwrap(address);
    if (plain === undefined) return false;
    return allowed.check(plain.text, plain.family) || isPublic(plain);
  };
}

/** A host without the brackets in which URLs and headers put an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** True for the addresses of this machine itself; the name "localhost" counts. */
export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const plain = unwrap(host);
  if (plain === undefined) return false;
  return plain.family === "ipv4" ? plain.text.startsWith("127.") : isLoopbackGroups(readIpv6(plain.text));
}

/** Who is one peer: an IPv4 address, or the /64 that an IPv6 host can pick its addresses from. */
export function networkOf(address: string): string {
  const plain = unwrap(address);
  if (plain?.family !== "ipv6") return plain?.text ?? address;
  return (readIpv6(plain.text) ?? []).slice(0, 4).join(":");
}

interface PlainAddress {
  readonly text: string;
  readonly family: "ipv4" | "ipv6";
}

function isPublic(address: PlainAddress): boolean {
  if (address.family === "ipv4") return !refusedIpv4.check(address.text, "ipv4");
  const first = readIpv6(address.text)?.[0];
  if (first === undefined || (first & 0xe000) !== GLOBAL_IPV6_PREFIX) return false;
  return !refusedIpv6.check(address.text, "ipv6");
}

/** IPv4-mapped and NAT64 addresses reach an IPv4 host, so they are judged as that host. */
function unwrap(address: string): PlainAddress | undefined {
  const text = withoutZone(address);
  const kind = isIP(text);
  if (kind === 4) return { text, family: "ipv4" };
  const groups = kind === 6 ? readIpv6(text) : undefined;
  if (groups === undefined) return undefined;
  for (const prefix of [MAPPED_PREFIX, NAT64_PREFIX]) {
    if (prefix.every((group, index) => groups[index] === group))
      return { text: ipv4Of(groups), family: "ipv4" };
  }
  return { text, family: "ipv6" };
}

function ipv4Of(groups: readonly number[]): string {
  const [high, low] = [groups[6] ?? 0, groups[7] ?? 0];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** The eight 16-bit groups of a textual IPv6 address. */
function readIpv6(text: string): number[] | undefined {
  if (isIP(text) !== 6) return undefined;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = dotted === null ? text : dotted[1] + dottedToHex(dotted.slice(2).map(Number));
  const [head = "", tail] = hex.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array<string>(zeros).fill("0"), ...back].map((group) => Number.parseInt(group, 16));
}

function dottedToHex(bytes: number[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function isLoopbackGroups(groups: number[] | undefined): boolean {
  return groups?.every((group, index) => group === (index === 7 ? 1 : 0)) ?? false;
}

function withoutZone(address: string): string {
  return address.split("%", 1)[0] ?? address;
}

function blockList(ranges: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, family);
  return list;
}

function readRanges(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits] = range.split("/");
    const family = isIP(network);
    const width = family === 4 ? 32 : 128;
    const length = bits === undefined ? width : Number(bits);
    if (family === 0 || !Number.isInteger(length) || length < 0 || length > width) {
      throw new FatalError("http/bad-range", `"${range}" is no address range; write it like 127.0.0.0/8`, {
        range,
      });
    }
    list.addSubnet(network, length, family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
