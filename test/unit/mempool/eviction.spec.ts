import assert from 'node:assert/strict'
import { createPool } from '../../../src/mempool/pool.ts'
import type { Pool } from '../../../src/mempool/pool.ts'
import { CHAIN, FREE, HEAD, PLAIN_BYTES, aTransfer, stateOf } from '../../support/pool-chain.ts'
import type { Wish } from '../../support/pool-chain.ts'

const VIEW = stateOf(Object.fromEntries(Array.from({ length: 32 }, (_, i) => [i, {}])))

function offer(pool: Pool, wish: Wish): { outcome: string; evicted: string[] } {
  const verdict = pool.admit(aTransfer(wish), VIEW, HEAD, 'gossip')
  if (!verdict.ok) return { outcome: verdict.code, evicted: [] }
  const { outcome, dropped } = verdict.value
  return {
    outcome,
    evicted: dropped.filter(({ reason }) => reason === 'evicted').map(({ entry }) => name(entry))
  }
}
const name = (entry: { sender: string; nonce: bigint }): string =>
  `${parseInt(entry.sender, 16)}:${entry.nonce}`

/** A pool full at 16 transactions of `size` one-transaction senders 1 … 16 that pay 1000 + 10 × number. */
function fullPool(params = {}): Pool {
  const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16, ...params })
  for (let from = 1; from <= 16; from++) {
    assert.equal(offer(pool, { from, fee: 1_000 + 10 * from }).outcome, 'pending')
  }
  return pool
}

