/** Which shards a node follows (`--shards`): the network says which there are. */
import type { Genesis } from '../params/genesis.ts'
import { shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { NodeConfig } from './config.ts'
import { ConfigError } from './node-errors.ts'

/** @throws ConfigError CONFIG_VALUE */
export function followedShards(
  { shards }: Pick<NodeConfig, 'shards'>,
  genesis: Pick<Genesis, 'shards'>
): ChainId[] {
  if (shards === 'none') return []
  const all = Array.from({ length: genesis.shards }, (_, index) => shardId(index))
  if (shards === 'all') return all
  const unknown = shards.find((shard) => !all.includes(shard))
  if (unknown !== undefined) {
    const expected = genesis.shards === 1 ? 'shard 0 alone' : `shards 0 to ${genesis.shards - 1}`
    const detail = { code: 'CONFIG_VALUE', key: 'shards', source: String(unknown), expected } as const
    throw new ConfigError(detail, `--shards: there is no shard ${unknown}, this network has ${expected}`)
  }
  return [...new Set(shards)].sort((a, b) => a - b)
}
