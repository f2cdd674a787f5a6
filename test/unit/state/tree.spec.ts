import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict'
import { sha256 } from '../../../src/crypto/hash.ts'
import { toHex, utf8 } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { EMPTY_VIEW, commit } from '../../../src/state/commit.ts'
import { EMPTY_HASH, innerHash, leafHash, pathOf } from '../../../src/state/hashes.ts'
import { Page } from '../../../src/state/page.ts'
import type { Leaf } from '../../../src/state/page.ts'
import { rebuildRoot } from '../../../src/state/proof.ts'
import { updateTree } from '../../../src/state/tree.ts'
import { MemoryState } from '../../support/state.ts'

const value = utf8('value')
const put = (...names: string[]): Map<Hex, Uint8Array | undefined> =>
  new Map(names.map((name) => [toHex(utf8(name)), value]))
const drop = (...names: string[]): Map<Hex, Uint8Array | undefined> =>
  new Map(names.map((name) => [toHex(utf8(name)), undefined]))
const names = Array.from({ length: 300 }, (_, i) => `key ${i}`)

/** A path that begins with the given bits. */
function pathWith(bits: string): Uint8Array {
  const path = new Uint8Array(32).fill(0)
  for (let i = 0; i < bits.length; i++) path[i >> 3]! |= Number(bits[i]) << (7 - (i & 7))
  return path
}

describe('State tree', () => {
  it('STA-5: an empty tree is 32 zero bytes, has no page, and nothing changes it', () => {
    const changes = commit(EMPTY_VIEW, new Map())
    deepEqual(changes.root, new Uint8Array(32))
    equal(changes.pages.size, 0)
    deepEqual(updateTree(EMPTY_VIEW, []), { root: EMPTY_HASH, pages: new Map() })
  })

  it('STA-6: the root of one key is its leaf', () => {
    const { root } = commit(EMPTY_VIEW, put('a'))
    deepEqual(root, leafHash(pathOf(utf8('a')), sha256(value)))
  })

  it('STA-6, STA-7: a leaf floats up to where it is alone, inner nodes join halves', () => {
    const paths = ['0', '100', '101'].map(pathWith)
    const { root } = updateTree(
      EMPTY_VIEW,
      paths.map((path) => ({ path, valueHash: sha256(value) }))
    )
    const [a, b, c] = paths.map((path) => leafHash(path, sha256(value)))
    deepEqual(root, innerHash(a!, innerHash(innerHash(b!, c!), EMPTY_HASH)))
  })

  it('STA-11: two leaves that differ only in the last bit are told apart by the deepest page', () => {
    const low = new Uint8Array(32)
    const high = pathWith(`${'0'.repeat(255)}1`)
    const valueHash = sha256(value)
    const state = new MemoryState()
    const update = updateTree(
      state,
      [low, high].map((path) => ({ path, valueHash }))
    )
    let expected = innerHash(leafHash(low, valueHash), leafHash(high, valueHash))
    for (let depth = 0; depth < 255; depth++) expected = innerHash(expected, EMPTY_HASH)
    deepEqual(update.root, expected)
    equal(update.pages.size, 64)
    state.apply({ values: new Map(), ...update })
    const removed = updateTree(state, [{ path: high, valueHash: undefined }])
    state.apply({ values: new Map(), ...removed })
    deepEqual(removed.root, leafHash(low, valueHash))
    deepEqual([...state.pages.keys()], [''])
  })

  it('STA-12: deletion restores the previous root and pages byte for byte', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names.slice(0, 200))))
    const before = { root: state.root, pages: new Map(state.pages) }
    state.apply(commit(state, put(...names.slice(200))))
    notDeepEqual(state.root, before.root)
    state.apply(commit(state, drop(...names.slice(200))))
    deepEqual(state.root, before.root)
    deepEqual(state.pages, before.pages)
  })

  it('STA-12: deleting everything leaves no page', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    state.apply(commit(state, drop(...names)))
    deepEqual(state.root, EMPTY_HASH)
    equal(state.pages.size, 0)
  })

  it('STA-12: deleting a key that is not there changes nothing', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    const pages = new Map(state.pages)
    const root = state.root
    state.apply(commit(state, drop('absent')))
    deepEqual(state.root, root)
    deepEqual(state.pages, pages)
  })

  it('STA-13: the root from flat values alone is the same', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    deepEqual(rebuildRoot(names.map((name) => [utf8(name), value] as const)), state.root)
    deepEqual(rebuildRoot([]), EMPTY_HASH)
  })

  it('STA-13: two values of one key are a broken invariant', () => {
    throws(
      () =>
        rebuildRoot([
          [utf8('a'), value],
          [utf8('a'), value]
        ]),
      { name: 'AssertionFailure' }
    )
    const path = pathOf(utf8('a'))
    const change = { path, valueHash: sha256(value) }
    throws(() => updateTree(EMPTY_VIEW, [change, change]), { name: 'AssertionFailure' })
  })

  it('STA-11: a page that is missing or damaged is reported by name', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    const child = [...state.pages.keys()].find((id) => id.length === 1)!
    const page = state.pages.get(child)!
    const touched = put(...names)
    state.pages.set(child, page.subarray(0, page.length - 1))
    throws(() => commit(state, touched), { name: 'StateError', code: 'STATE_PAGE_CORRUPT' })
    // One slot and the three inner nodes above it, so that the length alone does not betray it.
    const both = new Uint8Array(4 + 32 + 3 * 32)
    both.set([0, 1, 0, 1])
    state.pages.set(child, both)
    throws(() => commit(state, touched), { name: 'StateError', code: 'STATE_PAGE_CORRUPT' })
    state.pages.set(child, new Uint8Array(3))
    throws(() => commit(state, touched), { name: 'StateError', code: 'STATE_PAGE_CORRUPT' })
    state.pages.delete(child)
    throws(() => commit(state, touched), { name: 'StateError', code: 'STATE_PAGE_MISSING' })
  })

  it('STA-11: no page lies below the last nibble of a path', () => {
    const low = new Uint8Array(32)
    const leaves = [low, pathWith(`${'0'.repeat(255)}1`)].map((path) => ({ path, valueHash: sha256(value) }))
    const state = new MemoryState({ values: new Map(), ...updateTree(EMPTY_VIEW, leaves) })
    const inner = new Uint8Array(4 + 32 + 3 * 32)
    inner.set([0, 0, 0, 1])
    state.pages.set('0'.repeat(63) as Hex, inner)
    state.pages.set('0'.repeat(64) as Hex, inner)
    throws(() => updateTree(state, [{ path: low, valueHash: undefined }]), { code: 'STATE_PAGE_CORRUPT' })
  })
})

