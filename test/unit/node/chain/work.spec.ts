import assert, { equal } from 'node:assert/strict'
import { AtomicDueType } from '../../../../src/codec/atomic.ts'
import { createPool } from '../../../../src/mempool/pool.ts'
import { Work } from '../../../../src/node/chain/work.ts'
import type { WorkComponents } from '../../../../src/node/chain/work.ts'
import { equal as same, toHex } from '../../../../src/primitives/bytes.ts'
import { atomicDueKey } from '../../../../src/state/keys.ts'
import { CHAIN, FREE, HEAD as POOL_HEAD, aTransfer, stateOf } from '../../../support/pool-chain.ts'
import type { Wish } from '../../../support/pool-chain.ts'
import { PARAMS } from '../../../support/state.ts'

const HEAD = 7

/** Nothing waits, but what the head's state says is due at a height. */
function atHead(due: number | undefined) {
  const value = AtomicDueType.serialize({ deadlines: [new Uint8Array(32)], forgotten: 0 })
  const state = {
    get: (key: Uint8Array) => {
      seen.reads++
      return due !== undefined && same(key, atomicDueKey(due)) ? value : undefined
    }
  }
  const seen = { reads: 0 }
  const tree = { changes: 0, head: () => ({ header: { height: HEAD }, state }) }
  const parts = {
    pool: { pendingCount: 0 },
    tree,
    inbox: { hasWork: () => false },
    evidence: { hasWork: () => false }
  } as unknown as WorkComponents
  return { work: new Work(parts, () => ({ epoch: 0, params: PARAMS })), seen, tree }
}
const idleBut = (due: number | undefined): boolean => atHead(due).work.waits

/** A pool beside a branch of unfinal blocks, and how often that branch was walked. */
class Scene {
  readonly pool = createPool(CHAIN, FREE)
  readonly #accounts = stateOf(Object.fromEntries(Array.from({ length: 8 }, (_, name) => [name, {}])))
  #included = new Set<string>()
  #changes = 0
  looks = 0
  readonly #work: Work

  constructor() {
    const changes = (): number => this.#changes
    const parts = {
      pool: this.pool,
      tree: {
        get changes() {
          return changes()
        },
        // Other branches hold many: the counts alone decide nothing.
        transactionCount: 1_000,
        head: () => ({ header: { height: HEAD }, hash: new Uint8Array(32), state: { get: () => undefined } }),
        wireHashesUpTo: () => {
          this.looks++
          return this.#included
        }
      },
      inbox: { hasWork: () => false },
      evidence: { hasWork: () => false }
    } as unknown as WorkComponents
    this.#work = new Work(parts, () => ({ epoch: 0, params: PARAMS }))
  }

  get waits(): boolean {
    return this.#work.waits
  }

  admit(...wishes: readonly Wish[]): void {
    for (const wish of wishes)
      equal(this.pool.admit(aTransfer(wish), this.#accounts, POOL_HEAD, 'gossip').ok, true)
  }

  /** The branch holds these now, and no others. */
  include(...wishes: readonly Wish[]): void {
    this.#included = new Set(wishes.map((wish) => aTransfer(wish).key))
    this.#changes++
  }
}

describe('Work', () => {
  it('C14, ATO-12: an atomic action whose deadline is the next height is work, at any other height it is none', () => {
    equal(idleBut(HEAD + 1), true)
    equal(idleBut(HEAD), false)
    equal(idleBut(HEAD + 2), false)
    equal(idleBut(undefined), false)
  })

  it('C14, ATO-12: what is due is read once for a head', () => {
    const { work, seen, tree } = atHead(HEAD + 1)
    assert.deepEqual([work.waits, work.waits, seen.reads], [true, true, 1])
    tree.changes++
    assert.deepEqual([work.waits, seen.reads], [true, 2])
  })

  it('C14: transactions are work while one of them is in no unfinal block of the branch', () => {
    const scene = new Scene()
    equal(scene.waits, false)
    scene.admit({ from: 1 }, { from: 2 })
    scene.include({ from: 1 })
    equal(scene.waits, true)
    scene.include({ from: 1 }, { from: 2 })
    equal(scene.waits, false)
    scene.admit({ from: 3 })
    equal(scene.waits, true)
    scene.include()
    equal(scene.waits, true)
  })

  it('C14: what comes to the pool costs no walk over the branch while a transaction is known that waits', () => {
    const scene = new Scene()
    scene.admit({ from: 1 }, { from: 2 })
    scene.include({ from: 1 })
    equal(scene.waits, true)
    scene.admit({ from: 3 }, { from: 4 })
    equal(scene.waits, true)
    equal(scene.looks, 1)
  })

  it('C14: a transaction that left the pool is no work, whatever was found before', () => {
    const scene = new Scene()
    scene.admit({ from: 1 }, { from: 2 })
    scene.include({ from: 1 })
    equal(scene.waits, true)
    const view = stateOf({ 1: {}, 2: { nonce: 1n } })
    scene.pool.onFinalBlock({
      included: [],
      touched: [aTransfer({ from: 2 }).sender].map(toHex),
      view,
      head: POOL_HEAD
    })
    equal(scene.waits, false)
    equal(scene.looks, 2)
  })
})
