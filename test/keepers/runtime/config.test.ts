import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, use } from "chai";
import chaiAsPromised from "chai-as-promised";
import fc from "fast-check";
import { z } from "zod";
import { keeperSchema } from "../../../keepers/runtime/config/keeper.ts";
import { loadConfig } from "../../../keepers/runtime/config/load.ts";
import { editDistance, nearestName } from "../../../keepers/runtime/config/nearest.ts";
import { leavesOf } from "../../../keepers/runtime/config/schema.ts";

use(chaiAsPromised);

const schema = z.object({
  name: z.string().default("keeper"),
  http: z
    .object({
      port: z.number().int().default(1),
      bodyLimit: z.number().default(10),
      open: z.boolean().default(false),
    })
    .prefault({}),
  peers: z.array(z.string()).default([]),
  budget: z.bigint().default(0n),
  passwordFile: z.string().optional(),
  password: z.string().optional(),
  pin: z.string().meta({ secret: true }).optional(),
  redisUrl: z.string().optional(),
});

describe("configuration", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "config-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function fileOf(content: unknown): Promise<string> {
    const file = join(folder, "config.json");
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  }

  it("takes each value from flag over environment over file over default, and knows which", async () => {
    const file = await fileOf({ name: "file", http: { port: 2, bodyLimit: 2 }, peers: ["a"] });
    const env = { MYCELIA_NAME: "env", MYCELIA_HTTP_BODY_LIMIT: "3", PATH: "/bin" };
    const config = await loadConfig(schema, { file, env, flags: { name: "flag", peers: undefined } });
    expect(config.values.name).equal("flag");
    expect(config.values.http).deep.equal({ port: 2, bodyLimit: 3, open: false });
    expect(config.values.peers).deep.equal(["a"]);
    expect(config.sources.get("name")).equal("flag --set name");
    expect(config.sources.get("http.bodyLimit")).equal("env MYCELIA_HTTP_BODY_LIMIT");
    expect(config.sources.get("http.port")).equal(`file ${file}`);
    expect(config.sources.get("http.open")).equal("default");
    expect(config.sources.get("password")).equal("unset");
  });

  it("precedence holds for every subset of givers (property)", async () => {
    const port = z.object({ port: z.number().default(0) });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.boolean(), fc.boolean(), async (inFile, inEnv, inFlags) => {
        const config = await loadConfig(port, {
          file: inFile ? await fileOf({ port: 1 }) : undefined,
          env: inEnv ? { MYCELIA_PORT: "2" } : {},
          flags: inFlags ? { port: "3" } : {},
        });
        expect(config.values.port).equal(inFlags ? 3 : inEnv ? 2 : inFile ? 1 : 0);
      }),
      { numRuns: 20 },
    );
  });

  it("reads texts as the kind of value the schema names", async () => {
    const env = {
      MYCELIA_HTTP_PORT: "8080",
      MYCELIA_HTTP_OPEN: "true",
      MYCELIA_PEERS: "a, b",
      MYCELIA_BUDGET: "12345678901234567890",
    };
    const { values } = await loadConfig(schema, { env, flags: {} });
    expect(values.http.port).equal(8080);
    expect(values.http.open).equal(true);
    expect(values.peers).deep.equal(["a", "b"]);
    expect(values.budget).equal(12345678901234567890n);
    const listed = await loadConfig(schema, { env: { MYCELIA_PEERS: '["x,y"]' }, flags: {} });
    expect(listed.values.peers).deep.equal(["x,y"]);
  });

  it("refuses a wrong value, naming it and where it came from", async () => {
    const wrong = { env: { MYCELIA_HTTP_PORT: "many" }, flags: { "http.open": "perhaps" } };
    const error = await expect(loadConfig(schema, wrong)).rejectedWith(
      /http\.port \(env MYCELIA_HTTP_PORT\)/,
    );
    expect(error).include({ code: "config/invalid", retry: false });
    expect(String(error)).match(/http\.open \(flag --set http\.open\)/);
  });

  it("refuses unknown names in file, environment and flags, with the nearest name", async () => {
    const file = await fileOf({ http: { prot: 1 } });
    await expect(loadConfig(schema, { file, env: {}, flags: {} })).rejectedWith(
      /"http\.prot".*did you mean "http\.port"/,
    );
    const env = { MYCELIA_HTTP_PROT: "1" };
    await expect(loadConfig(schema, { env, flags: {} })).rejectedWith(/did you mean "MYCELIA_HTTP_PORT"/);
    const error = await expect(loadConfig(schema, { env: {}, flags: { "http.ports": 1 } })).rejectedWith(
      /http\.port/,
    );
    expect(error).property("code", "config/unknown-key");
    const sections = await fileOf({ zzzzzzzz: { port: 1 } });
    await expect(loadConfig(schema, { file: sections, env: {}, flags: {} })).rejectedWith(/is no setting$/);
    const otherVariables = ["MYCELIA_HTTP_PROT"];
    await expect(loadConfig(schema, { env, flags: {}, otherVariables })).fulfilled;
  });

  it("is not fooled by prototype names", async () => {
    const file = await fileOf('{"__proto__":{"polluted":1}}');
    await expect(loadConfig(schema, { file, env: {}, flags: {} })).rejectedWith(/__proto__/);
    expect({}).not.property("polluted");
  });

  it("refuses files that are absent, no JSON or no object, without quoting them", async () => {
    const load = (file: string) => loadConfig(schema, { file, env: {}, flags: {} });
    await expect(load(join(folder, "absent.json"))).rejectedWith(/can't be read/);
    const error = await expect(load(await fileOf('{"password": "hunter2" "x"}'))).rejectedWith(/is not JSON/);
    expect(String(error)).not.include("hunter2");
    await expect(load(await fileOf([1]))).rejectedWith(/one JSON object/);
    await expect(load(await fileOf(`"${"x".repeat(2 ** 20)}"`))).rejectedWith(/larger than/);
  });

  it("refuses secrets by value in environment and flags, and takes them from the file", async () => {
    for (const name of ["PASSWORD", "PIN"]) {
      const env = { [`MYCELIA_${name}`]: "hunter2" };
      const error = await expect(loadConfig(schema, { env, flags: {} })).rejectedWith(/by value/);
      expect(error).property("code", "config/secret-by-value");
      expect(String(error)).not.include("hunter2");
    }
    await expect(loadConfig(schema, { env: {}, flags: { password: "hunter2" } })).rejectedWith(/by value/);
    const file = await fileOf({ password: "hunter2" });
    expect((await loadConfig(schema, { file, env: {}, flags: {} })).values.password).equal("hunter2");
  });

  it("prints every value, but no secret", async () => {
    const file = await fileOf({
      password: "hunter2",
      pin: "4711",
      passwordFile: "/etc/pw",
      redisUrl: "redis://me:hunter2@box:6379/0",
    });
    const rows = (await loadConfig(schema, { file, env: {}, flags: {} })).describe();
    expect(rows.map((row) => row.path)).deep.equal(leavesOf(schema).map((leaf) => leaf.path));
    const printed = JSON.stringify(rows);
    expect(printed).not.match(/hunter2|4711/);
    expect(rows.find((row) => row.path === "passwordFile")?.value).equal('"/etc/pw"');
    expect(rows.find((row) => row.path === "redisUrl")?.value).include("@box:6379");
    expect(rows.find((row) => row.path === "budget")?.value).equal('"0"');
  });

  it("refuses a schema in which two values share a variable", () => {
    const twins = z.object({ httpPort: z.number(), http: z.object({ port: z.number() }) });
    expect(() => leavesOf(twins)).throw(/both be set by MYCELIA_HTTP_PORT/);
  });

  it("the keeper's own schema needs only data directory, deployment and key", async () => {
    const env = {
      MYCELIA_DATA_DIR: "/data",
      MYCELIA_CHAIN_DEPLOYMENT_FILE: "d.json",
      MYCELIA_KEY_FILE: "k.json",
      MYCELIA_KEY_PASSWORD_FILE: "pw",
    };
    const { values } = await loadConfig(keeperSchema, { env, flags: {} });
    expect(values.http).include({ host: "127.0.0.1", exposed: false });
    expect(values.network.allowPrivate).deep.equal([]);
    const hosted = { ...env, MYCELIA_CHAIN_RPC_URL: "https://node.example/v3/hunter2?key=hunter2" };
    const rows = (await loadConfig(keeperSchema, { env: hosted, flags: {} })).describe();
    expect(rows.find((row) => row.path === "chain.rpcUrl")?.value).equal('"https://node.example"');
    const missing = loadConfig(keeperSchema, { env: {}, flags: {} });
    await expect(missing).rejectedWith(/dataDir \(give it as --set dataDir or MYCELIA_DATA_DIR\)/);
    const leaky = { ...env, MYCELIA_REDIS_URL: "redis://:pw@box" };
    await expect(loadConfig(keeperSchema, { env: leaky, flags: {} })).rejectedWith(/redis\.passwordFile/);
  });

  it("nearest names: distance is a metric and far names get no hint", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 8 }),
        fc.string({ maxLength: 8 }),
        fc.string({ maxLength: 8 }),
        (a, b, c) => {
          expect(editDistance(a, b)).equal(editDistance(b, a));
          expect(editDistance(a, a)).equal(0);
          expect(editDistance(a, c)).most(editDistance(a, b) + editDistance(b, c));
        },
      ),
    );
    expect(editDistance("kitten", "sitting")).equal(3);
    expect(nearestName("hots", ["host", "port"])).equal("host");
    expect(nearestName("completely", ["host", "port"])).equal(undefined);
  });
});
