/** The block that an operator vouches for, wherever one of its height is proven (SYN-11). */
import assert from 'node:assert/strict'
import { exitCodeOf } from '../../../src/cli/cli-error.ts'
import { observeCheckpoint, ofChain, refuseStored } from '../../../src/node/checkpoint.ts'
import type { ChainEvents, FinalEvent } from '../../../src/node/ports.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import type { ChainStore } from '../../../src/store/chain-store.ts'

const HASH = new Uint8Array(32).fill(1)
const OTHER = new Uint8Array(32).fill(2)
const CHECKPOINT = { height: 7, hash: HASH }

describe('a checkpoint', () => {
  const storeWith = (hash: Uint8Array | undefined) =>
    ({ hashAt: (height: number) => (height === 7 ? hash : HASH) }) as unknown as ChainStore

  it('SYN-11: a block that is held already and contradicts it refuses the start with exit code 4', () => {
    refuseStored(storeWith(HASH), CHECKPOINT)
    refuseStored(storeWith(undefined), CHECKPOINT)
    refuseStored(storeWith(OTHER), undefined)
    assert.throws(
      () => refuseStored(storeWith(OTHER), CHECKPOINT),
      (error: unknown) => exitCodeOf(error) === 4 && /expected=0101/.test(String(error))
    )
  })

  it('SYN-11: a block that becomes final live is compared, of coordination at that height alone', () => {
    const failed: unknown[] = []
    const finals: number[] = []
    const events = {
      final: ({ header }: FinalEvent) => finals.push(header.height),
      failed: (error: unknown) => failed.push(error)
    } as unknown as ChainEvents
    const observed = observeCheckpoint(events, CHECKPOINT)
    const final = (chain: ChainId, height: number, hash: Uint8Array): void =>
      observed.final({ chain, header: { height }, hash } as unknown as FinalEvent)
    final(COORD, 6, OTHER)
    final(COORD, 7, HASH)
    final(shardId(0), 7, OTHER)
    assert.deepEqual(failed, [])
    final(COORD, 7, OTHER)
    assert.equal(exitCodeOf(failed[0]), 4)
    assert.deepEqual(finals, [6, 7, 7, 7])
    assert.equal(observeCheckpoint(events, undefined), events)
  })

  it('SYN-11: shards have none', () => {
    assert.equal(ofChain({ checkpoint: CHECKPOINT }, shardId(0)).checkpoint, undefined)
    assert.equal(ofChain({ checkpoint: CHECKPOINT }, COORD).checkpoint, CHECKPOINT)
  })
})
