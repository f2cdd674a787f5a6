import { deepEqual, equal, ok } from 'node:assert/strict'
import { OUTCOME_COMMIT, OUTCOME_OPEN } from '../../src/codec/atomic.ts'
import type { Leg } from '../../src/codec/atomic.ts'
import { addressOfKey, homeShard } from '../../src/crypto/address.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { u64be } from '../../src/primitives/bytes.ts'
import { readAccount } from '../../src/state/supply.ts'
import type { CheckedTransaction } from '../../src/state/types.ts'
import { assertSound, atomicChains, drain } from '../support/atomic.ts'
import type { AtomicChain } from '../support/atomic.ts'
import { fc } from '../support/fast-check.ts'
import { PARAMS } from '../support/state.ts'

const SHARDS = 3
const MINIMUM = BigInt(PARAMS.minBalance)
/** More than any deadline below. */
const PATIENCE = 14

/** One step: a new action, a part of what a lane has, or a block without anything. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('begin' as const),
    on: fc.nat(SHARDS - 1),
    heights: fc.integer({ min: 1, max: 12 }),
    legs: fc.array(fc.record({ payer: fc.nat(SHARDS - 1), to: fc.nat(SHARDS - 1), isPoor: fc.boolean() }), {
      minLength: 1,
      maxLength: 4
    })
  }),
  fc.record({
    kind: fc.constant('deliver' as const),
    from: fc.nat(SHARDS - 1),
    to: fc.nat(SHARDS - 1),
    bytes: fc.constantFrom(1, 1_500, 1 << 20)
  }),
  fc.record({ kind: fc.constant('idle' as const), on: fc.nat(SHARDS - 1) })
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Begun {
  readonly coordinator: AtomicChain
  readonly action: CheckedTransaction
  readonly legs: readonly Leg[]
}

class Run {
  readonly chains = atomicChains(SHARDS)
  readonly begun: Begun[] = []
  readonly outcomes = new Map<Begun, number>()
  #fresh = 0

  /** An address of a shard that nothing but one leg pays to. */
  #receiver(shard: number): Uint8Array {
    for (;;) {
      const address = addressOfKey(sha256(u64be(1_000_000 + this.#fresh++)))
      if (homeShard(address, SHARDS) === shard) return address
    }
  }

  take(one: Step): void {
    const chain = (index: number): AtomicChain => this.chains[index]!
    if (one.kind === 'idle') chain(one.on).run({})
    else if (one.kind === 'deliver') {
      if (one.from !== one.to) this.#deliver(chain(one.from), chain(one.to), one.bytes)
    } else this.#begin(chain(one.on), one)
    this.#watch()
  }

  #deliver(from: AtomicChain, to: AtomicChain, bytes: number): void {
    const deliveries = to.deliveries(from, bytes)
    if (deliveries.length > 0) to.run({ deliveries })
  }

  #begin(coordinator: AtomicChain, { heights, legs: wanted }: Extract<Step, { kind: 'begin' }>): void {
    const [sender] = coordinator.owners
    const payers = new Set<AtomicChain>()
    const legs = wanted.map(({ payer, to, isPoor }) => {
      const chain = this.chains[payer]!
      // On its own shard the sender pays, elsewhere an owner who agrees.
      if (chain !== coordinator) payers.add(chain)
      const consumer = isPoor ? MINIMUM - 1n : MINIMUM + 1n
      return { from: chain.owners[0].address, to: this.#receiver(to), consumer, industrial: 1n }
    })
    const consents = [...payers].map((chain) => ({ chain, owner: chain.owners[0] }))
    const action = coordinator.atomic(sender, legs, consents, { heights })
    const { results } = coordinator.run({ transactions: [action] })
    if (results[0]?.failure === undefined) this.begun.push({ coordinator, action, legs })
  }

  /** What was decided once stays so. */
  #watch(): void {
    for (const one of this.begun) {
      const outcome = one.coordinator.record(one.action)?.outcome ?? OUTCOME_OPEN
      const before = this.outcomes.get(one)
      if (before !== undefined) equal(outcome, before, 'a decision changed')
      else if (outcome !== OUTCOME_OPEN) this.outcomes.set(one, outcome)
    }
  }

  /** All that is under way arrives, and every deadline passes. */
  end(): void {
    for (let height = 0; height < PATIENCE; height++) for (const chain of this.chains) chain.run({})
    drain(this.chains, 40)
    this.#watch()
  }

  judge(): void {
    for (const { coordinator, action, legs } of this.begun) {
      const record = coordinator.record(action)!
      ok(record.endedAt > 0, 'it has ended')
      for (const { to, consumer } of legs) {
        const account = readAccount(this.chains[homeShard(to, SHARDS)]!.state, to)
        const expected = record.outcome === OUTCOME_COMMIT ? consumer : undefined
        equal(account?.consumer, expected, 'every leg or none')
      }
    }
    deepEqual(
      this.chains.map(({ held }) => held.escrows),
      this.chains.map(() => 0)
    )
    assertSound(this.chains)
  }
}

describe('Properties of atomic actions', () => {
  it('R13, R11, ATO-6, ATO-8: in any order of blocks and deliveries every leg happens or none, and supply is equal', () => {
    const seen = { committed: 0, aborted: 0 }
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const run = new Run()
        for (const one of steps) {
          run.take(one)
          assertSound(run.chains)
        }
        run.end()
        run.judge()
        for (const outcome of run.outcomes.values()) {
          if (outcome === OUTCOME_COMMIT) seen.committed += 1
          else seen.aborted += 1
        }
      }),
      { numRuns: 40 }
    )
    ok(seen.committed > 0 && seen.aborted > 0, JSON.stringify(seen))
  }).timeout(60_000)
})
