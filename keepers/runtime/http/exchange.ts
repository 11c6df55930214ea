export interface HttpRequest {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Whole-request limit, milliseconds. */
  readonly timeoutMs?: number;
  /** Largest response body, bytes. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; a repeated header is joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The one way out: http(s) only, redirects refused, size and time limits. */
export interface HttpClient {
  /** @throws HttpError: retryable for network trouble and 429/5xx, fatal for refused addresses and other 4xx. */
  request(url: string, request?: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}
