import { HDNodeWallet, Mnemonic } from "ethers";

/** The mnemonic that every Ethereum development chain knows. Worth nothing anywhere else. */
const phrase = "test test test test test test test test test test test junk";

/** Which derivation index a party of the devnet uses; the deployer is account 0, as tools expect. */
const firstIndex = {
  deployer: 0,
  user: 1,
  author: 2,
  beacon: 3,
  verifier: 20,
  provider: 40,
  storage: 60,
  kv: 80,
} as const;

export type Party = keyof typeof firstIndex;

const mnemonic = Mnemonic.fromPhrase(phrase);

/** The devnet wallet of the nth party of a kind (n from 1). */
export function devnetWallet(party: Party, n = 1): HDNodeWallet {
  return HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${firstIndex[party] + n - 1}`);
}
