/** How a chain catches up; read from its sync when somebody looks. */
import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

export function declareSyncMetrics(registry: Registry) {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['chain'] as const, registers: [registry] })
  return {
    active: gauge('icn_sync_active', '1 while the chain syncs and its consensus is paused'),
    target: gauge('icn_sync_target_height', 'Highest block that a verified certificate proves final'),
    blocksPerSecond: gauge('icn_sync_blocks_per_second', 'Blocks stored in a second, over the last ten'),
    requests: gauge('icn_sync_requests', 'Requests of sync that are out'),
    stalled: gauge('icn_sync_stalled', '1 while sync stands still; node_sync says why')
  }
}
