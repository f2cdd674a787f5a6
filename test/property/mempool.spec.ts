/** The pool against a slow model: the facts that hold after every operation are recomputed from nothing. */
import assert from 'node:assert/strict'
import { toHex } from '../../src/primitives/bytes.ts'
import { createPool } from '../../src/mempool/pool.ts'
import type { Dropped, Pool } from '../../src/mempool/pool.ts'
import type { PoolEntry } from '../../src/mempool/entry.ts'
import { checkInclusion } from '../../src/state/inclusion.ts'
import { readAccount } from '../../src/state/supply.ts'
import type { Account } from '../../src/codec/state-records.ts'
import type { StateView } from '../../src/state/ports.ts'
import { fc } from '../support/fast-check.ts'
import { CHAIN, FREE, PLAIN_BYTES, addressOf, aTransfer, senderOf, stateOf } from '../support/pool-chain.ts'
import type { Wish } from '../support/pool-chain.ts'

const PARAMS = {
  ...FREE,
  poolCountMax: 16,
  poolBytesMax: 16 * PLAIN_BYTES + 300,
  poolPerSender: 5,
  maxLifetime: 12
}
const SENDERS = [1, 2, 3, 4, 5, 6]

interface Operation {
  readonly kind: 'admit' | 'block' | 'orphan' | 'spend' | 'params'
  readonly from: number
  readonly ahead: number
  readonly fee: number
  readonly memoBytes: number
  readonly life: number
  readonly take: number
}
const operation: fc.Arbitrary<Operation> = fc.record(
  {
    kind: fc.oneof(
      { weight: 12, arbitrary: fc.constant('admit' as const) },
      { weight: 2, arbitrary: fc.constant('block' as const) },
      { weight: 1, arbitrary: fc.constantFrom('orphan' as const, 'spend' as const, 'params' as const) }
    ),
    from: fc.constantFrom(...SENDERS),
    ahead: fc.integer({ min: -1, max: 6 }),
    fee: fc.integer({ min: 100, max: 400 }),
    memoBytes: fc.constantFrom(0, 0, 0, 60, 250),
    life: fc.integer({ min: 0, max: 13 }),
    take: fc.integer({ min: 0, max: 8 })
  },
  { noNullPrototype: true }
)

class World {
  readonly pool: Pool = createPool(CHAIN, PARAMS)
  params = PARAMS
  height = 10
  readonly accounts: Record<number, Account> = Object.fromEntries(
    SENDERS.map((name) => [name, { nonce: 0n, consumer: 3_000n, industrial: 0n, mana: 60n, manaTimeMs: 0 }])
  )
  /** What was admitted and not reported as dropped: the model's contents. */
  readonly held = new Map<string, PoolEntry>()

  get view(): StateView {
    return stateOf(this.accounts)
  }

  get head(): { height: number; timeMs: number } {
    return { height: this.height, timeMs: this.height * 1_000 }
  }

  run(op: Operation): void {
    if (op.kind === 'admit') this.admit(op)
    else if (op.kind === 'block') this.block(op.take)
    else if (op.kind === 'orphan') [...this.pool.select()].slice(0, op.take)
    else if (op.kind === 'spend') this.spend(op)
    else this.change(op)
  }

  admit({ from, ahead, fee, memoBytes, life }: Operation): void {
    const nonce = this.accounts[from]!.nonce + BigInt(ahead)
    const wish: Wish = {
      from,
      nonce: nonce < 0n ? 0n : nonce,
      fee,
      memoBytes,
      validUntil: this.height + life
    }
    const verdict = this.pool.admit(
      aTransfer(wish),
      this.view,
      this.head,
      life % 2 === 0 ? 'local' : 'gossip'
    )
    if (!verdict.ok) return
    this.forget(verdict.value.dropped)
    this.held.set(verdict.value.entry.id, verdict.value.entry)
  }

  /** A final block with the best candidates, as a leader that sees the same pool builds it. */
  block(take: number): void {
    const taken = [...this.pool.select()].slice(0, take)
    for (const entry of taken) this.charge(entry)
    this.height += 1
    const included = taken.map(({ id, sender }) => ({ id, sender }))
    this.forget(this.pool.onFinalBlock({ included, view: this.view, head: this.head }))
  }

