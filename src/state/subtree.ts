/**
 * Parts of the state tree built from sorted leaves, for states that arrive in chunks (SNAP-4): the part below a
 * chunk's bits with all its pages, and the pages above, which join the parts.
 *
 *   bits b, page depth d = ⌊b / 4⌋: pages 0 … d are shared by chunks, those below belong to one chunk alone
 */
import { fromHex, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { ChunkPages, LEAF_BYTES, PATH_AT, VALUE_HASH_AT } from './chunk-pages.ts'
import { EMPTY_HASH } from './hashes.ts'
import { Page } from './page.ts'
import type { Slot } from './page.ts'
import type { StateView } from './ports.ts'

const SLOTS = 16
const TOP = 1

export interface ChunkPlace {
  /** The chunk holds the paths whose first so many bits … */
  readonly bits: number
  /** … are this number. */
  readonly index: number
}

export interface ChunkTree {
  /** Of the chunk's subtree. */
  readonly hash: Uint8Array
  /** What the chunk puts into the page at depth ⌊bits / 4⌋: 16, 8, 4 or 2 slots, as `decodeSlots` reads them. */
  readonly slots: Uint8Array
  /** Pages below it, as packed rows by their names. */
  readonly pages: Uint8Array
}

/** The page depth at which the parts are joined. */
export const jointDepth = (bits: number): number => bits >> 2

/** Whether a path lies in a chunk. */
export function isInChunk(path: Uint8Array, { bits, index }: ChunkPlace): boolean {
  const first = ((path[0] ?? 0) << 8) | (path[1] ?? 0)
  return first >> (16 - bits) === index
}

export const chunkOfPath = (path: Uint8Array, bits: number): number =>
  (((path[0] ?? 0) << 8) | (path[1] ?? 0)) >> (16 - bits)

/** @param leaves in strict order of their paths, all of them in this chunk, as `chunk-pages.ts` lays them out. */
export function buildChunkTree(leaves: Uint8Array, { bits, index }: ChunkPlace): ChunkTree {
  const depth = jointDepth(bits)
  const inPage = bits & 3
  const count = SLOTS >> inPage
  const first = (index & ((1 << inPage) - 1)) * count
  const pages = new ChunkPages(leaves)
  const slots: Slot[] = Array.from({ length: count }, () => undefined)
  const to = leaves.length / LEAF_BYTES
  for (let from = 0; from < to;) {
    const end = pages.endOfNibble({ from, to, depth })
    const [path, value] = [from * LEAF_BYTES + PATH_AT, from * LEAF_BYTES + VALUE_HASH_AT]
    slots[pages.nibbleAt(from, depth) - first] =
      end - from > 1
        ? pages.build({ from, to: end, depth: depth + 1 }).slice()
        : { path: leaves.slice(path, path + 32), valueHash: leaves.slice(value, value + 32) }
    from = end
  }
  const joint = new Page()
  for (const [at, slot] of slots.entries()) if (slot !== undefined) joint.setSlot(first + at, slot)
  const node = (1 << inPage) + (index & ((1 << inPage) - 1))
  return { hash: joint.hash(node), slots: encodeSlots(slots), pages: pages.take() }
}

/**
 * The pages that join all chunks, and the root of the whole tree.
 * @param slots of all chunks in order: 16^(depth + 1)
 */
export function joinChunks(
  slots: readonly Slot[],
  bits: number
): { readonly root: Uint8Array; readonly pages: ReadonlyMap<string, Uint8Array> } {
  const pages = new Map<string, Uint8Array>()
  const join = (depth: number, prefix: number): Page => {
    const page = new Page()
    for (let nibble = 0; nibble < SLOTS; nibble++) {
      const at = prefix * SLOTS + nibble
      const slot =
        depth === jointDepth(bits) ? slots[at] : closed(join(depth + 1, at), nameOf(at, depth + 1), pages)
      if (slot !== undefined) page.setSlot(nibble, slot)
    }
    return page
  }
  const top = join(0, 0)
  if (top.weight(TOP) > 0) pages.set('', top.encode())
  return { root: top.weight(TOP) === 0 ? EMPTY_HASH : top.hash(TOP), pages }
}

const nameOf = (prefix: number, depth: number): string => prefix.toString(16).padStart(depth, '0')

/** A page with fewer than two leaves is none: what is left of it moves up (STA-12). */
function closed(page: Page, id: string, pages: Map<string, Uint8Array>): Slot {
  const weight = page.weight(TOP)
  if (weight < 2) return weight === 0 ? undefined : page.leaf(TOP)
  pages.set(id, page.encode())
  return page.hash(TOP)
}

/**
 * The hashes of all chunks, read from the joining pages of a stored tree.
 * @returns undefined if a chunk has fewer than two leaves: such a state is not cut (SNAP-3)
 */
export function subtreeHashes(view: Pick<StateView, 'page'>, bits: number): Uint8Array[] | undefined {
  const depth = jointDepth(bits)
  const first = 1 << (bits & 3)
  const hashes: Uint8Array[] = []
  const read = (id: string): boolean => {
    const bytes = view.page(id as Hex)
    if (bytes === undefined) return false
    const page = Page.decode(bytes, id)
    if (id.length < depth) {
      for (let nibble = 0; nibble < SLOTS; nibble++) if (!read(id + nibble.toString(16))) return false
      return true
    }
    for (let node = first; node < 2 * first; node++) {
      if (page.weight(node) < 2 && bits > 0) return false
      hashes.push(page.hash(node))
    }
    return true
  }
  return read('') ? hashes : undefined
}

/** Slots as bytes, to keep them until all chunks are there: per slot one byte of kind, then its 0, 64 or 32 bytes. */
function encodeSlots(slots: readonly Slot[]): Uint8Array {
  const text = slots.map((slot) => {
    if (slot === undefined) return '00'
    return slot instanceof Uint8Array ? `02${toHex(slot)}` : `01${toHex(slot.path)}${toHex(slot.valueHash)}`
  })
  return fromHex(text.join(''))
}

/** @returns undefined for bytes that are no slots. */
export function decodeSlots(bytes: Uint8Array): Slot[] | undefined {
  const slots: Slot[] = []
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at] ?? 0
    const size = kind === 0 ? 0 : kind === 1 ? 64 : 32
    if (kind > 2 || at + 1 + size > bytes.length) return undefined
    const data = bytes.slice(at + 1, at + 1 + size)
    slots.push(
      kind === 0
        ? undefined
        : kind === 2
          ? data
          : { path: data.subarray(0, 32), valueHash: data.subarray(32) }
    )
    at += 1 + size
  }
  return slots
}
