/**
 * The state tree: a binary compact sparse Merkle tree over SHA-256 of the keys, stored in pages of four levels.
 * All changes of a block are applied in one walk, sorted by path: each touched page is read, hashed and written once.
 * Canonical (STA-12): a page below the root exists iff two leaves or more lie below its slot; the root page exists
 * iff there is a leaf. So equal contents have equal pages, whatever happened before.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import { StateError } from './errors.ts'
import { Page, createRoom } from './page.ts'
import type { Leaf, Room, Slot } from './page.ts'
import type { StateView } from './ports.ts'

/** The new hash of the value at a path; undefined deletes it. */
export interface TreeChange {
  readonly path: Uint8Array
  readonly valueHash: Uint8Array | undefined
}

export interface TreeUpdate {
  readonly root: Uint8Array
  /** Changed pages by id; undefined: the page is gone. */
  readonly pages: ReadonlyMap<Hex, Uint8Array | undefined>
}

/** A change with its path as nibbles in text, which is also how pages are named. */
interface Step {
  readonly nibbles: string
  readonly leaf: Leaf | undefined
}

type Pages = Pick<StateView, 'page'>

/** One update under way: what it reads, and what it has made. */
interface Update {
  readonly view: Pages
  readonly pages: Map<Hex, Uint8Array | undefined>
  readonly room: Room
}

/** On its way to the root, where the state is as small as most are; a larger one takes further pieces. */
const PAGES_OF_A_CHANGE = 2
const ROOT_PAGE = '' as Hex
/** A path has 64 nibbles, so the deepest page is named by 63. */
const PATH_NIBBLES = 64
/** The subtree of a page is node 1 of its heap. */
const TOP = 1

export function updateTree(view: Pages, changes: readonly TreeChange[]): TreeUpdate {
  const steps = changes
    .map(toStep)
    .toSorted((a, b) => (a.nibbles < b.nibbles ? -1 : a.nibbles > b.nibbles ? 1 : 0))
  for (const [i, step] of steps.entries())
    assert(step.nibbles !== steps[i + 1]?.nibbles, 'two changes of one path')
  const update: Update = { view, pages: new Map(), room: createRoom(PAGES_OF_A_CHANGE * steps.length) }
  const bytes = view.page(ROOT_PAGE)
  const root = bytes === undefined ? new Page() : Page.decode(bytes, ROOT_PAGE)
  applySteps(update, root, 0, steps)
  if (steps.length > 0) {
    update.pages.set(ROOT_PAGE, root.weight(TOP) === 0 ? undefined : root.encode(update.room))
  }
  return { root: root.hash(TOP), pages: update.pages }
}

/** The page of an inner slot, which must exist. */
export function childPage(view: Pages, id: string): Page {
  if (id.length >= PATH_NIBBLES)
    throw new StateError({ code: 'STATE_PAGE_CORRUPT', page: id, reason: 'too deep' })
  const bytes = view.page(id as Hex)
  if (bytes === undefined) throw new StateError({ code: 'STATE_PAGE_MISSING', page: id })
  return Page.decode(bytes, id)
}

function toStep({ path, valueHash }: TreeChange): Step {
  return { nibbles: toHex(path), leaf: valueHash === undefined ? undefined : { path, valueHash } }
}

/** All steps share their first `depth` nibbles: the page's id. */
function applySteps(update: Update, page: Page, depth: number, steps: readonly Step[]): void {
  for (let from = 0; from < steps.length;) {
    const digit = steps[from]?.nibbles[depth] ?? ''
    let to = from + 1
    while (steps[to]?.nibbles[depth] === digit) to++
    const index = Number.parseInt(digit, 16)
    page.setSlot(index, updateSlot(update, page.slot(index), depth + 1, steps.slice(from, to)))
    from = to
  }
}

function updateSlot(update: Update, slot: Slot, depth: number, steps: readonly Step[]): Slot {
  const id = (steps[0]?.nibbles.slice(0, depth) ?? '') as Hex
  if (slot instanceof Uint8Array) {
    const child = childPage(update.view, id)
    applySteps(update, child, depth, steps)
    return closePage(update, child, id)
  }
  const puts = withLeaf(slot, steps)
  if (puts.length < 2) return puts[0]?.leaf
  const child = new Page()
  applySteps(update, child, depth, puts)
  return closePage(update, child, id)
}

/** The leaves that remain below a slot that had none or one. */
function withLeaf(slot: Leaf | undefined, steps: readonly Step[]): readonly Step[] {
  const puts = steps.filter((step) => step.leaf !== undefined)
  if (slot === undefined) return puts
  const nibbles = toHex(slot.path)
  if (steps.some((step) => step.nibbles === nibbles)) return puts
  const at = puts.findIndex((step) => step.nibbles > nibbles)
  return puts.toSpliced(at === -1 ? puts.length : at, 0, { nibbles, leaf: slot })
}

/** A page with fewer than two leaves goes; what is left of it moves into its parent's slot. */
function closePage({ pages, room }: Update, page: Page, id: Hex): Slot {
  const weight = page.weight(TOP)
  if (weight === 2) {
    pages.set(id, page.encode(room))
    return page.hash(TOP)
  }
  pages.set(id, undefined)
  return weight === 0 ? undefined : page.leaf(TOP)
}
