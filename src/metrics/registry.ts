/**
 * All metrics of one node, in a registry of its own: two nodes in one process do not mix (docs/metrics.md).
 * Names are stable. Each layer declares its metrics in one small file beside this one.
 */
import { Registry, collectDefaultMetrics } from 'prom-client'
import { declareChainMetrics } from './chain.ts'
import { declareNetMetrics } from './net.ts'
import { declareNodeMetrics } from './node.ts'
import { declarePoolMetrics } from './pool.ts'
import { declareReceiptMetrics } from './receipts.ts'
import { declareRpcMetrics } from './rpc.ts'
import { declareSyncMetrics } from './sync.ts'

export interface MetricsInit {
  /** Adds memory, CPU and garbage collection of the process: once per process. @default false */
  readonly process?: boolean
}

export type NodeMetrics = ReturnType<typeof createMetrics>

export function createMetrics(init: MetricsInit = {}) {
  const registry = new Registry()
  if (init.process === true) collectDefaultMetrics({ register: registry })
  return {
    registry,
    chain: declareChainMetrics(registry),
    sync: declareSyncMetrics(registry),
    pool: declarePoolMetrics(registry),
    net: declareNetMetrics(registry),
    node: declareNodeMetrics(registry),
    receipts: declareReceiptMetrics(registry),
    rpc: declareRpcMetrics(registry)
  }
}
