/** What a followed chain shows: heights, views, finality. Drivers set them from the effects they perform. */
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'

/** From one local round trip to a stuck chain. */
const FINALITY_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60]

export type ChainMetrics = ReturnType<typeof declareChainMetrics>

export function declareChainMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['chain'] as const
  return {
    height: new Gauge({
      name: 'icn_chain_height',
      help: 'Height of the newest notarised block',
      labelNames,
      registers
    }),
    finalHeight: new Gauge({
      name: 'icn_chain_final_height',
      help: 'Height of the newest final block',
      labelNames,
      registers
    }),
    epoch: new Gauge({ name: 'icn_chain_epoch', help: 'Running epoch', labelNames, registers }),
    view: new Gauge({ name: 'icn_consensus_view', help: 'Running view of the epoch', labelNames, registers }),
    viewsNullified: new Counter({
      name: 'icn_views_nullified_total',
      help: 'Views that ended without a block',
      labelNames,
      registers
    }),
    blocksInvalid: new Counter({
      name: 'icn_blocks_invalid_total',
      help: 'Proposed blocks that break a rule, by its code',
      labelNames: ['chain', 'code'] as const,
      registers
    }),
    evidenceFound: new Counter({
      name: 'icn_evidence_found_total',
      help: 'Pieces of evidence seen here or told by peers, by the chain that the offence is on',
      labelNames,
      registers
    }),
    offencesProven: new Gauge({
      name: 'icn_offences_proven',
      help: 'Offences that the state of the coordination chain holds',
      registers
    }),
    validatorScore: new Gauge({
      name: 'icn_validator_score',
      help: 'Score of a registered validator on the coordination chain, as of the last freeze',
      labelNames: ['validator'] as const,
      registers
    }),
    validatorAttendance: new Gauge({
      name: 'icn_validator_attendance_ratio',
      help: 'Share of the blocks of the last day with a recorded vote of a registered validator',
      labelNames: ['validator'] as const,
      registers
    }),
    ...declareSnapshotMetrics(registry),
    finalitySeconds: new Histogram({
      name: 'icn_finality_seconds',
      help: 'Time from the time in a block’s header to its finality here',
      labelNames,
      buckets: FINALITY_BUCKETS_S,
      registers
    }),
    transactionsFinal: new Counter({
      name: 'icn_transactions_final_total',
      help: 'Transactions that became final here',
      labelNames,
      registers
    })
  }
}

function declareSnapshotMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['chain'] as const
  return {
    snapshotHeight: new Gauge({
      name: 'icn_snapshot_height',
      help: 'Height of the newest complete state snapshot made here',
      labelNames,
      registers
    }),
    snapshotBytes: new Gauge({
      name: 'icn_snapshot_bytes',
      help: 'Size of the newest complete state snapshot made here',
      labelNames,
      registers
    }),
    snapshotsMade: new Counter({
      name: 'icn_snapshots_total',
      help: 'State snapshots made, and those that could not be made',
      labelNames: ['chain', 'outcome'] as const,
      registers
    }),
    fastStartChunks: new Gauge({
      name: 'icn_fast_start_chunks',
      help: 'Chunks of the snapshot being fetched: all, and those verified and stored',
      labelNames: ['chain', 'kind'] as const,
      registers
    })
  }
}
