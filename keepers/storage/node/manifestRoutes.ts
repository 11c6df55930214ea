import type { FastifyInstance } from "fastify";
import { FatalError } from "../../runtime/errors.ts";
import type { SegmentStore } from "../disk/segmentStore.ts";
import { MAX_MANIFEST_BYTES } from "../format/limits.ts";
import { objectRoot, parseManifest } from "../format/manifest.ts";
import { nameOf, parseName } from "../format/names.ts";
import type { StorageMetrics } from "./metrics.ts";
import type { RouteHooks } from "./routeHooks.ts";
import { bodyOf } from "./segmentRoutes.ts";

interface Named {
  Params: { root: string };
}

/** PUT and GET of manifests, which every member keeps. */
export function addManifestRoutes(
  server: FastifyInstance,
  needs: { readonly segments: SegmentStore; readonly metrics: StorageMetrics; readonly hooks: RouteHooks },
): void {
  const { segments, metrics, hooks } = needs;
  server.put<Named>(
    "/manifests/:root",
    { bodyLimit: MAX_MANIFEST_BYTES, onRequest: hooks.upload, onError: hooks.countRefusal },
    async (request, reply) => {
      const root = parseName(request.params.root);
      const bytes = bodyOf(request.rawBody);
      parseManifest(bytes);
      checkRoot(root, bytes);
      await segments.putManifest(root, request.signer.toLowerCase(), bytes);
      return reply.code(204).send();
    },
  );
  server.get<Named>("/manifests/:root", { onRequest: hooks.read }, async (request, reply) => {
    const bytes = await segments.manifest(parseName(request.params.root));
    if (bytes === undefined) {
      throw new FatalError("storage/not-found", `this node holds no object ${request.params.root}`, {
        name: request.params.root,
      });
    }
    metrics.served(bytes.length);
    return reply.type("application/octet-stream").send(bytes);
  });
}

/** @throws FatalError storage/wrong-root unless the manifest is the one that the root names */
export function checkRoot(root: Uint8Array, manifestBytes: Uint8Array): void {
  const found = objectRoot(manifestBytes);
  if (Buffer.compare(found, root) === 0) return;
  throw new FatalError("storage/wrong-root", "the manifest is not the one that its name says", {
    expected: nameOf(root),
    found: nameOf(found),
  });
}
