/** What must be closed when the process ends; closed last-opened first. */
export interface Closers {
  add(name: string, close: () => Promise<void> | void): void;
  closeAll(): Promise<void>;
}