  charge(entry: PoolEntry): void {
    const name = SENDERS.find((candidate) => senderOf(candidate) === entry.sender)!
    const account = this.accounts[name]!
    const view = stateOf({ [name]: account })
    const context = { height: this.height + 1, timeMs: this.height * 1_000, params: this.params }
    const refused = checkInclusion(readAccount(view, addressOf(name)), entry.checked, context)
    assert.equal(refused, undefined, 'a candidate was not payable in its turn')
    assert.ok(account.consumer >= entry.takes.consumer, 'amounts were not covered')
    this.accounts[name] = {
      ...account,
      nonce: account.nonce + 1n,
      consumer: account.consumer - entry.takes.consumer,
      mana: account.mana - entry.takes.mana
    }
  }

  /** Somebody's transactions that this pool never saw become final. */
  spend({ from, take }: Operation): void {
    const account = this.accounts[from]!
    const consumer = account.consumer - BigInt(take * 100)
    this.accounts[from] = { ...account, nonce: account.nonce + 1n, consumer: consumer < 0n ? 0n : consumer }
    this.height += 1
    const included = [{ id: toHex(aTransfer({ from, fee: 1 }).id), sender: senderOf(from) }]
    this.forget(this.pool.onFinalBlock({ included, view: this.view, head: this.head }))
  }

  change({ take }: Operation): void {
    this.params = { ...PARAMS, poolCountMax: 16 - take, minFeePerByte: take > 6 ? 1 : 0 }
    this.forget(this.pool.setParams(this.params, this.view, this.head))
  }

  forget(dropped: readonly Dropped[]): void {
    for (const { entry } of dropped) assert.ok(this.held.delete(entry.id), 'dropped what was not held')
  }

  check(): void {
    const status = this.pool.status()
    const held = [...this.held.values()]
    assert.equal(status.count, held.length)
    assert.equal(
      status.bytes,
      held.reduce((sum, { size }) => sum + size, 0)
    )
    assert.ok(status.count <= this.params.poolCountMax && status.bytes <= this.params.poolBytesMax)
    const selected = [...this.pool.select()]
    assert.deepEqual(
      selected.map(({ id }) => id),
      this.slowSelection().map(({ id }) => id)
    )
    assert.equal(status.pending, selected.length)
    assert.equal(status.senders, new Set(held.map(({ sender }) => sender)).size)
    assert.equal(status.local, this.pool.locals().length)
    for (const name of SENDERS) this.checkSender(name, held)
    for (const { validUntil } of held) assert.ok(validUntil > this.height, 'an expired one was kept')
  }

  checkSender(name: number, held: readonly PoolEntry[]): void {
    const own = held.filter(({ sender }) => sender === senderOf(name))
    const account = this.accounts[name]!
    assert.ok(own.length <= this.params.poolPerSender)
    assert.ok(own.every(({ nonce }) => nonce >= account.nonce))
    assert.ok(own.reduce((sum, { takes }) => sum + takes.consumer, 0n) <= account.consumer)
    assert.ok(own.reduce((sum, { takes }) => sum + takes.mana, 0n) <= account.mana)
    const listed = this.pool.list({ sender: senderOf(name), limit: 99 })
    assert.deepEqual(
      listed.map(({ id }) => id),
      own.toSorted((a, b) => Number(a.nonce - b.nonce)).map(({ id }) => id)
    )
  }

  /** Of all next nonces of all senders, again and again the best: what the heaps must amount to. */
  slowSelection(): PoolEntry[] {
    const next = new Map(SENDERS.map((name) => [senderOf(name), this.accounts[name]!.nonce]))
    const result: PoolEntry[] = []
    for (;;) {
      const ready = [...this.held.values()].filter(({ sender, nonce }) => next.get(sender) === nonce)
      const [best] = ready.toSorted((a, b) => {
        const difference = b.fee * BigInt(a.size) - a.fee * BigInt(b.size)
        return difference !== 0n ? Number(difference) : a.wireHash < b.wireHash ? -1 : 1
      })
      if (best === undefined) return result
      result.push(best)
      next.set(best.sender, best.nonce + 1n)
    }
  }
}

describe('pool properties', () => {
  it('M7, M13, M14: bounds, exact sums, contiguous and payable pending, order as by the slow model', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), (operations) => {
        const world = new World()
        for (const op of operations) {
          world.run(op)
          world.check()
        }
      }),
      { numRuns: 200 }
    )
  })
})
