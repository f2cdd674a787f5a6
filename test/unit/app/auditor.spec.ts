import assert from 'node:assert/strict'
import { Auditor } from '../../../src/app/auditor.ts'
import { buildChainGenesis } from '../../../src/chain/genesis-block.ts'
import { ChainTotalsType } from '../../../src/codec/state-records.ts'
import { newGenesis } from '../../../src/params/new-genesis.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { InLaneType } from '../../../src/codec/receipt.ts'
import { commit } from '../../../src/state/commit.ts'
import { TOTALS_KEY, inLaneKey } from '../../../src/state/keys.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'

const made = newGenesis({ preset: 'minimal', validators: [new Uint8Array(32).fill(1)], timeMs: 1, shards: 2 })
assert.ok(made.ok)
const genesis = made.value

function stateOf(chain: ChainId, minted = 0n): { get(key: Uint8Array): Uint8Array | undefined } {
  const { changes } = buildChainGenesis(genesis, chain)
  const totals = ChainTotalsType.deserialize(changes.values.get(toHex(TOTALS_KEY))!)
  const bytes = ChainTotalsType.serialize({
    ...totals,
    balancesIndustrial: totals.balancesIndustrial + minted
  })
  return { get: (key) => (toHex(key) === toHex(TOTALS_KEY) ? bytes : undefined) }
}

function audit() {
  const found: string[] = []
  return { found, auditor: new Auditor(genesis, (invariant) => found.push(invariant)) }
}

describe('app/auditor', () => {
  it('invariant 4: the holdings of each chain are what its genesis gave it', () => {
    const { auditor, found } = audit()
    for (const chain of [COORD, shardId(0), shardId(1)]) auditor.finalBlock(chain, 1, stateOf(chain))
    assert.deepEqual(found, [])
    auditor.finalBlock(shardId(0), 2, stateOf(shardId(0), 1n))
    assert.deepEqual(found, ['supply'])
  })

  it('R11: lanes between the chains are watched with them', () => {
    const { auditor, found } = audit()
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    a.run({ transactions: [a.pay(a.parties[0]!, b.parties[0]!.address, 5n)] })
    b.run({ deliveries: b.deliveries(a) })
    const lane = InLaneType.deserialize(b.state.get(inLaneKey(a.chain))!)
    const more = InLaneType.serialize({ ...lane, receivedIndustrial: 1n })
    b.state.apply(commit(b.state, new Map([[toHex(inLaneKey(a.chain)), more]])))
    auditor.finalBlock(a.chain, 1, a.state)
    auditor.finalBlock(b.chain, 1, b.state)
    assert.ok(found.includes('lanes'))
  })

  it('invariant 6: final heights rise by one on each chain', () => {
    const { auditor, found } = audit()
    for (const height of [7, 8]) auditor.finalBlock(COORD, height, stateOf(COORD))
    auditor.finalBlock(shardId(1), 3, stateOf(shardId(1)))
    assert.deepEqual(found, [])
    auditor.finalBlock(COORD, 8, stateOf(COORD))
    auditor.finalBlock(COORD, 10, stateOf(COORD))
    assert.deepEqual(found, ['height', 'height'])
  })
})
