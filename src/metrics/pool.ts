/** Pools and refusals: what waits, and what was turned away. */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

export function declarePoolMetrics(registry: Registry) {
  const registers = [registry]
  return {
    transactions: new Gauge({
      name: 'icn_mempool_transactions',
      help: 'Transactions in a chain’s pool',
      labelNames: ['chain'] as const,
      registers
    }),
    bytes: new Gauge({
      name: 'icn_mempool_bytes',
      help: 'Bytes in a chain’s pool',
      labelNames: ['chain'] as const,
      registers
    }),
    gossiped: new Counter({
      name: 'icn_gossip_transactions_total',
      help: 'Transactions in judged bundles from gossip, by what became of them',
      labelNames: ['chain', 'outcome'] as const,
      registers
    }),
    /** Codes are those of the refusal registry, hence few. */
    refusals: new Counter({
      name: 'icn_refusals_total',
      help: 'Refused transactions and calls, by code of the refusal',
      labelNames: ['code'] as const,
      registers
    })
  }
}
