/**
 * The rows of a data directory as the check reads them: its own list of prefixes, because it shares nothing with the
 * store. docs/storage.md says what lies behind each; a test compares the lists.
 */
export const CHAIN_ROWS = {
  meta: 0x00,
  header: 0x01,
  body: 0x02,
  certificate: 0x03,
  heightOfHash: 0x04,
  transaction: 0x05,
  results: 0x06,
  state: 0x07,
  page: 0x08,
  snapshot: 0x09,
  boundary: 0x0a,
  epochProof: 0x0b,
  manifest: 0x0c,
  chunk: 0x0d,
  staged: 0x0e,
  received: 0x10
} as const

export const NODE_ROWS = {
  meta: 0x00,
  guard: 0x01,
  journal: 0x02,
  localTransaction: 0x03,
  peer: 0x04,
  evidence: 0x05
} as const

export type ChainRow = keyof typeof CHAIN_ROWS
export type NodeRow = keyof typeof NODE_ROWS

/** Versions of the two layouts that this check reads. */
export const CHAIN_LAYOUT = 3
export const NODE_LAYOUT = 1
