import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict'
import { sha256 } from '../../../src/crypto/hash.ts'
import { toHex, utf8 } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { EMPTY_VIEW, commit } from '../../../src/state/commit.ts'
import { EMPTY_HASH, innerHash, leafHash, pathOf } from '../../../src/state/hashes.ts'
import { Page } from '../../../src/state/page.ts'
import type { Slot } from '../../../src/state/page.ts'
import { isLeafPage } from '../../../src/state/leaf-page.ts'
import { Leaves } from '../../../src/state/leaves.ts'
import type { LeafChange } from '../../../src/state/leaves.ts'
import { StateError } from '../../../src/state/errors.ts'
import type { StateChanges } from '../../../src/state/ports.ts'
import { accountValue } from '../../../src/state/lookup.ts'
import { proveKey, rebuildRoot } from '../../../src/state/proof.ts'
import { updateTree } from '../../../src/state/tree.ts'
import { MemoryState } from '../../support/state.ts'

const value = utf8('value')
const put = (...names: string[]): Map<Hex, Uint8Array | undefined> =>
  new Map(names.map((name) => [toHex(utf8(name)), value]))
const drop = (...names: string[]): Map<Hex, Uint8Array | undefined> =>
  new Map(names.map((name) => [toHex(utf8(name)), undefined]))
/** Accounts, which stand in pages, and records of other kinds, of which pages have the hash. */
const names = Array.from({ length: 300 }, (_, i) => `${i % 3 === 0 ? 'key' : '\u0001'} ${i}`)

/** A path that begins with the given bits. */
function pathWith(bits: string): Uint8Array {
  const path = new Uint8Array(32).fill(0)
  for (let i = 0; i < bits.length; i++) path[i >> 3]! |= Number(bits[i]) << (7 - (i & 7))
  return path
}

/** A record that no account is, under a path of our choice: its hash stands for its value. */
const leafAt = (path: Uint8Array): LeafChange => ({ key: path, path, value: sha256(value) })

const changesOf = (root: Uint8Array): StateChanges => ({
  values: new Map(),
  pages: new Map([['' as Hex, root]]),
  root: EMPTY_HASH
})

