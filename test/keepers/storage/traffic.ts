import type { HttpClient } from "../../../keepers/runtime/http/exchange.ts";

/** The same client; notes whom it asks for what, and counts the bytes of bodies that it sends and receives. */
export function counting(http: HttpClient) {
  const traffic = {
    sent: 0,
    received: 0,
    /** Paths without their queries, in order. */
    paths: [] as string[],
    request: async (...[url, request]: Parameters<HttpClient["request"]>) => {
      traffic.paths.push(new URL(url).pathname);
      traffic.sent += request?.body?.length ?? 0;
      const answer = await http.request(url, request);
      traffic.received += answer.body.length;
      return answer;
    },
    close: () => http.close(),
  };
  return traffic;
}
