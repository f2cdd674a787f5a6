import assert from 'node:assert/strict'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { PersistQueue } from '../../../../src/node/chain/persist-queue.ts'
import type { LocalTransactions } from '../../../../src/store/local-transactions.ts'
import { settled } from '../../../support/node-fakes.ts'

const SHARD = shardId(0)

describe('D10: writing promises in groups', () => {
  it('D10: what arrives during one write goes into the next, and each gets its own answer', async () => {
    const groups: number[] = []
    const writes: PromiseWithResolvers<{ ok: true; value: void }>[] = []
    const local = {
      put: (list: readonly unknown[]) => {
        groups.push(list.length)
        const write = Promise.withResolvers<{ ok: true; value: void }>()
        writes.push(write)
        return write.promise
      }
    }
    const queue = new PersistQueue(local as Partial<LocalTransactions> as LocalTransactions, {})
    const one = { chain: SHARD, id: new Uint8Array(32), bytes: new Uint8Array(1) }
    const outcomes = [queue.put(one), queue.put(one), queue.put(one)]
    assert.deepEqual(groups, [1])
    writes[0]!.resolve({ ok: true, value: undefined })
    await settled()
    assert.deepEqual(groups, [1, 2])
    writes[1]!.reject(new Error('disk'))
    const [first, second, third] = await Promise.allSettled(outcomes)
    assert.deepEqual([first?.status, second?.status, third?.status], ['fulfilled', 'rejected', 'rejected'])
    const again = queue.put(one)
    writes[2]!.resolve({ ok: true, value: undefined })
    assert.equal((await again).ok, true)
  })

  it('D10: what arrives in one turn of the event loop is one write', async () => {
    const groups: number[] = []
    const local = {
      put: async (list: readonly unknown[]) => {
        groups.push(list.length)
        return { ok: true as const, value: undefined }
      }
    }
    const turns: (() => void)[] = []
    const queue = new PersistQueue(local as Partial<LocalTransactions> as LocalTransactions, {
      soon: (run) => void turns.push(run)
    })
    const one = { chain: SHARD, id: new Uint8Array(32), bytes: new Uint8Array(1) }
    const outcomes = [queue.put(one), queue.put(one)]
    await settled()
    outcomes.push(queue.put(one))
    assert.deepEqual([groups, turns.length], [[], 1])
    turns[0]!()
    await Promise.all(outcomes)
    assert.deepEqual(groups, [3])
    const later = queue.put(one)
    assert.equal(turns.length, 2)
    turns[1]!()
    assert.equal((await later).ok, true)
  })
})