function codeOf(work: () => unknown): string {
  try {
    work()
    return ''
  } catch (error) {
    return error instanceof StateError ? error.code : String(error)
  }
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
      paths.map((path) => leafAt(path))
    )
    const [a, b, c] = paths.map((path) => leafHash(path, sha256(value)))
    deepEqual(root, innerHash(a!, innerHash(innerHash(b!, c!), EMPTY_HASH)))
  })

  it('STA-7: leaves that differ only in the last bits are told apart by the deepest pages', () => {
    const last = Array.from({ length: 32 }, (_, i) =>
      pathWith('0'.repeat(251) + i.toString(2).padStart(5, '0'))
    )
    const { root, pages } = updateTree(EMPTY_VIEW, last.map(leafAt))
    let level = last.map((path) => leafHash(path, sha256(value)))
    while (level.length > 1)
      level = level.flatMap((hash, i) => (i % 2 === 0 ? [innerHash(hash, level[i + 1]!)] : []))
    let [expected] = level
    for (let depth = 0; depth < 251; depth++) expected = innerHash(expected!, EMPTY_HASH)
    deepEqual(root, expected)
    // Inner pages of 0 … 62 nibbles, and two leaf pages of 63.
    equal(pages.size, 65)
  })

  it('deletion restores the previous root and pages byte for byte', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names.slice(0, 200))))
    const before = { root: state.root, pages: new Map(state.pages) }
    state.apply(commit(state, put(...names.slice(200))))
    notDeepEqual(state.root, before.root)
    state.apply(commit(state, drop(...names.slice(200))))
    deepEqual(state.root, before.root)
    deepEqual(state.pages, before.pages)
  })

  it('deleting everything leaves no page', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    state.apply(commit(state, drop(...names)))
    deepEqual(state.root, EMPTY_HASH)
    equal(state.pages.size, 0)
  })

  it('deleting a key that is not there changes nothing', () => {
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
    const change = leafAt(pathOf(utf8('a')))
    throws(() => updateTree(EMPTY_VIEW, [change, change]), { name: 'AssertionFailure' })
  })

  it('a page that is missing or damaged is reported by name', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    const touched = put(...names)
    const [leafPage, innerPage] = [true, false].map((isLeaf) =>
      [...state.pages].find(([, bytes]) => isLeafPage(bytes) === isLeaf)!
    )
    for (const [id, page] of [leafPage!, innerPage!]) {
      for (const damaged of [
        page.subarray(0, page.length - 1),
        new Uint8Array(3),
        Uint8Array.of(9),
        // A leaf page without a leaf, and a page of neither kind.
        Uint8Array.of(2, 0),
        Uint8Array.of(3, ...page.subarray(1)),
        new Uint8Array()
      ]) {
        state.pages.set(id, damaged)
        throws(() => commit(state, touched), { name: 'StateError', code: 'STATE_PAGE_CORRUPT' })
      }
      state.pages.set(id, page)
    }
    // One slot and the three inner nodes above it, so that the length alone does not betray it.
    const both = new Uint8Array(9 + 4 * 32)
    both.set([1, 0, 0, 0, 1, 0, 1, 0, 1])
    state.pages.set(innerPage![0], both)
    throws(() => commit(state, touched), { name: 'StateError', code: 'STATE_PAGE_CORRUPT' })
    state.pages.set(innerPage![0], innerPage![1])
    state.pages.delete(leafPage![0])
    throws(() => commit(state, touched), { name: 'StateError', code: 'STATE_PAGE_MISSING' })
    throws(() => names.map((name) => proveKey(state, utf8(name))), { code: 'STATE_PAGE_MISSING' })
  })

  it('a leaf page of more leaves than one may have, or with splits that lead nowhere, is damage', () => {
    const many = new Leaves()
    for (const name of names.slice(0, 25)) many.set(leafAt(pathOf(utf8(name))))
    const { bytes } = many.encode(0, (size) => new Uint8Array(size))
    throws(() => commit(new MemoryState().apply(changesOf(bytes)), put('x')), { code: 'STATE_PAGE_CORRUPT' })
    const high = names.filter((name) => (pathOf(utf8(name))[0] ?? 0) >= 0x80).slice(0, 3)
    const state = new MemoryState(commit(EMPTY_VIEW, put(...high)))
    const page = state.pages.get('' as Hex)!
    const splitsAt = 2 + 4 * 3
    page[splitsAt] = page[splitsAt + 1] = 0
    // Both splits are of the first bit: below it the last two leaves would never part.
    const codes = new Set(high.map((name) => codeOf(() => proveKey(state, utf8(name)))))
    equal(codes.has('STATE_PAGE_CORRUPT'), true)
  })

  it('STA-5: no page lies below the last nibble of a path', () => {
    const pages = new Map<string, Uint8Array>()
    const low = new Uint8Array(32)
    for (let depth = 0; depth <= 64; depth++) {
      const page = new Page()
      page.count = 1_000
      page.setSlot(0, { hash: low, count: 1_000 })
      pages.set('0'.repeat(depth), page.encode())
    }
    const view = { page: (id: Hex) => pages.get(id) }
    throws(() => updateTree(view, [leafAt(low)]), { code: 'STATE_PAGE_CORRUPT' })
  })

  it('many changes of one page make what as many single ones make', () => {
    const atOnce = commit(EMPTY_VIEW, put(...names))
    const state = new MemoryState()
    for (const name of names) state.apply(commit(state, put(name)))
    deepEqual(state.root, atOnce.root)
    deepEqual(state.pages, new Map(atOnce.pages))
  })

  it('a page of 24 leaves is whole, one more makes it sixteen, one less one again', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names.slice(0, 24))))
    const whole = new Map(state.pages)
    deepEqual([...whole.keys()], [''])
    state.apply(commit(state, put(names[24]!)))
    equal(isLeafPage(state.pages.get('' as Hex)!), false)
    equal(Page.decode(state.pages.get('' as Hex)!, '').count, 25)
    state.apply(commit(state, drop(names[24]!)))
    deepEqual(state.pages, whole)
  })

  it('D7: the value of an account is found in its page, of any other key nothing is', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    for (const name of names) {
      const found = accountValue(state, utf8(name))
      deepEqual(found, name.startsWith('key') ? sha256(value) : value)
    }
    equal(accountValue(state, utf8('\u0001 absent')), undefined)
    equal(accountValue(EMPTY_VIEW, utf8('\u0001 1')), undefined)
  })

  it('D7: an account is not called absent because a page on its way is damaged', () => {
    const state = new MemoryState(commit(EMPTY_VIEW, put(...names)))
    for (const [id, page] of state.pages) {
      for (const damaged of [
        page.subarray(0, page.length - 1),
        page.subarray(0, 8),
        Uint8Array.of(9),
        Uint8Array.of(3, ...page.subarray(1)),
        new Uint8Array()
      ]) {
        // An inner page says by its bitmaps alone what lies below it, and these are not cut here.
        if (!isLeafPage(page) && damaged.length === page.length - 1) continue
        state.pages.set(id, damaged)
        const codes = new Set(names.map((name) => codeOf(() => accountValue(state, utf8(name)))))
        equal(codes.has('STATE_PAGE_CORRUPT'), true, `${id}, ${damaged.length} bytes`)
        equal(codes.size <= 2, true)
      }
      state.pages.set(id, page)
    }
  })

  it('a record of another kind stands in its page as a hash, and as nothing else', () => {
    const leaves = new Leaves()
    leaves.set({ key: utf8('\u0001 1'), path: pathOf(utf8('\u0001 1')), value: new Uint8Array(40) })
    const { bytes } = leaves.encode(0, (size) => new Uint8Array(size))
    equal(Leaves.decode(bytes, '').count, 1)
    for (const first of utf8('\u0002k')) {
      bytes[bytes.length - 40 - 3] = first
      equal(
        codeOf(() => Leaves.decode(bytes, '')),
        'STATE_PAGE_CORRUPT'
      )
    }
  })
})

