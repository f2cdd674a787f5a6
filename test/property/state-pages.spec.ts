/**
 * Pages of a state whose paths crowd together, so that pages part and join on several levels: against a map, and against
 * the pages that the same contents make when they are written at once.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { PREFIX_ACCOUNT, PREFIX_CLAIM } from '../../src/codec/state-records.ts'
import { STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX } from '../../src/codec/chunk-limits.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { fromHex, toHex, u64be } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { EMPTY_VIEW, commit } from '../../src/state/commit.ts'
import { pathOf } from '../../src/state/hashes.ts'
import { LEAVES_MAX, isLeafPage, leafRows, leavesIn } from '../../src/state/leaf-page.ts'
import { accountValue } from '../../src/state/lookup.ts'
import { Page } from '../../src/state/page.ts'
import { proveKey, rebuildRoot, verifyProof } from '../../src/state/proof.ts'
import { fc } from '../support/fast-check.ts'
import { cutIntoChunks, joinedFrom } from '../support/imported-state.ts'
import { MemoryState } from '../support/state.ts'

/** Keys of accounts and of claims, a fourth of them, whose paths begin with some zero bits. */
function keysWith(zeroBits: number, count: number): Hex[] {
  const found: Hex[] = []
  for (let number = zeroBits; found.length < count; number += 1) {
    const key = Uint8Array.of(number % 4 === 0 ? PREFIX_CLAIM : PREFIX_ACCOUNT, ...u64be(number))
    const path = pathOf(key)
    if ((((path[0] ?? 0) << 8) | (path[1] ?? 0)) >> (16 - zeroBits) === 0) found.push(toHex(key))
  }
  return found
}
/** Some fit into a page together, all do not: at the root, one nibble below, two and three. */
const KEYS = [...new Set([...keysWith(0, 30), ...keysWith(4, 28), ...keysWith(8, 30), ...keysWith(12, 27)])]
const LENGTHS = [0, 1, 31, 32, 33, 40, 300]

type Op = readonly [at: number, length: number | undefined]
const op = fc.tuple(
  fc.nat(KEYS.length - 1),
  fc.option(fc.constantFrom(...LENGTHS), { nil: undefined, freq: 3 })
)
/** Of few changes, of about as many as a page holds, and of many more. */
const batches = fc.array(
  fc.oneof(
    fc.array(op, { maxLength: 3 }),
    fc.array(op, { minLength: LEAVES_MAX - 2, maxLength: LEAVES_MAX + 3, size: 'max' }),
    fc.array(op, { minLength: 60, maxLength: 150, size: 'max' }),
    // All that is there goes, but for a few.
    fc
      .array(fc.nat(KEYS.length - 1), { maxLength: 30 })
      .map((kept) => KEYS.flatMap((_, at): Op[] => (kept.includes(at) ? [] : [[at, undefined]])))
  ),
  { minLength: 1, maxLength: 6 }
)

class World {
  readonly state = new MemoryState()
  readonly model = new Map<Hex, Uint8Array>()

  apply(ops: readonly Op[], number: number): void {
    const changes = new Map<Hex, Uint8Array | undefined>()
    for (const [at, length] of ops) {
      const value = length === undefined ? undefined : new Uint8Array(length).fill(number)
      changes.set(KEYS[at]!, value)
    }
    for (const [key, value] of changes) {
      if (value === undefined) this.model.delete(key)
      else this.model.set(key, value)
    }
    this.state.apply(commit(this.state, changes))
  }

  check(): void {
    const { state, model } = this
    const rows = [...model].map(([key, value]) => [fromHex(key), value] as const)
    deepEqual(state.root, rebuildRoot(rows))
    const atOnce = new MemoryState(commit(EMPTY_VIEW, new Map(model)))
    deepEqual(state.pages, atOnce.pages)
    for (const name of KEYS) {
      const key = fromHex(name)
      const value = model.get(name)
      const stands = value !== undefined && key[0] !== PREFIX_ACCOUNT ? sha256(value) : value
      deepEqual(accountValue(state, key), stands)
      ok(verifyProof(state.root, key, value, proveKey(state, key)))
    }
    for (const [id, page] of state.pages) checkForm(state, id, page)
    const joined = joinedFrom(cutIntoChunks(state, 0), [state.root], 0)
    deepEqual(joined.root, state.root)
    deepEqual(joined.pages, state.pages)
  }
}

