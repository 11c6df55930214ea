import { randomBytes } from "node:crypto";
import { expect } from "chai";
import {
  recoverAddress as byEthers,
  hexlify,
  type TypedDataDomain,
  TypedDataEncoder,
  toBeHex,
  Wallet,
} from "ethers";
import { createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { recoverAddress, recoverTypedData } from "../../../keepers/runtime/keys/recoverAddress.ts";
import { TypedDataHasher } from "../../../keepers/runtime/keys/typedData.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const REFUSED = "refused";
const digest = () => hexlify(randomBytes(32));

/** What comes of it, whether an address or a refusal. */
function outcome(recover: () => string): string {
  try {
    return recover();
  } catch {
    return REFUSED;
  }
}

/** What both say of a signature. */
function verdict(message: string, signature: string): string {
  const ours = outcome(() => recoverAddress(message, signature));
  expect(ours, signature).to.equal(outcome(() => byEthers(message, signature)));
  return ours;
}

describe("signing typed data", () => {
  it("makes the signatures that ethers makes", async () => {
    const types = {
      Note: [
        { name: "text", type: "string" },
        { name: "place", type: "Place" },
      ],
      Place: [{ name: "owner", type: "address" }],
    };
    const parities = new Set<string>();
    for (let turn = 0; turn < 40; turn++) {
      const wallet = Wallet.createRandom();
      const signer = createMemorySigner(wallet.privateKey);
      const domain = { name: "Notes", version: "1", chainId: turn };
      const value = { text: digest(), place: { owner: wallet.address } };
      const signature = await signer.signTypedData(domain, types, value);
      expect(signature).to.equal(await wallet.signTypedData(domain, types, value));
      parities.add(signature.slice(-2));
    }
    expect(parities.size, "of both parities").to.equal(2);
  });
});

describe("hashing typed data", () => {
  it("tells domains apart, as ethers does, also those that it has seen", () => {
    const types = { Note: [{ name: "text", type: "string" }] };
    const hasher = new TypedDataHasher(types);
    const { address } = Wallet.createRandom();
    const domains: TypedDataDomain[] = [
      {},
      { name: "" },
      { name: "A" },
      { version: "A" },
      { salt: digest() },
    ];
    for (let chainId = 1; chainId < 30; chainId++)
      domains.push({ name: "A", chainId }, { name: "A", chainId, verifyingContract: address });
    for (const domain of [...domains, ...domains]) {
      const value = { text: digest() };
      expect(hasher.digest(domain, value)).to.equal(TypedDataEncoder.hash(domain, types, value));
    }
  });
});

describe("recovering who signed", () => {
  it("finds the signer, as ethers does", () => {
    for (let turn = 0; turn < 40; turn++) {
      const wallet = Wallet.createRandom();
      const message = digest();
      const signature = wallet.signingKey.sign(message);
      expect(verdict(message, signature.serialized)).to.equal(wallet.address);
      expect(verdict(message, signature.compactSerialized)).to.equal(wallet.address);
    }
  });

  it("agrees with ethers about signatures that nobody has made", () => {
    const refused = new Set<boolean>();
    for (let turn = 0; turn < 200; turn++) {
      const lowS = toBeHex(BigInt(hexlify(randomBytes(32))) / 2n, 32).slice(2);
      const v = turn % 2 === 0 ? "1b" : "1c";
      refused.add(verdict(digest(), `${hexlify(randomBytes(32))}${lowS}${v}`) === REFUSED);
    }
    expect(refused.size, "some have a key and some have none").to.equal(2);
  });

  it("refuses what ethers refuses", () => {
    const message = digest();
    const { r, s, yParity } = Wallet.createRandom().signingKey.sign(message);
    const zero = "00".repeat(32);
    const malleable = `${r}${toBeHex(ORDER - BigInt(s), 32).slice(2)}${yParity === 0 ? "1c" : "1b"}`;
    const [noR, noS] = [`0x${zero}${s.slice(2)}1b`, `${r}${zero}1b`];
    const largeR = `${toBeHex(ORDER, 32)}${s.slice(2)}1b`;
    const cut = `${r}${s.slice(2, -2)}`;
    for (const signature of [malleable, noR, noS, largeR, cut, "0x", "garbage"])
      expect(verdict(message, signature), signature).to.equal(REFUSED);
  });

  it("finds who signed a typed message, and somebody else for another one", async () => {
    const types = { Note: [{ name: "text", type: "string" }] };
    const domain = { name: "Notes", version: "1", chainId: 7 };
    const wallet = Wallet.createRandom();
    const signature = await wallet.signTypedData(domain, types, { text: "a" });
    const hasher = new TypedDataHasher(types);
    const signer = (chainId: number, text: string) =>
      outcome(() => recoverTypedData({ ...domain, chainId }, hasher, { text }, signature));
    expect(signer(7, "a")).to.equal(wallet.address);
    expect(signer(7, "b")).not.to.equal(wallet.address);
    expect(signer(8, "a")).not.to.equal(wallet.address);
  });
});
