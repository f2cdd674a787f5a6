/**
 * Every bound of the network layer, in one place (protocols/limits.md lists them; a test compares the two).
 * Sizes are bytes, times milliseconds. A declared length is compared before anything is allocated.
 */
import { MAX_BODY_BYTES } from '../codec/block.ts'
import { BUNDLE_BYTES_MAX } from '../codec/messages.ts'
import type { LaneName } from './lanes.ts'
import { PEERS_ANSWER_MAX, RECORD_BYTES_MAX } from '../codec/peer-record.ts'
import { DISCOVERY_LIMITS } from './discovery/limits.ts'
import type { GossipKind, RequestProtocol } from './types.ts'

const KIB = 1024
const MIB = 1024 * KIB

export const NET_LIMITS = {
  /** Status: 1,025 chains of 50 bytes fit. */
  statusFrameBytes: 64 * KIB,
  statusTimeoutMs: 5_000,
  statusRefreshMs: 10_000,
  /** A peer that opens streams before its handshake is complete waits so long. */
  readyTimeoutMs: 5_000,
  /** How long a peer of another network, or without required features, is not dialled again. */
  refusedPauseMs: 600_000,
  /** The same for a peer that was full or slow. */
  busyPauseMs: 10_000,
  /** How long we do not dial a peer whose score fell below the disconnect line. */
  offencePauseMs: 60_000,
  /** The largest proposal: body, header, justification. */
  consensusFrameBytes: MAX_BODY_BYTES + MIB,
  consensusQueueBytes: 16 * MIB,
  consensusQueueFrames: 4_096,
  consensusItemsPerS: 4_000,
  consensusItemsBurst: 16_000,
  consensusBytesPerS: 16 * MIB,
  consensusBytesBurst: 32 * MIB,
  /** One gossip message container: the library sends none that is larger. */
  gossipRpcBytes: 4 * MIB,
  gossipOutboundBytes: 32 * MIB,
  /** Own bundles wait while a peer has more than this unsent. */
  gossipPaceBytes: 2 * MIB,
  gossipPaceMs: 1_000,
  consensusLaneMessages: 4_096,
  consensusLaneBytes: 64 * MIB,
  consensusLaneJudging: 64,
  txLaneMessages: 1_024,
  txLaneBytes: 32 * MIB,
  txLaneJudging: 16,
  discoveryLaneMessages: 256,
  discoveryLaneBytes: 4 * MIB,
  discoveryLaneJudging: 8,
  /** Jobs of all lanes in one turn of the event loop. */
  laneSliceMs: 5,
  judgeTimeoutMs: 2_000,
  /** A request over its rate is delayed up to this; beyond it is refused as limited. */
  requestDelayMs: 2_000,
  requestsWaiting: 64,
  /** An own request waits so long for what the peer allows, before it ends as limited without being sent. */
  requestHoldMs: 10_000,
  /** A peer that answered `limited` is asked nothing of that protocol for so long. */
  limitedPauseMs: 1_000,
  /** The time of a request grows by that of its answer at this rate: only who is slower is late. */
  answerBytesPerS: 128 * KIB,
  /** A request stream without requests is closed. */
  requestIdleMs: 60_000,
  /** Answers being made or not yet sent: of all peers, and of one. */
  answersBytes: 256 * MIB,
  answersBytesPerPeer: 64 * MIB,
  budgetsKept: 1_024,
  maxPeers: 50,
  peersKnown: 1_024,
  inboundConnectionsPerS: 50,
  inboundPending: 50,
  /** Inbound, of one IPv4 address or IPv6 /64; not counted for private ones with --allow-private. */
  connectionsPerAddress: 8,
  /** Both ways; two are usual when both sides dial. */
  connectionsPerPeer: 4,
  /** An ended connection may send out what it has. */
  lastWordsMs: 500,
  /** Also for somebody on a machine that has little time for it. */
  dialTimeoutMs: 10_000,
  redialMinMs: 250,
  redialMaxMs: 5_000,
  walkMinMs: 500,
  walkMaxMs: 30_000,
  /** A connection on which nothing was heard for so long is pinged, and ends when no answer comes: found within 48 s. */
  pingIntervalMs: 15_000,
  pingTimeoutMs: 30_000,
  watchdogMs: 3_000,
  /** A peer of which no status came for so long, at four looks in a row, is hung up on: within a minute. */
  silentPeerMs: 40_000,
  ledgerPeers: 4_096,
  ledgerEvents: 16
} as const

/**
 * How long a message is known again as a duplicate. Nobody gives one away that is older than a few seconds, and what comes
 * later is old news to its judge (GOS-3). Two minutes, the library's measure, are ten thousand messages of four nodes.
 */
export const GOSSIP_SEEN_MS = 30_000

/** Sizes of one message of a topic, before it is decoded. */
export const GOSSIP_BYTES_MAX: Readonly<Record<GossipKind, number>> = {
  tx: BUNDLE_BYTES_MAX,
  /** What fits into a container; the block of a larger one is pulled by its hash, which the vote names (C19). */
  block: NET_LIMITS.gossipRpcBytes - 64 * KIB,
  vote: 512,
  /** 1,024 signatures and their bitmap. */
  certificate: 96 * KIB,
  /** A header, such a certificate, and lanes with their proofs. */
  receipt: 256 * KIB
}

