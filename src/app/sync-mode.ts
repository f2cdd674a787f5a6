/** The one word for where a chain stands: `/health`, `node_sync` (SYN-13). */
import type { SyncMode } from '../client/types.ts'
import type { ChainNode } from '../node/chain/chain-node.ts'

export function syncMode(node: ChainNode): SyncMode {
  if (node.halted !== undefined) return 'stalled'
  const { facts } = node.sync
  if (node.sync.active || facts.mode === 'stalled') return facts.mode
  if (node.pull.active) return 'bodies'
  return node.driver.instance.target === undefined ? 'live' : 'follow'
}
