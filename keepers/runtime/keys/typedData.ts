import { concat, keccak256, type TypedDataDomain, TypedDataEncoder, type TypedDataField } from "ethers";

/** Domains whose hashes are remembered. */
const keptDomains = 16;

/** Hashes values of one type as EIP-712 says; what is the same for many of them is worked out once. */
export class TypedDataHasher {
  readonly #encoder: TypedDataEncoder;
  readonly #domains = new Map<string, string>();

  constructor(types: Record<string, TypedDataField[]>) {
    this.#encoder = TypedDataEncoder.from(types);
  }

  /** What is signed of a value; 32 bytes, 0x-hex. */
  digest(domain: TypedDataDomain, value: Record<string, unknown>): string {
    return keccak256(concat(["0x1901", this.#domainHash(domain), this.#encoder.hash(value)]));
  }

  #domainHash(domain: TypedDataDomain): string {
    const { name, version, chainId, verifyingContract, salt } = domain;
    const key = JSON.stringify([name, version, String(chainId), verifyingContract, salt]);
    const known = this.#domains.get(key);
    if (known !== undefined) return known;
    if (this.#domains.size >= keptDomains) this.#domains.clear();
    const hash = TypedDataEncoder.hashDomain(domain);
    this.#domains.set(key, hash);
    return hash;
  }
}
