/** Options of `mycelia run` as commander hands them over. */
export interface RunOptions {
  readonly role?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly printConfig?: boolean;
}
