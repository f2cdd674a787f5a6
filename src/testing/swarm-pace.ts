/**
 * What `npm run swarm` asks of so many nodes in one thread. Each hears every vote a few times and every transfer once or
 * twice, and keeps its connections; a thread that does not keep up hears of itself that it is stuck (C19), and has more
 * to do. So the more there are, the more seldom things happen; that they happen everywhere is what is shown.
 */
import type { NodeConfig } from '../node/config.ts'
import type { Params } from '../params/params.ts'

export interface Pace {
  readonly params: Partial<Params>
  /** Of every node. */
  readonly settings: Partial<NodeConfig>
  /** Between two transfers, or more that are due, which enter at one node and travel together. */
  readonly waveMs: number
  /** For blocks that are due and transfers to be final everywhere. */
  readonly finalWithinMs: number
}

const INTERVAL_MS_MIN = 1_000
const INTERVAL_MS_PER_NODE = 100
/** Above 66 nodes what they do without any block takes a growing part of the time. */
const INTERVAL_MS_PER_SQUARE = 1.5
const DELTA_MS_MIN = 2_000
const DELTA_MS_PER_NODE = 30
const DELTA_FLOOR_MS_MIN = 500
const DELTA_FLOOR_MS_PER_NODE = 10
const WAVE_MS_MIN = 250
const WAVE_MS_PER_NODE = 10
const FINAL_WITHIN_MS = 60_000
const FINAL_WITHIN_INTERVALS = 6
/**
 * Everybody looks for so many peers rather than ten: in a crowd, whoever started early is found by all, has no room any
 * more, and lets go of most who connect, who then have to look again.
 */
const CROWD_NODES = 50
const CROWD_PEERS = 8

/** Patient views, and time between blocks in proportion to the nodes. */
export function paceOf(nodes: number): Pace {
  const perNodeMs = Math.max(INTERVAL_MS_PER_NODE, INTERVAL_MS_PER_SQUARE * nodes)
  const intervalMs = Math.ceil(Math.max(INTERVAL_MS_MIN, nodes * perNodeMs))
  const deltaMs = Math.max(DELTA_MS_MIN, nodes * DELTA_MS_PER_NODE)
  return {
    params: {
      minBlockIntervalMs: intervalMs,
      idleIntervalMs: intervalMs,
      deltaInitialMs: deltaMs,
      deltaMinMs: Math.max(DELTA_FLOOR_MS_MIN, nodes * DELTA_FLOOR_MS_PER_NODE),
      deltaMaxMs: 4 * deltaMs,
      maxDriftMs: 5_000
    },
    settings: nodes > CROWD_NODES ? { minPeers: CROWD_PEERS } : {},
    waveMs: Math.max(WAVE_MS_MIN, nodes * WAVE_MS_PER_NODE),
    finalWithinMs: Math.max(FINAL_WITHIN_MS, FINAL_WITHIN_INTERVALS * intervalMs)
  }
}