describe('Page', () => {
  const leaf = (bits: string): Leaf => ({ path: pathWith(bits), valueHash: sha256(value) })
  const hashOf = ({ path, valueHash }: Leaf): Uint8Array => leafHash(path, valueHash)

  it('STA-6, STA-7: a hash that was read follows the next change', () => {
    const page = new Page()
    page.setSlot(0, leaf('0000'))
    deepEqual(page.hash(1), hashOf(leaf('0000')))
    page.setSlot(15, leaf('1111'))
    deepEqual(page.hash(1), innerHash(hashOf(leaf('0000')), hashOf(leaf('1111'))))
    page.setSlot(0, undefined)
    deepEqual(page.hash(1), hashOf(leaf('1111')))
    deepEqual(page.leaf(1), leaf('1111'))
  })

  it('STA-11: decodes to what was encoded, before and after a change of layout', () => {
    const page = new Page()
    for (const bits of ['0000', '0001', '1000', '1011']) page.setSlot(Number.parseInt(bits, 2), leaf(bits))
    page.setSlot(5, sha256(value))
    const again = Page.decode(page.encode(), '')
    deepEqual(again.encode(), page.encode())
    deepEqual(again.hash(1), page.hash(1))
    for (const target of [page, again]) {
      target.setSlot(8, undefined)
      target.setSlot(5, leaf('0101'))
    }
    deepEqual(again.encode(), page.encode())
    deepEqual(again.slot(5), leaf('0101'))
    deepEqual(again.slot(11), leaf('1011'))
  })
})
