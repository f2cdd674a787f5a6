/** Sizes of the state benchmark. */
export const STATE_CHANGES = 1_000
export const SMALL_STATE = 10_000
export const LARGE_STATE = 1_000_000
/** What 1,000 changes of a million accounts on disk may take in a process that has just started. */
export const COLD_UPDATE_MS = 50
