/** A validator that asked to leave, as the RPC layer is told. */
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { DutiesFacts } from '../../src/rpc/conduct-port.ts'

export const LEAVING: DutiesFacts = {
  status: 'leaving',
  since: 7,
  joined: 0,
  ready: 3,
  cooperative: 1,
  leases: [{ shard: shardId(0), until: 240 }],
  unbondings: [{ epoch: 9, consumer: 5n, industrial: 0n, to: new Uint8Array(21) }],
  reveals: true,
  node: '12D3KooWGatU9DoapsDJ9xYcHYzNyiFwsr9oUPfWDjVr2QKqZrEm',
  seats: [COORD],
  serving: [
    { chain: COORD, isSafe: false, lastEpoch: 2, reason: 'it sits in epoch 2, which is not over' },
    { chain: shardId(0), isSafe: true, reason: 'it sat in none of the last epochs' }
  ]
}
