/**
 * The state tree: a binary compact sparse Merkle tree over SHA-256 of the keys. A subtree that begins at a whole nibble
 * and has no more than LEAVES_MAX leaves, while the one above it has more, is a leaf page with its keys and values; what
 * is above are inner pages of four levels. Equal contents so have equal pages, whatever happened before.
 * All changes of a block are applied in one walk, sorted by path: each touched page is read, hashed and written once.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import { StateError } from './errors.ts'
import { EMPTY_HASH } from './hashes.ts'
import { LEAVES_MAX, isLeafPage } from './leaf-page.ts'
import { Leaves } from './leaves.ts'
import type { LeafChange } from './leaves.ts'
import { Page, createRoom } from './page.ts'
import type { Room, Slot } from './page.ts'
import type { StateView } from './ports.ts'

export interface TreeUpdate {
  readonly root: Uint8Array
  /** Changed pages by id; undefined: the page is gone. */
  readonly pages: ReadonlyMap<Hex, Uint8Array | undefined>
}

/** A change with its path as nibbles in text, which is also how pages are named. */
interface Step extends LeafChange {
  readonly nibbles: string
}

type Pages = Pick<StateView, 'page'>

/** One update under way: what it reads, and what it has made. */
export interface TreePages {
  readonly view: Pages
  readonly pages: Map<Hex, Uint8Array | undefined>
  readonly room: Room
}

/** On its way to the root, where the state is as small as most are; a larger one takes further pieces. */
const PAGES_OF_A_CHANGE = 2
const ROOT_PAGE = '' as Hex
/** A path has 64 nibbles, so the deepest page is named by 63. */
const PATH_NIBBLES = 64
const SLOTS = 16
/** Node 16 of a page's heap is its first slot. */
const FIRST_SLOT = 16
/** The subtree of a page is node 1 of its heap. */
const TOP = 1

export function updateTree(view: Pages, changes: readonly LeafChange[]): TreeUpdate {
  const steps = changes
    .map(({ key, path, value }): Step => ({ key, path, value, nibbles: toHex(path) }))
    .toSorted((a, b) => (a.nibbles < b.nibbles ? -1 : a.nibbles > b.nibbles ? 1 : 0))
  for (const [i, step] of steps.entries())
    assert(step.nibbles !== steps[i + 1]?.nibbles, 'two changes of one path')
  const update: TreePages = { view, pages: new Map(), room: createRoom(PAGES_OF_A_CHANGE * steps.length) }
  const slot = updatePage(update, ROOT_PAGE, view.page(ROOT_PAGE), steps)
  if (steps.length === 0) update.pages.clear()
  return { root: slot?.hash ?? EMPTY_HASH, pages: update.pages }
}

/** A page below a slot that is not empty: it must exist. */
export function childPage(view: Pages, id: string): Uint8Array {
  if (id.length >= PATH_NIBBLES)
    throw new StateError({ code: 'STATE_PAGE_CORRUPT', page: id, reason: 'too deep' })
  const bytes = view.page(id as Hex)
  if (bytes === undefined) throw new StateError({ code: 'STATE_PAGE_MISSING', page: id })
  return bytes
}

/** All steps share their first nibbles: the page's id. @returns what lies there afterwards */
function updatePage(
  update: TreePages,
  id: Hex,
  bytes: Uint8Array | undefined,
  steps: readonly Step[]
): Slot | undefined {
  if (bytes !== undefined && !isLeafPage(bytes)) return updateInner(update, id, Page.decode(bytes, id), steps)
  return updateLeaves(update, id, bytes === undefined ? new Leaves() : Leaves.decode(bytes, id), steps)
}

/** Many changes are parted before they are made: the leaves of a page are searched one after the other. */
function updateLeaves(update: TreePages, id: Hex, leaves: Leaves, steps: readonly Step[]): Slot | undefined {
  if (steps.length <= LEAVES_MAX) {
    for (const step of steps) leaves.set(step)
    return putLeaves(update, id, leaves)
  }
  const page = new Page()
  const parts = leaves.part(id.length)
  let from = 0
  for (const [index, part = new Leaves()] of parts.entries()) {
    const digit = index.toString(16)
    let to = from
    while (steps[to]?.nibbles[id.length] === digit) to++
    if (to > from || part.count > 0) {
      const slot = updateLeaves(update, (id + digit) as Hex, part, steps.slice(from, to))
      page.count += slot?.count ?? 0
      page.setSlot(index, slot)
    }
    from = to
  }
  return putInner(update, id, page)
}

function updateInner(update: TreePages, id: Hex, page: Page, steps: readonly Step[]): Slot | undefined {
  const depth = id.length
  for (let from = 0; from < steps.length;) {
    const digit = steps[from]?.nibbles[depth] ?? ''
    let to = from + 1
    while (steps[to]?.nibbles[depth] === digit) to++
    const index = Number.parseInt(digit, 16)
    const child = (id + digit) as Hex
    const isThere = page.weight(FIRST_SLOT + index) > 0
    const bytes = isThere ? childPage(update.view, child) : undefined
    const slot = updatePage(update, child, bytes, steps.slice(from, to))
    page.count += (slot?.count ?? 0) - countOf(bytes, child)
    page.setSlot(index, slot)
    from = to
  }
  return putInner(update, id, page)
}

/** A page whose slots and count are set; one of few leaves becomes a leaf page. */
export function putInner(update: TreePages, id: Hex, page: Page): Slot | undefined {
  if (page.count <= LEAVES_MAX) return joinPages(update, id, page)
  update.pages.set(id, page.encode(update.room))
  return { hash: page.hash(TOP), count: page.count }
}

const countOf = (bytes: Uint8Array | undefined, id: string): number =>
  bytes === undefined ? 0 : isLeafPage(bytes) ? (bytes[1] ?? 0) : Page.decode(bytes, id).count

/** As one page, or as an inner one with pages below it. */
function putLeaves(update: TreePages, id: Hex, leaves: Leaves): Slot | undefined {
  if (leaves.count === 0) {
    update.pages.set(id, undefined)
    return undefined
  }
  if (leaves.count <= LEAVES_MAX) {
    const { bytes, slot } = leaves.encode(id.length, update.room)
    update.pages.set(id, bytes)
    return slot
  }
  const page = new Page()
  page.count = leaves.count
  for (const [index, part] of leaves.part(id.length).entries()) {
    if (part !== undefined) page.setSlot(index, putLeaves(update, (id + index.toString(16)) as Hex, part))
  }
  update.pages.set(id, page.encode(update.room))
  return { hash: page.hash(TOP), count: page.count }
}

/** What is left below an inner page fits into one: all pages below it are leaf pages by now. */
function joinPages(update: TreePages, id: Hex, page: Page): Slot | undefined {
  const leaves = new Leaves()
  let last = 0
  for (let index = 0; index < SLOTS; index++) {
    if (page.weight(FIRST_SLOT + index) === 0) continue
    const child = (id + index.toString(16)) as Hex
    const bytes = update.pages.get(child) ?? childPage(update.view, child)
    leaves.append(Leaves.decode(bytes, child), id.length, [last, index])
    update.pages.set(child, undefined)
    last = index
  }
  return putLeaves(update, id, leaves)
}
