/** Stake answers for shards that stand still (C26): what is noted when a seat ends, and what is not paid out meanwhile. */
import assert from 'node:assert/strict'
import { addressOfKey } from '../../../src/crypto/address.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { mayBeNeeded, noteServed, readServed } from '../../../src/state/coord/serving.ts'
import { commit } from '../../../src/state/commit.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { creditStake } from '../../../src/state/stake.ts'
import { CoordChain } from '../../support/coordination.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'

const [one, other] = [shardId(0), shardId(1)]
const first = someKey(0)
const to = addressOfKey(someKey(20))
const ask = (consumer: bigint) => ({ unstake: { consumer, industrial: 0n, to } })

function withStake(chain: CoordChain, key: Uint8Array): CoordChain {
  chain.block([], {
    end: (ledger) => {
      ledger.receive({ consumer: 10n, industrial: 0n, source: one, sequence: 0 } as never)
      assert.ok(creditStake(ledger, key, { consumer: 10n, industrial: 0n }))
    }
  })
  return chain
}

const paid = (chain: CoordChain, key: Uint8Array): number =>
  chain.block([{ key, order: ask(0n) }]).results[0]!.emitted.length

describe('stake of validators that may be needed', () => {
  it('C26, REG-12: who sits on a shard is paid once coordination has heard of an epoch after the request', () => {
    const chain = withStake(new CoordChain(aGenesis({ overrides: { unbondingEpochs: 1 } })), first)
    chain.say(first, ask(6n))
    while (chain.height < chain.params.epochLength) chain.block()
    assert.equal(paid(chain, first), 0, 'nothing was heard of any shard')
    chain.hears(one, 1)
    chain.hears(other, 0)
    assert.equal(paid(chain, first), 0, 'one shard may still be in the epoch of the request')
    assert.equal(chain.record(first).unbondings.length, 1)
    chain.hears(other, 1)
    assert.equal(paid(chain, first), 1)
    assert.equal(chain.record(first).unbondings.length, 0)
  })

  it('C26, REG-12, REG-16: who left is paid once its last epoch on its own shard is over; other shards do not matter', () => {
    const validators = Array.from({ length: 12 }, (_, index) => someKey(index))
    const overrides = { unbondingEpochs: 1, shardsPerValidator: 1 }
    const chain = withStake(new CoordChain(aGenesis({ validators, overrides })), first)
    const [shard] = [one, other].filter((each) => chain.seated(each).includes(toHex(first))) as [ChainId]
    chain.say(first, { deregister: true })
    for (let epochs = 0; chain.record(first).status !== 2; epochs++) {
      assert.ok(epochs < 4)
      chain.freeze()
    }
    const [served, ...more] = readServed(chain.state, first)
    assert.deepEqual(more, [])
    assert.equal(served!.shard, shard)
    assert.equal(chain.say(first, ask(10n)), undefined)
    for (let epochs = 0; epochs < 3; epochs++) chain.freeze()
    assert.equal(paid(chain, first), 0, 'nothing was heard of its shard')
    chain.hears(shard, served!.epoch)
    assert.equal(paid(chain, first), 0, 'of its last epoch, whose end may still be asked for')
    chain.hears(shard, served!.epoch + 1)
    assert.equal(paid(chain, first), 1)
  })

  it('REG-16: a later epoch of a shard takes the place of an earlier one; what is over goes with the next one', () => {
    const chain = new CoordChain(aGenesis())
    const newcomer = someKey(9)
    const note = (shards: readonly ChainId[], epoch: number): unknown => {
      const ledger = new Ledger(chain.state)
      noteServed(ledger, newcomer, shards, epoch)
      chain.state.apply(commit(chain.state, ledger.changedValues()))
      return readServed(chain.state, newcomer).map(({ shard, epoch: last }) => [shard, last])
    }
    assert.deepEqual(note([other], 2), [[other, 2]])
    assert.deepEqual(note([one], 3), [
      [one, 3],
      [other, 2]
    ])
    assert.deepEqual(note([other], 5), [
      [one, 3],
      [other, 5]
    ])
    chain.hears(one, 4)
    assert.deepEqual(note([other], 6), [[other, 6]])
    assert.ok(mayBeNeeded(chain.state, newcomer, 0), 'epoch 6 of a shard of which nothing was heard')
    chain.hears(other, 1)
    assert.ok(!mayBeNeeded(chain.state, newcomer, 0), 'what was asked back in epoch 0 answers for that alone')
    assert.ok(mayBeNeeded(chain.state, newcomer, 1))
  })
})
