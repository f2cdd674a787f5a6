/**
 * Parts of the state tree built from sorted rows, for states that arrive in chunks (SNAP-4): the part below a
 * chunk's bits with all its pages, and the pages above, which join the parts.
 *
 *   bits b, page depth d = ⌊b / 4⌋: pages 0 … d are shared by chunks, those below belong to one chunk alone
 */
import type { Hex } from '../primitives/bytes.ts'
import type { ChunkPages } from './chunk-pages.ts'
import { EMPTY_HASH } from './hashes.ts'
import { isLeafPage } from './leaf-page.ts'
import { Leaves } from './leaves.ts'
import { Page, createRoom } from './page.ts'
import type { Slot } from './page.ts'
import type { StateView } from './ports.ts'
import { putInner } from './tree.ts'

const SLOTS = 16
const TOP = 1

export interface ChunkPlace {
  /** The chunk holds the paths whose first so many bits … */
  readonly bits: number
  /** … are this number. */
  readonly index: number
}

/** The page depth at which the parts are joined. */
const jointDepth = (bits: number): number => bits >> 2

/** Whether a path lies in a chunk. */
export const isInChunk = (path: Uint8Array, { bits, index }: ChunkPlace): boolean =>
  chunkOfPath(path, bits) === index

export const chunkOfPath = (path: Uint8Array, bits: number): number =>
  (((path[0] ?? 0) << 8) | (path[1] ?? 0)) >> (16 - bits)

/** Slots of a joining page that a chunk fills: the first, and how many. */
function slotsOf({ bits, index }: ChunkPlace): { first: number; count: number } {
  const inPage = bits & 3
  const count = SLOTS >> inPage
  return { first: (index & ((1 << inPage) - 1)) * count, count }
}

/** Names of the highest pages that belong to a chunk alone. One of them exists, if the chunk has a row. */
export function chunkPageNames(place: ChunkPlace): Hex[] {
  const depth = jointDepth(place.bits)
  const { first, count } = slotsOf(place)
  const page = place.index >> (place.bits & 3)
  const prefix = depth === 0 ? '' : page.toString(16).padStart(depth, '0')
  return Array.from({ length: count }, (_, at) => `${prefix}${(first + at).toString(16)}` as Hex)
}

/**
 * Builds the pages of a chunk.
 * @param pages of rows in strict order of their paths, all of them in this chunk. @returns the hash of its subtree
 */
export function buildChunkTree(pages: ChunkPages, rows: number, place: ChunkPlace): Uint8Array {
  const { bits, index } = place
  const depth = jointDepth(bits)
  const joint = new Page()
  for (let from = 0; from < rows;) {
    const to = pages.endOfNibble({ from, to: rows, depth })
    joint.setSlot(pages.nibbleAt(from, depth), pages.build({ from, to, depth: depth + 1 }))
    from = to
  }
  const inPage = 1 << (bits & 3)
  return joint.hash(inPage + (index & (inPage - 1)))
}

/** What a page has in the slot above it. */
export function slotOfPage(bytes: Uint8Array, id: string): Slot {
  if (isLeafPage(bytes)) return Leaves.decode(bytes, id).slot(id.length)
  const page = Page.decode(bytes, id)
  return { hash: page.hash(TOP), count: page.count }
}

/**
 * The pages that join all chunks, and the root of the whole tree.
 * @param view the pages of all chunks; few are read
 * @param slots what the highest of them put into the joining ones, by their names
 * @returns pages to be put; undefined: to be removed, because it is part of one above
 */
export function joinChunks(
  view: Pick<StateView, 'page'>,
  slots: ReadonlyMap<Hex, Slot>,
  bits: number
): { readonly root: Uint8Array; readonly pages: ReadonlyMap<Hex, Uint8Array | undefined> } {
  const update = { view, pages: new Map<Hex, Uint8Array | undefined>(), room: createRoom() }
  const join = (id: string): Slot | undefined => {
    if (id.length > jointDepth(bits)) return slots.get(id as Hex)
    const page = new Page()
    for (let nibble = 0; nibble < SLOTS; nibble++) {
      const slot = join(id + nibble.toString(16))
      if (slot === undefined) continue
      page.count += slot.count
      page.setSlot(nibble, slot)
    }
    return page.count === 0 ? undefined : putInner(update, id as Hex, page)
  }
  return { root: join('')?.hash ?? EMPTY_HASH, pages: update.pages }
}

/**
 * The hashes of all chunks, read from the joining pages of a stored tree.
 * @returns undefined if a chunk has fewer than two leaves: such a state is not cut (SNAP-3)
 */
export function subtreeHashes(view: Pick<StateView, 'page'>, bits: number): Uint8Array[] | undefined {
  const depth = jointDepth(bits)
  const first = 1 << (bits & 3)
  const hashes: Uint8Array[] = []
  const read = (id: string, part: Leaves | undefined): boolean => {
    const joining = readJoining(view, id, part)
    if (joining === undefined) return false
    const { page, parts } = joining
    if (id.length < depth) {
      for (let nibble = 0; nibble < SLOTS; nibble++) {
        const isThere = page.weight(SLOTS + nibble) > 0
        if (!isThere || !read(id + nibble.toString(16), parts[nibble])) return false
      }
      return true
    }
    for (let node = first; node < 2 * first; node++) {
      if (page.weight(node) < 2 && bits > 0) return false
      hashes.push(page.hash(node))
    }
    return true
  }
  return read('', undefined) ? hashes : undefined
}

/** A page as it is stored, or as it would be were the leaves more; then with the leaves of its slots. */
function readJoining(
  view: Pick<StateView, 'page'>,
  id: string,
  part: Leaves | undefined
): { readonly page: Page; readonly parts: readonly (Leaves | undefined)[] } | undefined {
  const bytes = part === undefined ? view.page(id as Hex) : undefined
  if (bytes !== undefined && !isLeafPage(bytes)) return { page: Page.decode(bytes, id), parts: [] }
  const leaves = part ?? (bytes === undefined ? undefined : Leaves.decode(bytes, id))
  if (leaves === undefined) return undefined
  const parts = leaves.part(id.length)
  const page = new Page()
  for (const [index, own] of parts.entries()) page.setSlot(index, own?.slot(id.length + 1))
  return { page, parts }
}
