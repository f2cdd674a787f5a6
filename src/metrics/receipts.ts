/** Receipts of a followed chain since its genesis, read from the lanes in its final state. */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

export type ReceiptMetrics = ReturnType<typeof declareReceiptMetrics>

export function declareReceiptMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['chain'] as const
  return {
    emitted: new Counter({
      name: 'icn_receipts_emitted_total',
      help: 'Receipts that the chain sent to others, refunds included',
      labelNames,
      registers
    }),
    applied: new Counter({
      name: 'icn_receipts_applied_total',
      help: 'Receipts of others that the chain applied or refused',
      labelNames,
      registers
    }),
    refunded: new Counter({
      name: 'icn_receipts_refunded_total',
      help: 'Of the applied ones, those that were refused and sent back',
      labelNames,
      registers
    }),
    outstanding: new Gauge({
      name: 'icn_lane_outstanding',
      help: 'Receipts of a lane that are not acknowledged, and refunds of it that have not arrived (R9)',
      labelNames: ['chain', 'destination'] as const,
      registers
    })
  }
}
