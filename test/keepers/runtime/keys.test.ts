import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import { decryptKeystoreJson, Transaction, verifyTypedData, Wallet } from "ethers";
import { FatalError } from "../../../keepers/runtime/errors.ts";
import {
  createKey,
  exportKey,
  importKey,
  keyFile,
  listKeys,
  openKeystore,
  WEAK_SCRYPT,
} from "../../../keepers/runtime/keys/keystore.ts";
import { createKeystoreSigner, createMemorySigner } from "../../../keepers/runtime/keys/localSigner.ts";
import { readPasswordFile, readPrivateKey } from "../../../keepers/runtime/keys/secretFile.ts";

use(chaiAsPromised);

const PRIVATE_KEY = `0x${"5a".repeat(32)}`;
const ADDRESS = new Wallet(PRIVATE_KEY).address;

describe("keys", () => {
  let folder: string;
  let passwordFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keys-"));
    passwordFile = await secret("password", "correct horse\n");
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function secret(name: string, content: string | Buffer, mode = 0o600): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, content, { mode });
    await chmod(file, mode);
    return file;
  }

  async function code(attempt: Promise<unknown>): Promise<string> {
    const error = (await expect(attempt).rejectedWith(FatalError)) as unknown as FatalError;
    expect(inspect(error, { depth: 10 })).not.match(/correct horse|5a5a5a5a/);
    return error.code;
  }

  it("are created, listed, imported and exported; the file is a web3 v3 keystore that only the owner can read", async () => {
    const made = await createKey(folder, "operator", passwordFile, WEAK_SCRYPT);
    const imported = await importKey(folder, "old", PRIVATE_KEY, passwordFile, WEAK_SCRYPT);
    expect(imported).deep.equal({ name: "old", address: ADDRESS, file: join(folder, "keys", "old.json") });
    expect(await listKeys(folder)).deep.equal([imported, made]);
    expect(await exportKey(folder, "old", passwordFile)).equal(PRIVATE_KEY);
    const text = await readFile(imported.file, "utf8");
    expect(JSON.parse(text)).include({ version: 3 });
    expect((await decryptKeystoreJson(text, "correct horse")).address).equal(ADDRESS);
    expect((await stat(imported.file)).mode & 0o777).equal(0o600);
    expect((await stat(join(folder, "keys"))).mode & 0o777).equal(0o700);
    expect(await readdir(join(folder, "keys"))).deep.equal(["old.json", "operator.json"]);
    expect(made.address).not.equal((await createKey(folder, "third", passwordFile, WEAK_SCRYPT)).address);
  });

  it("of an empty directory are none", async () => {
    expect(await listKeys(join(folder, "nowhere"))).deep.equal([]);
  });

  it("are never written over", async () => {
    await importKey(folder, "old", PRIVATE_KEY, passwordFile, WEAK_SCRYPT);
    expect(await code(createKey(folder, "old", passwordFile, WEAK_SCRYPT))).equal("keys/exists");
    expect(await exportKey(folder, "old", passwordFile)).equal(PRIVATE_KEY);
    expect(await readdir(join(folder, "keys"))).deep.equal(["old.json"]);
  });

  it("have names that can't leave their directory", async () => {
    for (const name of ["", "../x", "a/b", ".hidden", "A", "a.json", "-a", "a".repeat(64), "a\0"]) {
      expect(() => keyFile(folder, name), name).throw(/is no key name/);
      expect(await code(createKey(folder, name, passwordFile, WEAK_SCRYPT))).equal("keys/bad-name");
    }
    keyFile(folder, "a".repeat(63));
  });

  it("don't open with a wrong password", async () => {
    const { file } = await importKey(folder, "old", PRIVATE_KEY, passwordFile, WEAK_SCRYPT);
    expect(await code(openKeystore(file, await secret("wrong", "incorrect horse\n")))).equal(
      "keys/wrong-password",
    );
    expect(await code(openKeystore(file, await secret("spaced", "correct horse \n")))).equal(
      "keys/wrong-password",
    );
    expect((await openKeystore(file, await secret("crlf", "correct horse\r\n"))).address).equal(ADDRESS);
    expect((await openKeystore(file, await secret("bare", "correct horse"))).address).equal(ADDRESS);
  });

  it("are refused when their file or their password's is open to others", async () => {
    const { file } = await importKey(folder, "old", PRIVATE_KEY, passwordFile, WEAK_SCRYPT);
    for (const mode of [0o640, 0o604, 0o644, 0o620, 0o601, 0o666]) {
      await chmod(file, mode);
      expect(await code(openKeystore(file, passwordFile)), mode.toString(8)).equal("keys/open-permissions");
      await chmod(file, 0o600);
      await chmod(passwordFile, mode);
      const error = await expect(openKeystore(file, passwordFile)).rejectedWith(/chmod 600/);
      expect(String(error)).include(mode.toString(8));
      await chmod(passwordFile, 0o400);
    }
    expect((await openKeystore(file, passwordFile)).address).equal(ADDRESS);
  });

  it("need a password file with a password", async () => {
    expect(await code(readPasswordFile(join(folder, "absent")))).equal("keys/no-password-file");
    for (const content of ["", "\n", "\r\n", "x".repeat(1025)]) {
      expect(await code(readPasswordFile(await secret("bad", content)))).equal("keys/bad-password-file");
    }
    expect(await readPasswordFile(await secret("long", `${"x".repeat(1024)}\n`))).length(1024);
    expect(await readPasswordFile(await secret("lines", "two\nlines\n"))).equal("two\nlines");
    expect(await readPasswordFile(await secret("umlaut", "pässwörd\n"))).equal("pässwörd");
  });

  it("are read from a private key file with or without 0x", async () => {
    expect(await readPrivateKey(await secret("a", `${PRIVATE_KEY}\n`))).equal(PRIVATE_KEY);
    expect(await readPrivateKey(await secret("b", PRIVATE_KEY.slice(2)))).equal(PRIVATE_KEY);
    expect(await code(readPrivateKey(await secret("c", "correct horse")))).equal("keys/bad-private-key");
    expect(await code(readPrivateKey(await secret("d", PRIVATE_KEY, 0o644)))).equal("keys/open-permissions");
    expect(await code(readPrivateKey(join(folder, "absent")))).equal("keys/no-key-file");
  });

  it("must lie on the curve", async () => {
    for (const key of [`0x${"00".repeat(32)}`, `0x${"ff".repeat(32)}`, "0x5a", "", "hello"]) {
      expect(await code(importKey(folder, "bad", key, passwordFile, WEAK_SCRYPT))).equal(
        "keys/bad-private-key",
      );
    }
    expect(await listKeys(folder)).deep.equal([]);
  });

  it("are refused when the keystore is garbage, lies about its address or asks for too much memory", async () => {
    const { file } = await importKey(folder, "old", PRIVATE_KEY, passwordFile, WEAK_SCRYPT);
    const good = JSON.parse(await readFile(file, "utf8")) as { Crypto?: object; crypto?: object };
    const crypto = (good.Crypto ?? good.crypto) as { kdfparams: object };
    const withCost = (cost: object) => ({
      ...good,
      Crypto: { ...crypto, kdfparams: { ...crypto.kdfparams, ...cost } },
    });
    const bad = [
      "",
      "{",
      "null",
      "[]",
      "{}",
      { ...good, version: 2 },
      { ...good, address: undefined },
      { ...good, address: "xyz" },
      { ...good, address: createMemorySigner().address },
      { ...good, Crypto: {}, crypto: {} },
      { ...good, Crypto: { ...crypto, ciphertext: "00" }, crypto: undefined },
      { ...good, Crypto: { ...crypto, kdf: "pbkdf2" }, crypto: undefined },
      withCost({ n: 2 ** 30 }),
      withCost({ r: 2 ** 20 }),
      withCost({ p: 1e9 }),
      withCost({ n: "1024" }),
      withCost({ n: -1 }),
      "x".repeat(20_000),
    ];
    for (const content of bad) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      const broken = await secret("broken.json", text);
      const refusal = await code(openKeystore(broken, passwordFile));
      expect(refusal, text.slice(0, 200)).oneOf(["keys/bad-keystore", "keys/wrong-password"]);
    }
    expect(await code(openKeystore(join(folder, "absent.json"), passwordFile))).equal("keys/no-keystore");
  });

  describe("signers", () => {
    const domain = { name: "Test", version: "1", chainId: 1 };
    const types = { Note: [{ name: "text", type: "string" }] };

    it("sign typed data and fully populated transactions", async () => {
      const { file } = await importKey(folder, "old", PRIVATE_KEY, passwordFile, WEAK_SCRYPT);
      for (const signer of [
        await createKeystoreSigner(file, passwordFile),
        createMemorySigner(PRIVATE_KEY),
      ]) {
        expect(signer.address).equal(ADDRESS);
        const signature = await signer.signTypedData(domain, types, { text: "hi" });
        expect(verifyTypedData(domain, types, { text: "hi" }, signature)).equal(ADDRESS);
        const raw = await signer.signTransaction({
          from: ADDRESS,
          to: ADDRESS,
          type: 2,
          chainId: 1,
          nonce: 0,
          gasLimit: 21_000,
          maxFeePerGas: 2n,
          maxPriorityFeePerGas: 1n,
          value: 1n,
        });
        expect(Transaction.from(raw).from).equal(ADDRESS);
        const foreign = { from: createMemorySigner().address, to: ADDRESS, chainId: 1, type: 2 };
        await expect(signer.signTransaction(foreign)).rejectedWith(/from/);
      }
    });

    it("show their address and nothing else", () => {
      const signer = createMemorySigner(PRIVATE_KEY);
      for (const text of [JSON.stringify(signer), inspect(signer, { depth: 10, showHidden: true })]) {
        expect(text).include(ADDRESS).and.not.include("5a5a5a5a");
      }
      expect(createMemorySigner().address).not.equal(createMemorySigner().address);
    });
  });
});
