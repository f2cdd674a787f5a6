import { deepEqual, ok } from 'node:assert/strict'
import { fromHex, toHex, utf8 } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { StateProofType } from '../../src/codec/state-proof.ts'
import { decode } from '../../src/codec/ssz.ts'
import { applyBlock } from '../../src/state/apply-block.ts'
import { selectWork } from '../../src/state/build.ts'
import { EMPTY_VIEW, commit } from '../../src/state/commit.ts'
import { Overlay } from '../../src/state/overlay.ts'
import type { StateView } from '../../src/state/ports.ts'
import { proveKey, rebuildRoot, verifyProof } from '../../src/state/proof.ts'
import { holdings, readTotals, recount, wrongCounters } from '../../src/state/supply.ts'
import { fc } from '../support/fast-check.ts'
import { COIN, MemoryState, START_MS, aContext, aTransfer, genesisState, party } from '../support/state.ts'

type Op = readonly [number, string | null]
/** Few keys, so that sequences overwrite and delete what they wrote. */
const operations = fc.array(fc.tuple(fc.nat(60), fc.option(fc.string({ maxLength: 3 }))), { maxLength: 120 })
/** Accounts, which stand in pages, and records of other kinds. */
const keyOf = (number: number): Hex => toHex(utf8(`${number % 3 === 0 ? 'key' : '\u0001'} ${number}`))
const batch = (ops: readonly Op[]): Map<Hex, Uint8Array | undefined> =>
  new Map(ops.map(([key, value]) => [keyOf(key), value === null ? undefined : utf8(value)]))
const inMemory = (batches: readonly (readonly Op[])[]): MemoryState => {
  const state = new MemoryState()
  for (const ops of batches) state.apply(commit(state, batch(ops)))
  return state
}
const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
const flat = (state: MemoryState): [Uint8Array, Uint8Array][] =>
  [...state.values].map(([key, value]) => [fromHex(key), value])

describe('Properties of the state tree', () => {
  it('STA-12: root and pages depend on the contents alone, not on order, batches or history', () => {
    fc.assert(
      fc.property(operations, fc.integer({ min: 1, max: 20 }), (ops, size) => {
        const stepwise = inMemory(chunks(ops, size))
        const atOnce = new MemoryState(commit(EMPTY_VIEW, new Map([...stepwise.values].toReversed())))
        deepEqual(stepwise.root, atOnce.root)
        deepEqual(stepwise.pages, atOnce.pages)
        deepEqual(rebuildRoot(flat(stepwise)), stepwise.root)
      })
    )
  })

  it('STA-8, STA-9: exactly what is in the tree is provable', () => {
    fc.assert(
      fc.property(operations, fc.nat(60), (ops, number) => {
        const state = inMemory([ops])
        const key = fromHex(keyOf(number))
        const proof = StateProofType.deserialize(StateProofType.serialize(proveKey(state, key)))
        const value = state.get(key)
        ok(verifyProof(state.root, key, value, proof))
        ok(!verifyProof(state.root, key, value === undefined ? utf8('x') : undefined, proof))
      })
    )
  })

  it('STA-10: a proof with any byte changed is refused', () => {
    fc.assert(
      fc.property(
        operations,
        fc.nat(60),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (ops, number, at, flip) => {
          const state = inMemory([ops])
          const key = fromHex(keyOf(number))
          const bytes = StateProofType.serialize(proveKey(state, key))
          const place = at % bytes.length
          bytes[place] = (bytes[place] ?? 0) ^ flip
          const decoded = decode(StateProofType, bytes)
          ok(!decoded.ok || !verifyProof(state.root, key, state.get(key), decoded.value))
        }
      )
    )
  })

  it('D7: overlays read and hash like a state that was written', () => {
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 6 }), (batches) => {
        const written = inMemory(batches)
        let view: StateView = EMPTY_VIEW
        for (const ops of batches) view = new Overlay(view, commit(view, batch(ops)))
        deepEqual(view.root, written.root)
        for (let number = 0; number <= 60; number++) {
          deepEqual(view.get(fromHex(keyOf(number))), written.get(fromHex(keyOf(number))))
        }
      }),
      { numRuns: 40 }
    )
  })
})

const PARTIES = 5
const orders = fc.array(
  fc.record({
    from: fc.nat(PARTIES - 1),
    to: fc.nat(PARTIES + 2),
    consumer: fc.oneof(fc.bigInt(0n, 20_000n), fc.bigInt(0n, 3n * COIN)),
    industrial: fc.oneof(fc.constant(0n), fc.bigInt(0n, 3n * COIN)),
    feeSelector: fc.nat(2),
    fee: fc.bigInt(100n, 3_000n),
    nonce: fc.bigInt(0n, 6n)
  }),
  { maxLength: 40 }
)

describe('Properties of execution', () => {
  it('R11, D3: supply is an equality and the counters are exact; what a leader selects is what a voter computes', () => {
    fc.assert(
      fc.property(fc.array(orders, { maxLength: 3 }), (blocks) => {
        const accounts = Array.from({ length: PARTIES }, (_, i) => ({
          address: party(i).address,
          consumer: 2n * COIN,
          industrial: COIN
        }))
        const state = genesisState(accounts)
        const issued = holdings(readTotals(state))
        for (const [index, block] of blocks.entries()) {
          const context = aContext({
            height: index + 1,
            timeMs: START_MS + 1_000 * index,
            proposer: party(index).key
          })
          const candidates = block
            .filter(({ consumer, industrial }) => consumer + industrial > 0n)
            .map(({ from, to, consumer, industrial, ...fields }) =>
              aTransfer(party(from), { to: party(to).address, consumer, industrial }, fields)
            )
          const { transactions, deliveries, ...execution } = selectWork(
            state,
            context,
            { deliveries: [], candidates },
            { count: 30, bytes: 9_000, deliveryBytes: 0 }
          )
          deepEqual(applyBlock(state, context, { deliveries, transactions }), { ok: true, value: execution })
          state.apply(execution.changes)
          deepEqual(holdings(readTotals(state)), issued)
          deepEqual(wrongCounters(readTotals(state), recount(flat(state))), [])
          deepEqual(rebuildRoot(flat(state)), state.root)
        }
      })
    )
  })
})