describe('Inner page', () => {
  const slot = (text: string, count = 1): Slot => ({ hash: sha256(utf8(text)), count })

  it('STA-6, STA-7: a hash that was read follows the next change', () => {
    const page = new Page()
    page.setSlot(0, slot('a'))
    deepEqual(page.hash(1), slot('a').hash)
    page.setSlot(15, slot('b'))
    deepEqual(page.hash(1), innerHash(slot('a').hash, slot('b').hash))
    page.setSlot(0, undefined)
    deepEqual(page.hash(1), slot('b').hash)
    equal(page.onlySlot(1), 15)
  })

  it('decodes to what was encoded, before and after a change of layout', () => {
    const page = new Page()
    page.count = 70_000
    for (const index of [0, 1, 8, 11]) page.setSlot(index, slot(`${index}`))
    page.setSlot(5, slot('many', 69_996))
    const again = Page.decode(page.encode(), '')
    equal(again.count, 70_000)
    deepEqual(again.encode(), page.encode())
    deepEqual(again.hash(1), page.hash(1))
    for (const target of [page, again]) {
      target.setSlot(8, undefined)
      target.setSlot(5, slot('one'))
      target.count = 4
    }
    deepEqual(again.encode(), page.encode())
    deepEqual([again.weight(16 + 5), again.hash(16 + 5)], [1, slot('one').hash])
    deepEqual([again.weight(16 + 11), again.hash(16 + 11)], [1, slot('11').hash])
  })
})
