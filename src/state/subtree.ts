/**
 * Parts of the state tree built from sorted leaves, for states that arrive in chunks (SNAP-4): the part below a
 * chunk's bits with all its pages, and the pages above, which join the parts.
 *
 *   bits b, page depth d = ⌊b / 4⌋: pages 0 … d are shared by chunks, those below belong to one chunk alone
 */
import { fromHex, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { EMPTY_HASH } from './hashes.ts'
import { Page, createRoom, pageOf } from './page.ts'
import type { Leaf, Room, Slot } from './page.ts'
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
  /** What the chunk puts into the page at depth ⌊bits / 4⌋: 16, 8, 4 or 2 slots. */
  readonly slots: readonly Slot[]
  /** Pages below it, by path id. */
  readonly pages: ReadonlyMap<string, Uint8Array>
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

/** @param leaves in strict order of their paths, all of them in this chunk. */
export function buildChunkTree(leaves: readonly Leaf[], { bits, index }: ChunkPlace): ChunkTree {
  const depth = jointDepth(bits)
  const inPage = bits & 3
  const count = SLOTS >> inPage
  const first = (index & ((1 << inPage) - 1)) * count
  const built: Built = { pages: new Map(), room: createRoom() }
  const joint = new Page()
  const slots: Slot[] = []
  let from = 0
  for (let nibble = first; nibble < first + count; nibble++) {
    let to = from
    while (to < leaves.length && nibbleAt(leaves, to, depth) === nibble) to++
    const slot = buildSlot(leaves, from, to, depth + 1, built)
    slots.push(slot)
    if (slot !== undefined) joint.setSlot(nibble, slot)
    from = to
  }
  return { hash: joint.hash((1 << inPage) + (index & ((1 << inPage) - 1))), slots, pages: built.pages }
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

function nibbleAt(leaves: readonly Leaf[], at: number, depth: number): number {
  const byte = leaves[at]?.path[depth >> 1] ?? 0
  return (depth & 1) === 0 ? byte >> 4 : byte & 15
}

/** Pages of one chunk: they come and go together. */
interface Built {
  readonly pages: Map<string, Uint8Array>
  readonly room: Room
}

/** Leaves from … to share their first `depth` nibbles. */
function buildSlot(leaves: readonly Leaf[], from: number, to: number, depth: number, built: Built): Slot {
  if (to - from < 2) return from === to ? undefined : leaves[from]
  const slots: Slot[] = []
  for (let start = from; start < to;) {
    const nibble = nibbleAt(leaves, start, depth)
    let end = start + 1
    while (end < to && nibbleAt(leaves, end, depth) === nibble) end++
    slots[nibble] = buildSlot(leaves, start, end, depth + 1, built)
    start = end
  }
  const path = leaves[from]?.path ?? EMPTY_HASH
  const page = pageOf(slots, built.room)
  built.pages.set(toHex(path.subarray(0, (depth + 1) >> 1)).slice(0, depth), page.bytes)
  return page.hash
}

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
export function encodeSlots(slots: readonly Slot[]): Uint8Array {
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
