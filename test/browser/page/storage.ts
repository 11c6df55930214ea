import { createFetchClient, openBrowserStore, piecesOf as pieces } from "mycelia/browser";
import type { Settings } from "../steps.ts";
import { bytesOf, codeOf, fromHex, hexOf, isSame, joined, piecesOf } from "./bytes.ts";
import { withClients } from "./clients.ts";

/** What a page does with objects. */
export const storageSteps = {
  async putAndGet(settings: Settings, size: number, seed: number) {
    return await withClients(settings, async ({ storage }) => {
      const bytes = bytesOf(size, seed);
      const { objectRoot, state, kind } = await storage.put(bytes);
      const object = await storage.get(objectRoot);
      const isBack = isSame(await object.bytes(), bytes);
      const [offset, length] = [Math.floor(size / 3), Math.ceil(size / 2)];
      const part = await joined(object.range(offset, length));
      const isPart = isSame(part, bytes.subarray(offset, offset + length));
      const { blamed, failures } = object.report;
      return {
        root: hexOf(objectRoot),
        state,
        kind,
        isBack,
        isPart,
        troubles: blamed.length + failures.length,
      };
    });
  },

  /** A Blob, as of a file that somebody chose; what comes back is put together into one again. */
  async blob(settings: Settings, size: number, seed: number) {
    return await withClients(settings, async ({ storage }) => {
      const file = new File([bytesOf(size, seed)], "file");
      const { objectRoot } = await storage.put(pieces(file), { size: file.size });
      return isSame(await joined(await storage.get(objectRoot)), bytesOf(size, seed));
    });
  },

  async encrypted(settings: Settings, size: number, seed: number) {
    return await withClients(settings, async ({ storage }) => {
      const [key, bytes] = [crypto.getRandomValues(new Uint8Array(32)), bytesOf(size, seed)];
      const { objectRoot } = await storage.put(bytes, { encryption: { key } });
      const object = await storage.get(objectRoot, { key });
      const isBack = isSame(await object.bytes(), bytes);
      const part = await joined(object.range(70_000, 100_000));
      const other = await codeOf(() => storage.get(objectRoot, { key: new Uint8Array(32) }));
      const sealed = await (await storage.get(objectRoot)).bytes();
      const hidden = !isSame(sealed.subarray(sealed.length - size), bytes);
      return {
        ...{ root: hexOf(objectRoot), key: hexOf(key), isBack, hidden, other },
        isPart: isSame(part, bytes.subarray(70_000, 170_000)),
      };
    });
  },

  async read(settings: Settings, root: string, size: number, seed: number) {
    return await withClients(settings, async ({ storage }) =>
      isSame(await (await storage.get(fromHex(root))).bytes(), bytesOf(size, seed)),
    );
  },

  async files(settings: Settings, root: string) {
    return await withClients(settings, async ({ storage }) => {
      const directory = await storage.openDirectory(fromHex(root));
      const files: Record<string, string> = {};
      for (const { path, size } of await storage.list(fromHex(root)))
        files[path] = size === 0 ? "" : hexOf(await (await directory.open(path)).bytes());
      return files;
    });
  },

  /** Some of what one member answers is changed on its way. */
  async lyingMember(settings: Settings, size: number, seed: number) {
    const honest = createFetchClient();
    let liar: string | undefined;
    const http: typeof honest = {
      ...honest,
      async request(url, request) {
        const answer = await honest.request(url, request);
        const { origin, pathname } = new URL(url);
        if (!pathname.endsWith("/strips") || answer.body.length < 200) return answer;
        liar ??= origin;
        const body = Uint8Array.from(answer.body);
        if (origin === liar) body[body.length - 1]! ^= 1;
        return { ...answer, body };
      },
    };
    return await withClients(
      settings,
      async ({ storage }) => {
        const bytes = bytesOf(size, seed);
        const object = await storage.get((await storage.put(bytes)).objectRoot);
        const isBack = isSame(await object.bytes(), bytes);
        return { isBack, blamed: object.report.blamed.map(({ endpoint }) => new URL(endpoint).origin), liar };
      },
      { http },
    );
  },

  /** @returns requests that were sent before the put was aborted, and in the second after it had ended */
  async aborted(settings: Settings, size: number) {
    const honest = createFetchClient();
    let sent = 0;
    const http: typeof honest = {
      ...honest,
      async request(url, request) {
        sent += 1;
        return await honest.request(url, request);
      },
    };
    const stop = new AbortController();
    return await withClients(
      settings,
      async ({ storage }) => {
        const onProgress = () => stop.abort();
        const code = await codeOf(() => storage.put(piecesOf(size, 5), { signal: stop.signal, onProgress }));
        const before = sent;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return { code, before, after: sent - before };
      },
      { http },
    );
  },

  /** A stream that is never whole anywhere. */
  async stream(settings: Settings, size: number, seed: number) {
    return await withClients(settings, async ({ storage }) => {
      const { objectRoot, size: stored } = await storage.put(piecesOf(size, seed));
      let read = 0;
      for await (const piece of await storage.get(objectRoot)) read += piece.length;
      return { stored, read };
    });
  },

  /** @returns bytes that were sent: none when a page before this one has stored the same */
  async remembered(settings: Settings, size: number, seed: number) {
    const store = await openBrowserStore("remembered");
    try {
      return await withClients(
        settings,
        async ({ storage }) => (await storage.put(bytesOf(size, seed))).bytesSent,
        {
          store,
        },
      );
    } finally {
      await store.close();
    }
  },

  /** The clients in a worker of the page; import maps are of pages, so it names the file. */
  async inWorker(settings: Settings, size: number): Promise<string> {
    const code = `
      import { JsonRpcProvider, openBrowserStore, openClients, parseDeployment, walletOf } from "${location.origin}/mycelia.js";
      const { rpcUrl, deployment: text, privateKey } = ${JSON.stringify(settings)};
      const deployment = parseDeployment(text, "the devnet's deployment");
      const provider = new JsonRpcProvider(rpcUrl, deployment.chainId, { staticNetwork: true });
      const [signer, store] = [walletOf(privateKey, provider), await openBrowserStore("of a worker")];
      const { storage } = await openClients({ provider, deployment, signer, store });
      const { objectRoot } = await storage.put(new Uint8Array(${size}).fill(9));
      const back = await (await storage.get(objectRoot)).bytes();
      postMessage(back.length + " " + back.every((byte) => byte === 9));`;
    const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), {
      type: "module",
    });
    try {
      return await new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(String(data));
        worker.onerror = ({ message }) => resolve(message);
      });
    } finally {
      worker.terminate();
    }
  },
};
