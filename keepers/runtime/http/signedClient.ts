import type { KeySigner } from "../keys/signer.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./exchange.ts";
import { signRequest } from "./signedRequest.ts";

/** An HTTP client whose every request is signed by one key for one server identity. */
export interface SignedClient {
  /** @param audience on-chain identity of the server. @throws what `HttpClient.request` throws. */
  request(audience: string, url: string, request?: HttpRequest): Promise<HttpResponse>;
}

export function createSignedClient(http: HttpClient, signer: KeySigner, chainId: number): SignedClient {
  return {
    async request(audience, url, request = {}) {
      const method = request.method ?? "GET";
      const authorization = await signRequest(signer, { chainId, audience, method, url, body: request.body });
      return http.request(url, { ...request, headers: { ...request.headers, authorization } });
    },
  };
}
