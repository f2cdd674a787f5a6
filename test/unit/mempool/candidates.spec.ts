import assert from 'node:assert/strict'
import { toHex } from '../../../src/primitives/bytes.ts'
import { createPool } from '../../../src/mempool/pool.ts'
import type { Pool } from '../../../src/mempool/pool.ts'
import { CHAIN, FREE, HEAD, PLAIN_BYTES, aTransfer, senderOf, stateOf } from '../../support/pool-chain.ts'
import type { Wish } from '../../support/pool-chain.ts'

const VIEW = stateOf(Object.fromEntries(Array.from({ length: 32 }, (_, i) => [i, {}])))
function poolOf(...wishes: readonly Wish[]): Pool {
  const pool = createPool(CHAIN, FREE)
  for (const wish of wishes) assert.ok(pool.admit(aTransfer(wish), VIEW, HEAD, 'gossip').ok)
  return pool
}
const place = ({ sender, nonce }: { sender: string; nonce: bigint }): string =>
  `${parseInt(sender, 16)}:${nonce}`

describe('candidates of a block', () => {
  it('M13: the best fee per byte first', () => {
    const pool = poolOf(
      { from: 1, fee: 1_000 },
      { from: 2, fee: 1_500, memoBytes: PLAIN_BYTES },
      { from: 3, fee: 1_001 }
    )
    assert.deepEqual([...pool.select()].map(place), ['3:0', '1:0', '2:0'])
  })

  it('M13: per sender by nonce, even if a later one pays more', () => {
    const pool = poolOf({ from: 1, fee: 10 }, { from: 1, nonce: 1, fee: 9_000 }, { from: 2, fee: 100 })
    assert.deepEqual([...pool.select()].map(place), ['2:0', '1:0', '1:1'])
  })

  it('M13: equal rates in order of the wire hash', () => {
    const pool = poolOf(...Array.from({ length: 20 }, (_, from) => ({ from })))
    const hashes = [...pool.select()].map(({ wireHash }) => wireHash)
    assert.deepEqual(hashes, hashes.toSorted())
    assert.equal(hashes.length, 20)
  })

  it('M13: a sender with several transactions in unfinal ancestors continues behind the last of them', () => {
    const pool = poolOf({ nonce: 0 }, { nonce: 1 }, { nonce: 2 }, { nonce: 3 })
    // The ancestors may hold another transaction for nonce 1: it is used all the same.
    const skip = [2, 0].map((nonce) => toHex(aTransfer({ nonce }).wireHash))
    assert.deepEqual([...pool.select(skip)].map(place), ['1:3'])
  })

  it('M13: wire hashes that the pool does not hold are skipped without effect', () => {
    const pool = poolOf({ nonce: 0 })
    assert.deepEqual([...pool.select([toHex(new Uint8Array(32))])].map(place), ['1:0'])
  })

  it('M13: a sender that is skipped by the builder offers nothing more', () => {
    const pool = poolOf({ nonce: 0 }, { nonce: 1 }, { from: 2, fee: 10 })
    const candidates = pool.select()
    assert.equal(place(candidates.next()!), '1:0')
    candidates.skipSender()
    assert.deepEqual([...candidates].map(place), ['2:0'])
  })

  it('M13: gives a block builder the checked transactions themselves', () => {
    const pool = poolOf({ nonce: 0 })
    assert.deepEqual([...pool.select().transactions()], [aTransfer({ nonce: 0 })])
  })

  it('a pool that changed makes its candidates unusable', () => {
    const pool = poolOf({ nonce: 0 })
    const candidates = pool.select()
    pool.admit(aTransfer({ nonce: 1 }), VIEW, HEAD, 'gossip')
    assert.throws(() => candidates.next(), /changed/)
  })
})

describe('what a pool answers', () => {
  it('D10: status counts pending, queued, senders and bytes', () => {
    const pool = poolOf({ from: 1 }, { from: 1, nonce: 2, fee: 900 }, { from: 2, fee: 1_200 })
    assert.deepEqual(pool.status(), {
      chain: CHAIN,
      count: 3,
      bytes: 3 * PLAIN_BYTES,
      pending: 2,
      queued: 1,
      senders: 2,
      local: 0,
      countMax: FREE.poolCountMax,
      bytesMax: FREE.poolBytesMax,
      minFeePerByte: 0,
      minFeePerMana: 0
    })
  })

  it('D10: lists one sender by nonce, or all with the pending first, up to the limit', () => {
    const pool = poolOf({ from: 1, nonce: 2, fee: 9_000 }, { from: 1 }, { from: 2, fee: 5_000 })
    assert.deepEqual(pool.list({ sender: senderOf(1), limit: 9 }).map(place), ['1:0', '1:2'])
    assert.deepEqual(pool.list({ limit: 9 }).map(place), ['2:0', '1:0', '1:2'])
    assert.deepEqual(pool.list({ limit: 1 }).map(place), ['2:0'])
    assert.deepEqual(pool.list({ sender: senderOf(1), limit: 1 }).map(place), ['1:0'])
    assert.deepEqual(pool.list({ sender: senderOf(7), limit: 9 }), [])
  })

  it('D10: finds by id and by wire hash, and tells pending from queued', () => {
    const pool = poolOf({ nonce: 0 }, { nonce: 2 })
    const { id, wireHash } = aTransfer({ nonce: 2 })
    const entry = pool.get(toHex(id))
    assert.ok(entry !== undefined && pool.byWireHash(toHex(wireHash)) === entry)
    assert.equal(pool.has(toHex(wireHash)), true)
    assert.equal(pool.has(toHex(id)), false)
    assert.equal(pool.isPending(entry), false)
    assert.equal(pool.isPending(pool.get(toHex(aTransfer({ nonce: 0 }).id))!), true)
  })

  it('D10: the next nonce follows the pending ones and never lies below the account’s', () => {
    const pool = poolOf({ nonce: 0 }, { nonce: 1 }, { nonce: 3 })
    assert.equal(pool.nextNonce(senderOf(1), 0n), 2n)
    assert.equal(pool.nextNonce(senderOf(1), 3n), 3n)
    assert.equal(pool.nextNonce(senderOf(2), 7n), 7n)
  })
})
