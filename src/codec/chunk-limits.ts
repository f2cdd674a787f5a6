/**
 * How large a chunk of a state snapshot may be (SNAP-3, SNAP-4). Apart from the types: the threads that verify chunks load
 * this, and not the library that the types are made of, which takes longer to load than a dozen chunks to verify.
 */
/** SNAP-3: a state is cut so that a chunk has at most so many bytes of keys and values on average … */
export const CHUNK_AVERAGE_BYTES = 128 * 1024
/** … and at least so many accounts, so that no chunk is ever empty. */
export const CHUNK_ACCOUNTS_MIN = 256
export const CHUNK_BITS_MAX = 16
/** No chunk is larger, however its keys were chosen. */
export const CHUNK_BYTES_MAX = 4 * 1024 * 1024
/** A chunk travels in frames of at most so many bytes. */
export const CHUNK_FRAME_BYTES = 1024 * 1024
export const CHUNK_ROWS_MAX = 1 << 20
export const STATE_KEY_BYTES_MAX = 255
export const STATE_VALUE_BYTES_MAX = 1024 * 1024