describe('pool eviction', () => {
  it('M7, POOL-1: full, the cheapest leaves if the newcomer pays 10 % more per byte', () => {
    const pool = fullPool()
    assert.deepEqual(offer(pool, { from: 20, fee: 1_110 }), { outcome: 'pool-full', evicted: [] })
    assert.deepEqual(offer(pool, { from: 20, fee: 1_111 }), { outcome: 'pending', evicted: ['1:0'] })
    assert.equal(pool.status().count, 16)
    assert.equal(pool.counts.drops('evicted'), 1)
  })

  it('M7: the fee rate counts, not the fee', () => {
    const pool = fullPool()
    // Twice the bytes for twice the cheapest fee and a little: below 10 % more per byte.
    assert.equal(offer(pool, { from: 20, fee: 2_200, memoBytes: PLAIN_BYTES }).outcome, 'pool-full')
    assert.equal(offer(pool, { from: 20, fee: 2_222, memoBytes: PLAIN_BYTES }).outcome, 'pending')
  })

  it('M7: only the last nonce of a sender may leave, however little an earlier one pays', () => {
    const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16 })
    offer(pool, { from: 1, nonce: 0, fee: 10 })
    offer(pool, { from: 1, nonce: 1, fee: 5_000 })
    for (let from = 2; from <= 15; from++) offer(pool, { from, fee: 2_000 + from })
    assert.deepEqual(offer(pool, { from: 20, fee: 3_000 }), { outcome: 'pending', evicted: ['2:0'] })
  })

  it('M7: a sender’s chain is taken apart from its end', () => {
    const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16 })
    for (let nonce = 0; nonce < 16; nonce++) offer(pool, { from: 1, nonce, fee: 1_000 })
    assert.deepEqual(offer(pool, { from: 2, fee: 2_000 }).evicted, ['1:15'])
    assert.deepEqual(offer(pool, { from: 3, fee: 2_000 }).evicted, ['1:14'])
    assert.equal(pool.status().queued, 0)
  })

  it('POOL-1: a newcomer never displaces the transactions of its own sender that it follows', () => {
    const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16 })
    for (let nonce = 0; nonce < 15; nonce++) offer(pool, { from: 1, nonce, fee: 1_000 })
    offer(pool, { from: 2, fee: 2_000 })
    assert.deepEqual(offer(pool, { from: 1, nonce: 15, fee: 1_500 }), { outcome: 'pool-full', evicted: [] })
    assert.deepEqual(offer(pool, { from: 1, nonce: 15, fee: 2_200 }), {
      outcome: 'pending',
      evicted: ['2:0']
    })
  })

  it('M7, POOL-1: the byte bound evicts as many as are needed, or none', () => {
    const pool = fullPool({ poolCountMax: 100, poolBytesMax: 16 * PLAIN_BYTES })
    const big = { from: 20, memoBytes: 150 }
    // 330 bytes displace two of 180: 2037 outbids the first (1010 + 10 %), 2057 the second (1020 + 10 %) as well.
    assert.equal(offer(pool, { ...big, fee: 2_056 }).outcome, 'pool-full')
    assert.equal(pool.status().count, 16)
    assert.deepEqual(offer(pool, { ...big, fee: 2_057 }).evicted, ['1:0', '2:0'])
    assert.equal(pool.status().bytes, 14 * PLAIN_BYTES + PLAIN_BYTES + 150)
  })

  it('POOL-1: one sender may lose several, from its highest nonce down', () => {
    const pool = createPool(CHAIN, { ...FREE, poolBytesMax: 4 * PLAIN_BYTES })
    for (let nonce = 0; nonce < 3; nonce++) offer(pool, { from: 1, nonce })
    offer(pool, { from: 2, fee: 9_000 })
    assert.deepEqual(offer(pool, { from: 3, fee: 8_000, memoBytes: 150 }).evicted, ['1:2', '1:1'])
  })

  it('M7: the pool takes exactly its bytes and its count', () => {
    const pool = createPool(CHAIN, { ...FREE, poolBytesMax: 2 * PLAIN_BYTES })
    assert.equal(offer(pool, { from: 1 }).outcome, 'pending')
    assert.equal(offer(pool, { from: 2, memoBytes: 1 }).outcome, 'pool-full')
    assert.equal(offer(pool, { from: 2 }).outcome, 'pending')
  })

  it('M7: a replacement that grows needs room like a newcomer and keeps the old one if it gets none', () => {
    const pool = fullPool({ poolBytesMax: 16 * PLAIN_BYTES, poolCountMax: 100 })
    assert.equal(offer(pool, { from: 1, fee: 1_200, memoBytes: 50 }).outcome, 'pool-full')
    assert.equal(pool.status().count, 16)
    assert.deepEqual(offer(pool, { from: 1, fee: 2_000, memoBytes: 50 }), {
      outcome: 'replaced',
      evicted: ['2:0']
    })
  })

  it('M7: a replacement of equal size needs no room', () => {
    assert.deepEqual(offer(fullPool(), { from: 1, fee: 1_200 }), { outcome: 'replaced', evicted: [] })
  })

  it('POOL-3: what would be queued displaces nothing, whatever it pays', () => {
    const pool = fullPool()
    assert.equal(offer(pool, { from: 20, nonce: 1, fee: 900_000 }).outcome, 'pool-full')
  })

  it('POOL-1: equal fee rates: the higher wire hash leaves', () => {
    const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16 })
    for (let from = 1; from <= 16; from++) offer(pool, { from, fee: 1_000 })
    const highest = [...pool.select()].at(-1)!
    assert.deepEqual(offer(pool, { from: 20, fee: 2_000 }).evicted, [name(highest)])
  })

  it('M13: rates that differ by less than a double can tell compare exactly', () => {
    const view = stateOf({ 1: { consumer: 2n ** 63n }, 2: { consumer: 2n ** 63n } })
    const [small, large] = [BigInt(PLAIN_BYTES), BigInt(PLAIN_BYTES + 1)]
    for (let m = 2n ** 40n; m < 2n ** 40n + 8n; m++) {
      // (small·m ± 1)·large and (large·m ± 1)·small differ by one, at about 2^55.
      for (const [one, first] of [
        [1n, '1:0'],
        [-1n, '2:0']
      ] as const) {
        const pool = createPool(CHAIN, FREE)
        pool.admit(aTransfer({ from: 1, fee: small * m + one }), view, HEAD, 'gossip')
        pool.admit(aTransfer({ from: 2, fee: large * m + one, memoBytes: 1 }), view, HEAD, 'gossip')
        assert.deepEqual([...pool.select()].map(name)[0], first)
      }
    }
  })

  it('M7, M13: fees above 2^53 compare exactly', () => {
    const pool = createPool(CHAIN, FREE)
    const view = stateOf({ 1: { consumer: 2n ** 63n }, 2: { consumer: 2n ** 63n }, 3: {} })
    for (const [from, fee] of [
      [1, 2n ** 60n],
      [2, 2n ** 60n + 1n],
      [3, 1_000n]
    ] as const) {
      assert.ok(pool.admit(aTransfer({ from, fee }), view, HEAD, 'gossip').ok)
    }
    assert.deepEqual([...pool.select()].map(name), ['2:0', '1:0', '3:0'])
  })
})
