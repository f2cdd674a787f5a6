/** Bounds and times of sync. What travels is bounded in codec/sync-messages; all of it is in protocols/limits.md. */
const KIB = 1024
const MIB = 1024 * KIB

export const SYNC_LIMITS = {
  /** Gaps up to this are pulled beside consensus; a longer one pauses it. */
  nearBlocks: 64,
  /** Caught up: finality of a block or two is on its way by gossip. */
  reachBlocks: 2,
  /** Headers held above the last executed block. */
  windowHeaders: 8_192,
  /** Bytes of bodies asked for or held and not executed yet. */
  windowBodyBytes: 32 * MIB,
  headerRequests: 3,
  bodyRequests: 10,
  requestsPerPeer: 3,
  /** Bytes of bodies asked for at once. */
  chunkBytes: 256 * KIB,
  /** Part certificates that are verified at the same time. */
  verifying: 8,
  /** Answers that take longer are given up. */
  answerMs: 10_000,
  /** The answer that everything waits for is asked for again after this, or after three usual times. */
  rescueMs: 500,
  /** A peer's first pause after a failure; doubled with each further one. */
  pauseMs: 1_000,
  pauseLongestMs: 60_000,
  /** Headers of an epoch that stays unknown are given up, at nobody's cost. */
  unknownEpochMs: 10_000,
  /** Without progress for this long, one warning with its cause. */
  stallMs: 10_000,
  tickMs: 200,
  /** All chains together. */
  requests: 24,
  /** Farther behind than this, a fast start is worth its download. */
  snapshotBlocks: 256,
  /** From one attempt at a fast start to the next. */
  snapshotAgainMs: 10_000,
  /** A live chain that stands still for so long while others state much more that nobody can be asked for: one warning. */
  liveStallMs: 30_000
} as const