export interface RequestLimits {
  readonly requestBytes: number
  /** Frames of an answer after its result code. */
  readonly frames: number
  readonly frameBytes: number
  /** All frames of an answer together; a handler that says more is our own fault. */
  readonly responseBytes: number
  readonly timeoutMs: number
  /** Requests of one peer that are served at the same time; as many of ours are out to one peer. */
  readonly concurrency: number
  readonly requestsPerS: number
  readonly requestsBurst: number
  readonly bytesPerS: number
  readonly bytesBurst: number
}

export const REQUEST_LIMITS: Readonly<Record<RequestProtocol, RequestLimits>> = {
  bodies: {
    requestBytes: KIB,
    frames: 16,
    frameBytes: NET_LIMITS.consensusFrameBytes,
    responseBytes: 16 * MIB,
    timeoutMs: 10_000,
    concurrency: 4,
    requestsPerS: 16,
    requestsBurst: 64,
    bytesPerS: 16 * MIB,
    bytesBurst: 32 * MIB
  },
  certificates: {
    requestBytes: KIB,
    frames: 65,
    frameBytes: NET_LIMITS.consensusFrameBytes,
    responseBytes: 24 * MIB,
    timeoutMs: 15_000,
    concurrency: 4,
    requestsPerS: 16,
    requestsBurst: 64,
    bytesPerS: 16 * MIB,
    bytesBurst: 48 * MIB
  },
  headers: {
    requestBytes: KIB,
    /** 2,048 headers by 256, and their certificates. */
    frames: 9,
    frameBytes: 8 * MIB,
    responseBytes: 10 * MIB,
    timeoutMs: 10_000,
    concurrency: 6,
    requestsPerS: 50,
    requestsBurst: 200,
    bytesPerS: 16 * MIB,
    bytesBurst: 64 * MIB
  },
  ranges: {
    requestBytes: KIB,
    frames: 16,
    frameBytes: NET_LIMITS.consensusFrameBytes,
    responseBytes: NET_LIMITS.consensusFrameBytes + MIB,
    timeoutMs: 10_000,
    concurrency: 12,
    requestsPerS: 500,
    requestsBurst: 1_000,
    /** History is given as fast as a disk gives it; each peer at once holds `concurrency` answers at most. */
    bytesPerS: 128 * MIB,
    bytesBurst: 256 * MIB
  },
  transactions: {
    requestBytes: BUNDLE_BYTES_MAX,
    frames: 0,
    frameBytes: KIB,
    responseBytes: KIB,
    timeoutMs: 5_000,
    concurrency: 8,
    requestsPerS: 100,
    requestsBurst: 200,
    bytesPerS: 4 * MIB,
    bytesBurst: 8 * MIB
  },
  snapshot: {
    requestBytes: KIB,
    /** Two manifests of 65,536 chunks, or a chunk of 4 MiB in slices. */
    frames: 4,
    frameBytes: 3 * MIB,
    responseBytes: 6 * MIB,
    timeoutMs: 10_000,
    concurrency: 4,
    requestsPerS: 500,
    requestsBurst: 1_000,
    bytesPerS: 64 * MIB,
    bytesBurst: 128 * MIB
  },
  epochs: {
    requestBytes: KIB,
    frames: 16,
    frameBytes: 2 * MIB,
    responseBytes: 4 * MIB,
    timeoutMs: 10_000,
    concurrency: 2,
    requestsPerS: 16,
    requestsBurst: 64,
    bytesPerS: 4 * MIB,
    bytesBurst: 16 * MIB
  },
  metadata: {
    requestBytes: RECORD_BYTES_MAX + KIB,
    frames: 1,
    frameBytes: RECORD_BYTES_MAX,
    responseBytes: RECORD_BYTES_MAX,
    timeoutMs: 5_000,
    concurrency: 2,
    requestsPerS: 1,
    requestsBurst: 10,
    bytesPerS: 32 * KIB,
    bytesBurst: 256 * KIB
  },
  peers: {
    requestBytes: KIB,
    frames: PEERS_ANSWER_MAX,
    frameBytes: RECORD_BYTES_MAX,
    responseBytes: PEERS_ANSWER_MAX * RECORD_BYTES_MAX,
    timeoutMs: 5_000,
    concurrency: 1,
    requestsPerS: 1,
    requestsBurst: 10,
    bytesPerS: 64 * KIB,
    bytesBurst: 512 * KIB
  },
  receipts: {
    requestBytes: KIB,
    frames: 1,
    frameBytes: MIB,
    responseBytes: MIB,
    timeoutMs: 10_000,
    concurrency: 8,
    requestsPerS: 32,
    requestsBurst: 128,
    bytesPerS: 4 * MIB,
    bytesBurst: 16 * MIB
  }
}

/** Requests whose handlers wait in a lane (D11). */
export const REQUEST_LANES: Readonly<Partial<Record<RequestProtocol, LaneName>>> = {
  transactions: 'transactions',
  metadata: 'discovery',
  peers: 'discovery'
}

/** The table as the specification prints it: name → value. */
export function limitTable(): ReadonlyMap<string, number> {
  const table = new Map<string, number>(Object.entries(NET_LIMITS))
  for (const [name, value] of Object.entries(DISCOVERY_LIMITS)) table.set(`discovery.${name}`, value)
  for (const [kind, bytes] of Object.entries(GOSSIP_BYTES_MAX)) table.set(`gossip.${kind}.bytes`, bytes)
  for (const [protocol, limits] of Object.entries(REQUEST_LIMITS)) {
    for (const [name, value] of Object.entries(limits)) table.set(`${protocol}.${name}`, Number(value))
  }
  return table
}