/** What docs/storage.md says of a page among others. */
function checkForm({ pages }: MemoryState, id: Hex, page: Uint8Array): void {
  const parent = id === '' ? undefined : pages.get(id.slice(0, -1) as Hex)
  if (id !== '') ok(parent !== undefined && Page.decode(parent, '').count > LEAVES_MAX)
  if (!isLeafPage(page)) {
    ok(Page.decode(page, id).count > LEAVES_MAX)
    return
  }
  const paths = [...leafRows(page)].map(([key]) => toHex(pathOf(key)))
  deepEqual(paths, paths.toSorted())
  ok(paths.every((path) => path.startsWith(id)))
  equal(leavesIn(page), paths.length)
  ok(paths.length > 0 && paths.length <= LEAVES_MAX)
}

describe('Properties of pages', () => {
  it('D7, STA-7 … STA-9: after any changes they are those of the contents, and every key is found or proven absent', () => {
    fc.assert(
      fc.property(batches, (list) => {
        const world = new World()
        for (const [number, ops] of list.entries()) {
          world.apply(ops, number)
          world.check()
        }
      }),
      { numRuns: 40 }
    )
  })

  it('D7: from any few leaves to any others in one change, root and page are those of what is left', () => {
    const few = KEYS.slice(0, 6)
    const subsets = Array.from({ length: 1 << few.length }, (_, bits) =>
      few.filter((_key, at) => ((bits >> at) & 1) === 1)
    )
    const value = new Uint8Array(40)
    const states = subsets.map((keys) => {
      const state = new MemoryState(commit(EMPTY_VIEW, new Map(keys.map((key) => [key, value]))))
      deepEqual(state.root, rebuildRoot(keys.map((key) => [fromHex(key), value])))
      return state
    })
    for (const [from, before] of states.entries()) {
      for (const [to, after] of states.entries()) {
        const changed = few.filter((_key, at) => (((from ^ to) >> at) & 1) === 1)
        const changes = changed.map((key) => [key, subsets[to]!.includes(key) ? value : undefined] as const)
        const { root, pages } = commit(before, new Map(changes))
        equal(toHex(root), toHex(after.root), `from ${from} to ${to}`)
        if (changed.length > 0) deepEqual(pages.get('' as Hex), after.page('' as Hex))
      }
    }
  })

  it('D7: keys and values of every length stand in them, also a key that begins another', () => {
    const world = new World()
    const keyOf = (length: number): Hex =>
      toHex(Uint8Array.of(PREFIX_ACCOUNT, ...new Uint8Array(length - 1).fill(7)))
    const lengths = [0, 1, 255, 256, 65_535, 65_536, STATE_VALUE_BYTES_MAX]
    for (const [number, length] of lengths.entries()) {
      const key = keyOf(number + 1 < lengths.length ? number + 1 : STATE_KEY_BYTES_MAX)
      // Another kind's, alike but for the first byte.
      const other = `${toHex(Uint8Array.of(PREFIX_CLAIM))}${key.slice(2)}` as Hex
      const changes = new Map([
        [key, new Uint8Array(length).fill(number + 1)],
        [other, Uint8Array.of(number)]
      ])
      for (const [name, value] of changes) world.model.set(name, value)
      world.state.apply(commit(world.state, changes))
    }
    world.check()
    for (const [name, value] of world.model) {
      const key = fromHex(name)
      deepEqual(accountValue(world.state, key), key[0] === PREFIX_ACCOUNT ? value : sha256(value))
    }
    equal(accountValue(world.state, fromHex(keyOf(lengths.length))), undefined)
  })
})
