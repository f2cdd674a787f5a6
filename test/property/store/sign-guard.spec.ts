/** Invariant 2: no key contradicts itself, whatever is asked of its guard and whenever the machine crashes. */
import assert from 'node:assert/strict'
import { ZERO_HASH, toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { sha256 } from '../../../src/crypto/hash.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../../src/codec/statement.ts'
import type { Statement } from '../../../src/codec/statement.ts'
import { exportGuard, importGuard } from '../../../src/store/guard-transfer.ts'
import { Journal } from '../../../src/store/journal.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import { SignGuard } from '../../../src/store/sign-guard.ts'
import { fc } from '../../support/fast-check.ts'

const NETWORK = sha256(Uint8Array.of(1))
const INIT = { publicKey: sha256(Uint8Array.of(2)), network: NETWORK }
const ID = sha256(Uint8Array.of(3))

type Step =
  | { readonly do: 'sign'; readonly statement: Statement; readonly crash: 'no' | 'lost' | 'kept' }
  | { readonly do: 'floor'; readonly chain: number; readonly epoch: number; readonly view: number }
  | { readonly do: 'crash'; readonly keepUnsynced: number; readonly loseBehind: number }
  | { readonly do: 'move' }

const chains = fc.constantFrom(COORD, shardId(0))
const epochs = fc.integer({ min: 0, max: 2 })
const views = fc.integer({ min: 0, max: 4 })
const statements: fc.Arbitrary<Statement> = fc
  .record({
    chain: chains,
    epoch: epochs,
    view: views,
    kind: fc.constantFrom(NOTARISE, NULLIFY, FINALISE),
    block: fc.nat(1)
  })
  .map(({ block, ...rest }) => {
    return {
      network: NETWORK,
      ...rest,
      hash: rest.kind === NULLIFY ? ZERO_HASH : sha256(Uint8Array.of(9, block))
    }
  })
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('sign'),
      statement: statements,
      crash: fc.constantFrom('no', 'no', 'no', 'lost', 'kept')
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('floor'), chain: chains, epoch: epochs, view: views })
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('crash'), keepUnsynced: fc.nat(3), loseBehind: fc.nat(3) })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move') }) }
)

/** Evidence as C30 defines it, and the policy of C12 that needs no order. */
function contradicts(a: Statement, b: Statement): boolean {
  if (a.chain !== b.chain || a.epoch !== b.epoch || a.view !== b.view) return false
  if (a.kind === b.kind) return toHex(a.hash) !== toHex(b.hash)
  return (a.kind === NULLIFY && b.kind === FINALISE) || (a.kind === FINALISE && b.kind === NULLIFY)
}

class World {
  /** Every signature that left the machine. */
  readonly sent: Statement[] = []
  disk = new MemoryDisk()
  #kv = this.disk.open()
  #guard: SignGuard | undefined
  #journal: Journal | undefined

  async start(): Promise<void> {
    this.#guard = await SignGuard.create(this.#kv, INIT, ID)
    this.#journal = await Journal.open(this.#kv)
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case 'sign':
        return this.#sign(step.statement, step.crash)
      case 'floor': {
        const chain = shardOrCoord(step.chain)
        const update = this.#guard!.raiseFloor(chain, step.epoch, step.view)
        return this.#journal!.drop(chain, step.epoch, step.view, update)
      }
      case 'crash':
        return this.#crash(step.keepUnsynced, step.loseBehind)
      case 'move':
        return this.#move()
    }
  }

  async #sign(statement: Statement, crash: 'no' | 'lost' | 'kept'): Promise<void> {
    const verdict = this.#guard!.admit(statement)
    if (!verdict.ok) return
    if (crash === 'no') {
      await this.#journal!.write([], verdict.value)
      this.sent.push(statement)
      return
    }
    // The machine stops while the write is under way: nothing was sent, the write is there or not.
    const write = this.#journal!.write([], verdict.value)
    await Promise.all([assert.rejects(write), this.#crash(crash === 'kept' ? this.disk.unsynced : 0)])
  }

  async #crash(keepUnsynced: number, loseBehind = 0): Promise<void> {
    this.disk.crash({ keepUnsynced, loseBehind: Math.min(loseBehind, this.disk.behind) })
    this.#kv = this.disk.open()
    await this.#open()
  }

  async #open(): Promise<void> {
    this.#guard = await SignGuard.open(this.#kv, INIT, toHex(ID))
    this.#journal = await Journal.open(this.#kv)
  }

  async #move(): Promise<void> {
    const text = await exportGuard(this.#kv, INIT)
    this.disk = new MemoryDisk()
    this.#kv = this.disk.open()
    assert.ok((await importGuard(this.#kv, INIT, text)).ok)
    await this.#open()
  }
}

const shardOrCoord = (chain: number): typeof COORD => (chain === COORD ? COORD : shardId(chain))

describe('sign guard, any history', () => {
  it('C12: no two sent statements contradict each other, across crashes, floors and moves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (history) => {
        const world = new World()
        await world.start()
        for (const step of history) await world.run(step)
        for (const [index, a] of world.sent.entries()) {
          for (const b of world.sent.slice(index + 1))
            assert.ok(!contradicts(a, b), `${JSON.stringify([a, b])}`)
        }
      }),
      { numRuns: 300 }
    )
  })
})
