/** Largest run of object bytes that is coded as one segment. */
export const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
/** Largest manifest, bytes. */
export const MAX_MANIFEST_BYTES = 64 * 1024;
/** Slots of a committee; also the strips of a segment: one strip a slot. */
export const SLOTS = 256;
/** Slots that one member may own (one eighth of the committee). */
export const MAX_SLOTS_PER_MEMBER = 32;
/** Largest row of a segment that a client makes on a small network, bytes. */
export const MAX_ROW_BYTES = 1024;
/** Bytes of one RLC value: eight symbols of GF(2^16). */
export const RLC_BYTES = 16;
/** Bytes of a SHA-256 digest. */
export const HASH_BYTES = 32;
/** Hashes between a strip's root and the row root: log2 of the number of strips. */
export const STRIP_PATH_HASHES = 8;
