/** Bytes of a stream's id: its owner's address (20), and a number that the owner chose (12). */
export const STREAM_ID_BYTES = 32;
export const ADDRESS_BYTES = 20;
/** Longest key, bytes: every engine can hold it. */
export const MAX_KEY_BYTES = 1_024;
/** Largest value, bytes; what is larger is an object, and its path the value. */
export const MAX_VALUE_BYTES = 1024 * 1024;
/** Most reads, writes and controls of a batch, each. */
export const MAX_ITEMS = 65_536;
/** Largest serialised batch, bytes: it lies in one segment. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** As `seen`: the batch is taken whatever was written meanwhile. */
export const SEEN_ALL = 2n ** 64n - 1n;
