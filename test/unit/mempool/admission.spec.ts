import assert from 'node:assert/strict'
import { toHex } from '../../../src/primitives/bytes.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { QUEUED_SHARE, createPool } from '../../../src/mempool/pool.ts'
import type { Pool } from '../../../src/mempool/pool.ts'
import type { StateView } from '../../../src/state/ports.ts'
import { manaCost } from '../../../src/state/mana.ts'
import { CHAIN, FREE, HEAD, PLAIN_BYTES, aTransfer, senderOf, stateOf } from '../../support/pool-chain.ts'
import type { Wish } from '../../support/pool-chain.ts'

const RICH_STATE = stateOf({ 1: {}, 2: {}, 3: {}, 4: {}, 5: {} })

/** `pending`, `queued`, `replaced` or the refusal's code. */
function offer(pool: Pool, wish: Wish, view: StateView = RICH_STATE, head = HEAD): string {
  const verdict = pool.admit(aTransfer(wish), view, head, 'gossip')
  return verdict.ok ? verdict.value.outcome : verdict.code
}

describe('pool admission', () => {
  it('the builder of these tests makes transfers of the size it says', () => {
    assert.equal(aTransfer().bytes.length, PLAIN_BYTES)
  })

  it('M7: refuses a transaction that it holds, by wire hash', () => {
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, {}), 'pending')
    assert.equal(offer(pool, {}), 'duplicate')
  })

  it('M1, M7: another signature over a held content is a replacement that pays nothing more', () => {
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, {}), 'pending')
    assert.equal(offer(pool, { signature: 1 }), 'replacement-underpriced')
  })

  it('M7: a replacement that pays nothing more is refused also where the parameter asks for nothing more', () => {
    const pool = createPool(CHAIN, { ...FREE, replacementPpm: 0 })
    assert.equal(offer(pool, {}), 'pending')
    assert.equal(offer(pool, { signature: 1 }), 'replacement-underpriced')
    assert.equal(offer(pool, { fee: 1_001 }), 'replaced')
  })

  it('M7: head < valid-until ≤ head + horizon', () => {
    const pool = createPool(CHAIN, { ...FREE, maxLifetime: 100 })
    assert.equal(offer(pool, { validUntil: 10 }), 'expired')
    assert.equal(offer(pool, { validUntil: 11 }), 'pending')
    assert.equal(offer(pool, { nonce: 1, validUntil: 110 }), 'pending')
    assert.equal(offer(pool, { nonce: 2, validUntil: 111 }), 'lifetime-too-long')
  })

  it('M7, M8: a sender without a record is refused', () => {
    assert.equal(offer(createPool(CHAIN, FREE), { from: 9 }), 'unknown-account')
  })

  it('M7: account nonce ≤ nonce < account nonce + 16', () => {
    const view = stateOf({ 1: { nonce: 5n } })
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, { nonce: 4 }, view), 'nonce-reuse')
    assert.equal(offer(pool, { nonce: 21 }, view), 'nonce-gap')
    assert.equal(offer(pool, { nonce: 20 }, view), 'queued')
    assert.equal(offer(pool, { nonce: 5 }, view), 'pending')
  })

  it('M7: the window holds at the largest nonces', () => {
    const view = stateOf({ 1: { nonce: 2n ** 64n - 2n } })
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, { nonce: 2n ** 64n - 1n }, view), 'queued')
    assert.equal(offer(pool, { nonce: 2n ** 64n - 2n }, view), 'pending')
    assert.equal(pool.status().pending, 2)
  })

  for (const [fee, outcome] of [
    [1_099, 'replacement-underpriced'],
    [1_100, 'replaced']
  ] as const) {
    it(`M7: a replacement of a fee of 1000 with ${fee} is ${outcome} (10 % more)`, () => {
      const pool = createPool(CHAIN, FREE)
      assert.equal(offer(pool, { fee: 1_000 }), 'pending')
      assert.equal(offer(pool, { fee }), outcome)
      assert.equal(pool.status().count, 1)
    })
  }

  it('M7: a replacement frees what the old one reserved and is reported with it', () => {
    const pool = createPool(CHAIN, FREE)
    const view = stateOf({ 1: { consumer: 2_000n } })
    const old = aTransfer({ consumer: 900 })
    assert.ok(pool.admit(old, view, HEAD, 'gossip').ok)
    const verdict = pool.admit(aTransfer({ consumer: 800, fee: 1_200 }), view, HEAD, 'gossip')
    assert.ok(verdict.ok)
    assert.deepEqual(
      verdict.value.dropped.map(({ entry, reason }) => [entry.id, reason]),
      [[toHex(old.id), 'replaced']]
    )
    assert.equal(pool.get(toHex(old.id)), undefined)
  })

  it('M7: the balance covers the fee after what other transactions of the sender take', () => {
    const pool = createPool(CHAIN, FREE)
    const view = stateOf({ 1: { consumer: 2_101n } })
    assert.equal(offer(pool, { consumer: 101, fee: 1_000 }, view), 'pending')
    assert.equal(offer(pool, { nonce: 1, consumer: 1, fee: 1_001 }, view), 'fee-unpayable')
    assert.equal(offer(pool, { nonce: 1, consumer: 1, fee: 1_000 }, view), 'insufficient-funds')
    assert.equal(offer(pool, { nonce: 1, consumer: 1, fee: 999 }, view), 'pending')
  })

  it('POOL-2: a queued transaction reserves as well, so that filling the gap makes nothing unpayable', () => {
    const pool = createPool(CHAIN, FREE)
    const view = stateOf({ 1: { consumer: 3_000n } })
    assert.equal(offer(pool, { nonce: 1, consumer: 1_000, fee: 1_000 }, view), 'queued')
    assert.equal(offer(pool, { nonce: 0, consumer: 1, fee: 1_000 }, view), 'insufficient-funds')
    assert.equal(offer(pool, { nonce: 0, consumer: 1, fee: 999 }, view), 'pending')
  })

  it('M7: what the account has spent already is not reserved again while upkeep is due', () => {
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, { consumer: 500, fee: 500 }, stateOf({ 1: { consumer: 1_500n } })), 'pending')
    const spent = stateOf({ 1: { nonce: 1n, consumer: 500n } })
    assert.equal(offer(pool, { nonce: 1, consumer: 100, fee: 400 }, spent), 'pending')
  })

  it('M7: each token pays for itself, a split fee from both', () => {
    const view = stateOf({ 1: { consumer: 500n, industrial: 500n } })
    const refused = createPool(CHAIN, FREE)
    assert.equal(offer(refused, { fee: 501, feeSelector: 1, consumer: 1 }, view), 'fee-unpayable')
    assert.equal(offer(refused, { fee: 999, feeSelector: 2, consumer: 1 }, view), 'insufficient-funds')
    assert.equal(offer(refused, { fee: 999, feeSelector: 2, consumer: 0, industrial: 1 }, view), 'pending')
  })

  it('M7: mana covers the max mana of all transactions of the sender', () => {
    const view = stateOf({ 1: { mana: 9n } })
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, { maxMana: 5 }, view), 'pending')
    assert.equal(offer(pool, { nonce: 1, maxMana: 5 }, view), 'insufficient-mana')
    assert.equal(offer(pool, { nonce: 1, maxMana: 4 }, view), 'pending')
  })

  it('M11: mana is counted as regained at the head’s time', () => {
    const pool = createPool(CHAIN, { ...FREE, manaPerPeriod: 1, manaPeriodMs: 1_000 })
    const view = stateOf({ 1: { mana: 2n } })
    assert.equal(offer(pool, { maxMana: 3 }, view, { height: 10, timeMs: 999 }), 'insufficient-mana')
    assert.equal(offer(pool, { maxMana: 3 }, view, { height: 10, timeMs: 1_000 }), 'pending')
  })

  it('M9: max mana is at least what the action costs', () => {
    const cost = manaCost(PLAIN_BYTES, 0)
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, { maxMana: cost - 1n }), 'mana-below-cost')
    assert.equal(offer(pool, { maxMana: cost }), 'pending')
  })

  it('M7, M9: the fee is at or above the floor for bytes and mana', () => {
    const pool = createPool(CHAIN, { ...FREE, minFeePerByte: 2, minFeePerMana: 10 })
    const floor = 2 * PLAIN_BYTES + 10 * 3
    assert.equal(offer(pool, { fee: floor - 1 }), 'fee-floor')
    assert.equal(offer(pool, { fee: floor }), 'pending')
  })

  it('M7: at most 16 of one sender, also while used nonces wait for upkeep', () => {
    const pool = createPool(CHAIN, FREE)
    for (let nonce = 0; nonce < 16; nonce++) assert.equal(offer(pool, { nonce }), 'pending')
    const moved = stateOf({ 1: { nonce: 1n } })
    assert.equal(offer(pool, { nonce: 16 }, moved), 'sender-limit')
    assert.equal(offer(pool, { nonce: 15, fee: 2_000 }, moved), 'replaced')
    pool.onFinalBlock({ included: [], touched: [senderOf(1)], view: moved, head: HEAD })
    assert.equal(offer(pool, { nonce: 16 }, moved), 'pending')
  })

  it('M10: a head that went back with an abandoned branch makes later nonces wait again', () => {
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, { nonce: 1 }, stateOf({ 1: { nonce: 1n } })), 'pending')
    assert.equal(offer(pool, { nonce: 2 }, stateOf({ 1: { nonce: 0n } })), 'queued')
    assert.equal(pool.status().pending, 0)
    assert.equal(offer(pool, { nonce: 0 }, stateOf({ 1: { nonce: 0n } })), 'pending')
    assert.equal(pool.status().pending, 3)
  })

  it('M7: filling a gap promotes what waits behind it', () => {
    const pool = createPool(CHAIN, FREE)
    assert.equal(offer(pool, { nonce: 1 }), 'queued')
    assert.equal(offer(pool, { nonce: 3 }), 'queued')
    assert.equal(offer(pool, { nonce: 0 }), 'pending')
    const { pending, queued } = pool.status()
    assert.deepEqual({ pending, queued }, { pending: 2, queued: 1 })
    assert.equal(pool.nextNonce(senderOf(1), 0n), 2n)
  })

  it('POOL-4: at most a quarter of the pool’s count is queued', () => {
    const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16 })
    const queuedMax = 16 / QUEUED_SHARE
    for (let i = 1; i <= queuedMax; i++) assert.equal(offer(pool, { nonce: i }), 'queued')
    assert.equal(offer(pool, { nonce: queuedMax + 1 }), 'queue-full')
    assert.equal(offer(pool, { nonce: queuedMax, fee: 2_000 }), 'replaced')
    assert.equal(offer(pool, { nonce: 0 }), 'pending')
  })

  it('refuses by assertion a transaction of another chain: the caller routes', () => {
    assert.throws(() => offer(createPool(shardId(1), FREE), {}), /another chain/)
  })

  it('M3, POOL-5: every refusal is counted by its code', () => {
    const pool = createPool(CHAIN, FREE)
    offer(pool, {})
    offer(pool, {})
    offer(pool, {})
    offer(pool, { from: 9 })
    assert.deepEqual(pool.counts.list(), {
      refused: [
        ['duplicate', 2],
        ['unknown-account', 1]
      ],
      dropped: []
    })
  })

  it('D10: a refusal changes nothing', () => {
    const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16 })
    for (let nonce = 0; nonce < 16; nonce++) offer(pool, { nonce })
    const before = [pool.status(), pool.list({ limit: 100 })]
    for (const wish of [
      { nonce: 0 },
      { nonce: 16 },
      { nonce: 3, fee: 1_050 },
      { from: 2 },
      { validUntil: 9 }
    ]) {
      assert.notEqual(offer(pool, { ...wish }), 'pending')
    }
    assert.deepEqual([pool.status(), pool.list({ limit: 100 })], before)
  })
})
