import assert from 'node:assert/strict'
import { toHex } from '../../../src/primitives/bytes.ts'
import { createPool } from '../../../src/mempool/pool.ts'
import type { Dropped, Pool } from '../../../src/mempool/pool.ts'
import type { Origin } from '../../../src/mempool/entry.ts'
import type { Account } from '../../../src/codec/state-records.ts'
import type { CheckedTransaction } from '../../../src/state/types.ts'
import { CHAIN, FREE, HEAD, PLAIN_BYTES, aTransfer, senderOf, stateOf } from '../../support/pool-chain.ts'
import type { Wish } from '../../support/pool-chain.ts'

const VIEW = stateOf(Object.fromEntries(Array.from({ length: 32 }, (_, i) => [i, {}])))

function put(pool: Pool, wish: Wish, origin: Origin = 'gossip', head = HEAD): CheckedTransaction {
  const checked = aTransfer(wish)
  const verdict = pool.admit(checked, VIEW, head, origin)
  assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.code}: ${verdict.detail}`)
  return checked
}
const place = ({ sender, nonce }: { sender: string; nonce: bigint }): string =>
  `${parseInt(sender, 16)}:${nonce}`
const reasons = (dropped: readonly Dropped[]): string[] =>
  dropped.map(({ entry, reason }) => `${place(entry)} ${reason}`)

interface Block {
  readonly included?: readonly CheckedTransaction[]
  readonly accounts?: Readonly<Record<number, Partial<Account>>>
  readonly touched?: readonly number[]
  readonly height?: number
}
function final(pool: Pool, { included = [], accounts = {}, touched = [], height = 11 }: Block): string[] {
  const ids = included.map(({ id, sender }) => ({ id: toHex(id), sender: toHex(sender) }))
  const others = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [i, {}]))
  const view = stateOf({ ...others, ...accounts })
  return reasons(
    pool.onFinalBlock({
      included: ids,
      touched: touched.map(senderOf),
      view,
      head: { height, timeMs: 2_000 }
    })
  )
}

describe('pool upkeep', () => {
  it('M14: drops what the block included and keeps the rest pending', () => {
    const pool = createPool(CHAIN, FREE)
    const [first] = [put(pool, { nonce: 0 }), put(pool, { nonce: 1 })]
    assert.deepEqual(final(pool, { included: [first], accounts: { 1: { nonce: 1n } } }), ['1:0 included'])
    assert.deepEqual([...pool.select()].map(place), ['1:1'])
  })

  it('M14: drops a used nonce when the block held another transaction for it', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { nonce: 0 })
    const other = aTransfer({ nonce: 0, fee: 7 })
    assert.deepEqual(final(pool, { included: [other], accounts: { 1: { nonce: 1n } } }), ['1:0 nonce-reuse'])
    assert.equal(pool.status().count, 0)
  })

  it('M1, M14: another signature over the included content counts as included', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { nonce: 0 })
    const twin = aTransfer({ nonce: 0, signature: 1 })
    assert.deepEqual(final(pool, { included: [twin], accounts: { 1: { nonce: 1n } } }), ['1:0 included'])
  })

  it('M14: promotes the queued when the gap was filled on chain', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { nonce: 1 })
    assert.deepEqual([...pool.select()], [])
    const unseen = aTransfer({ nonce: 0 })
    assert.deepEqual(final(pool, { included: [unseen], accounts: { 1: { nonce: 1n } } }), [])
    assert.deepEqual([...pool.select()].map(place), ['1:1'])
  })

  it('M14: valid-until is the last height: it expires with the block of that height and not before', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { validUntil: 12 })
    assert.deepEqual(final(pool, { height: 11 }), [])
    assert.deepEqual(final(pool, { height: 12 }), ['1:0 expired'])
  })

  it('M14: expiry holds also when many heights become final at once', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { from: 1, validUntil: 12 })
    put(pool, { from: 2, validUntil: 60 })
    put(pool, { from: 3, validUntil: 61 })
    assert.deepEqual(final(pool, { height: 60 }), ['1:0 expired', '2:0 expired'])
    assert.deepEqual(final(pool, { height: 61 }), ['3:0 expired'])
  })

  it('M14: what waits behind an expired nonce is queued and goes on when the gap is filled', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { nonce: 0, validUntil: 11 })
    put(pool, { nonce: 1 })
    assert.deepEqual(final(pool, {}), ['1:0 expired'])
    assert.equal(pool.status().queued, 1)
    put(pool, { nonce: 0, fee: 2_000 }, 'gossip', { height: 11, timeMs: 2_000 })
    assert.equal(pool.status().pending, 2)
  })

  it('M14: drops from the highest nonce down what the balance no longer covers, to the unit', () => {
    const pool = createPool(CHAIN, FREE)
    for (let nonce = 0; nonce < 4; nonce++) put(pool, { nonce })
    const dropped = final(pool, { touched: [1], accounts: { 1: { consumer: 2_002n } } })
    assert.deepEqual(dropped, ['1:3 fee-unpayable', '1:2 fee-unpayable'])
    assert.deepEqual(final(pool, { height: 12, touched: [1], accounts: { 1: { consumer: 2_001n } } }), [
      '1:1 insufficient-funds'
    ])
  })

  it('M14: drops what the mana no longer covers', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { nonce: 0, maxMana: 5 })
    put(pool, { nonce: 1, maxMana: 5 })
    assert.deepEqual(final(pool, { touched: [1], accounts: { 1: { mana: 9n } } }), ['1:1 insufficient-mana'])
  })

  it('M14: a block looks only at the senders it touched', () => {
    const pool = createPool(CHAIN, FREE)
    for (let from = 1; from <= 20; from++) put(pool, { from })
    let reads = 0
    const view = stateOf({ 3: { nonce: 1n } })
    const counting = { ...view, get: (key: Uint8Array) => ((reads += 1), view.get(key)) }
    const included = [{ id: toHex(aTransfer({ from: 3, fee: 5 }).id), sender: senderOf(3) }]
    pool.onFinalBlock({ included, view: counting, head: { height: 11, timeMs: 2_000 } })
    assert.equal(reads, 1)
    assert.equal(pool.status().count, 19)
  })

  it('M13: transactions of an unfinal block are skipped while it may become final and stay when it is abandoned', () => {
    const pool = createPool(CHAIN, FREE)
    const taken = [
      put(pool, { from: 1 }),
      put(pool, { from: 1, nonce: 1 }),
      put(pool, { from: 2, fee: 5_000 })
    ]
    put(pool, { from: 1, nonce: 2, fee: 2_000 })
    put(pool, { from: 3, fee: 1_500 })
    const skip = taken.map(({ wireHash }) => toHex(wireHash))
    assert.deepEqual([...pool.select(skip)].map(place), ['1:2', '3:0'])
    // The view was nullified: another block, without any of them, becomes final at that height.
    assert.deepEqual(final(pool, {}), [])
    const offered = [...pool.select()].map(place)
    assert.deepEqual(offered[0], '2:0')
    assert.deepEqual(offered.toSorted(), ['1:0', '1:1', '1:2', '2:0', '3:0'])
  })

  it('POOL-7: a new fee floor drops what is below it, and what it kept behind a gap waits', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { nonce: 0, fee: PLAIN_BYTES - 1 })
    put(pool, { nonce: 1, fee: PLAIN_BYTES })
    const dropped = pool.setParams({ ...FREE, minFeePerByte: 1 }, VIEW, HEAD)
    assert.deepEqual(reasons(dropped), ['1:0 fee-floor'])
    assert.equal(pool.status().queued, 1)
  })

  it('POOL-7: smaller bounds evict the cheapest until count and bytes fit', () => {
    const pool = createPool(CHAIN, FREE)
    for (let from = 1; from <= 20; from++) put(pool, { from, fee: 1_000 + from })
    assert.deepEqual(reasons(pool.setParams({ ...FREE, poolCountMax: 18 }, VIEW, HEAD)), [
      '1:0 evicted',
      '2:0 evicted'
    ])
    const bytes = pool.setParams({ ...FREE, poolBytesMax: 17 * PLAIN_BYTES }, VIEW, HEAD)
    assert.deepEqual(reasons(bytes), ['3:0 evicted'])
    assert.equal(pool.status().bytes, 17 * PLAIN_BYTES)
  })

  it('POOL-7, D10: a smaller per-sender limit keeps what was accepted and stops new ones', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, { nonce: 0 })
    for (let nonce = 8; nonce < 11; nonce++) put(pool, { nonce })
    const params = { ...FREE, poolPerSender: 4 }
    assert.deepEqual(pool.setParams(params, VIEW, HEAD), [])
    const verdict = pool.admit(aTransfer({ nonce: 1 }), VIEW, HEAD, 'gossip')
    assert.equal(verdict.ok || verdict.code, 'sender-limit')
  })
})

describe('pool and local transactions', () => {
  it('M4: a local transaction is due 8 blocks after it was announced and every 8 blocks again', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, {}, 'local')
    put(pool, { from: 2 }, 'gossip')
    assert.deepEqual(pool.dueForRepeat(17), [])
    assert.deepEqual(pool.dueForRepeat(18).map(place), ['1:0'])
    assert.deepEqual(pool.dueForRepeat(25), [])
    assert.deepEqual(pool.dueForRepeat(26).map(place), ['1:0'])
  })

  it('M4: it is due until valid-until, and no longer once it is final', () => {
    const pool = createPool(CHAIN, FREE)
    const taken = put(pool, { from: 1 }, 'local')
    put(pool, { from: 2, validUntil: 18 }, 'local')
    final(pool, { height: 17, included: [taken], accounts: { 1: { nonce: 1n } } })
    final(pool, { height: 18 })
    assert.deepEqual(pool.dueForRepeat(18), [])
    assert.equal(pool.status().local, 0)
  })

  it('POOL-6: a known transaction that is submitted here becomes local, once', () => {
    const pool = createPool(CHAIN, FREE)
    put(pool, {})
    const again = aTransfer({})
    for (let i = 0; i < 2; i++) {
      const verdict = pool.admit(again, VIEW, { height: 12 + i, timeMs: 0 }, 'local')
      assert.equal(verdict.ok || verdict.code, 'duplicate')
    }
    assert.deepEqual(pool.locals().map(place), ['1:0'])
    assert.deepEqual(pool.dueForRepeat(20).map(place), ['1:0'])
  })

  it('D10: what is dropped says whether it was local, so that the node forgets or keeps it on disk', () => {
    const pool = createPool(CHAIN, FREE)
    const mine = put(pool, { from: 1 }, 'local')
    const theirs = put(pool, { from: 2 }, 'gossip')
    const included = [mine, theirs].map(({ id, sender }) => ({ id: toHex(id), sender: toHex(sender) }))
    const dropped = pool.onFinalBlock({ included, view: VIEW, head: { height: 11, timeMs: 0 } })
    assert.deepEqual(
      dropped.map(({ local }) => local),
      [true, false]
    )
  })

  it('M7: local transactions obey the same bounds', () => {
    const pool = createPool(CHAIN, { ...FREE, poolCountMax: 16 })
    for (let from = 1; from <= 16; from++) put(pool, { from })
    const verdict = pool.admit(aTransfer({ from: 17 }), VIEW, HEAD, 'local')
    assert.equal(verdict.ok || verdict.code, 'pool-full')
  })
})
