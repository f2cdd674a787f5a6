/** Bounds of discovery (protocols/limits.md lists them with the others; a test compares the two). */

export const DISCOVERY_LIMITS = {
  /** Fewer peers than these: anybody is dialled. */
  minPeers: 10,
  /** Surplus above these is let go. */
  targetPeers: 24,
  /** A peer is no surplus before it was there for so long: it has time to ask for others. */
  newPeerMs: 10_000,
  /** A peer that was full is left alone for `busyPauseMs`, twice as long each further time, at most for this. */
  fullPauseMaxMs: 320_000,
  perChain: 6,
  outboundPercent: 20,
  cooperativePeers: 5,
  /** Of those known, told of by one source. */
  peersPerSource: 64,
  addressesPerPeer: 8,
  hintsPerPeer: 64,
  redialSeldomMs: 600_000,
  /** Failures in a row after which a peer that was never met is forgotten. */
  redialsUnmet: 8,
  dialsAtOnce: 8,
  /** Of them, those that began less than this ago. */
  dialsFresh: 3,
  dialFreshMs: 2_000,
  dialTickMs: 250,
  lookAgainMs: 5_000,
  queryTimeoutMs: 10_000,
  /** An address book that changed is written so often. */
  bookMs: 30_000,
  /** Metadata is exchanged again so often, and at once after a change. */
  metadataMs: 60_000,
  /** Signed anew while nothing changes, so that others see that it is alive. */
  recordMs: 1_800_000,
  /** The first time, with jitter: a node connects to many for it, and has peers to connect to at a start. */
  provideFirstMs: 300_000,
  provideMs: 1_200_000,
  provideRetryMs: 5_000,
  providerTtlMs: 3_600_000,
  /** Provider records of one shard's namespace, and of all. */
  providersPerShard: 256,
  providers: 16_384
} as const
