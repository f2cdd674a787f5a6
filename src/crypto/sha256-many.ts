/**
 * SHA-256 of many short messages, four at a time in vectors: a call of the platform's for each takes three to five times
 * as long, nearly all of it beside the hash. Inputs and digests are places in larger arrays, because an object for each
 * would cost as much again. What a state of a million accounts takes when it arrives (SNAP-5).
 */
import { equal } from '../primitives/bytes.ts'
import { sha256 } from './hash.ts'
import { lanesModule } from './sha256-wasm.ts'

interface Lanes {
  readonly memory: Uint8Array
  readonly hash: (from: number, stride: number, blocks: number, to: number) => void
}
/** A place for each of many digests. */
export interface Digests {
  readonly bytes: Uint8Array
  readonly at: (index: number) => number
}

const LANES = 4
const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** A one bit and the length follow a message. */
const PADDING_BYTES = 9
/** Longer messages gain nothing. */
const BLOCKS_MAX = 4
const STRIDE = BLOCKS_MAX * BLOCK_BYTES
const GROUP_BYTES = LANES * STRIDE
const DIGESTS_AT = BLOCKS_MAX * GROUP_BYTES
/** A tag and two hashes. */
const NODE_BYTES = 1 + 2 * DIGEST_BYTES
const NODE_BLOCKS = 2
const NODE_STRIDE = NODE_BLOCKS * BLOCK_BYTES
/** Their padding is always the same, so they have a place of their own, where it is. */
const NODES_AT = DIGESTS_AT + LANES * DIGEST_BYTES

let lanes: Lanes | 'none' | undefined

/** @returns undefined where there are no vectors, or no code may be made of bytes: then each is hashed by the platform. */
function loaded(): Lanes | undefined {
  lanes ??= load() ?? 'none'
  return lanes === 'none' ? undefined : lanes
}

function load(): Lanes | undefined {
  try {
    const { memory: own, hash } = new WebAssembly.Instance(new WebAssembly.Module(lanesModule())).exports
    if (!(own instanceof WebAssembly.Memory) || typeof hash !== 'function') return undefined
    const memory = new Uint8Array(own.buffer)
    for (let lane = 0; lane < LANES; lane++) pad(memory, NODES_AT + lane * NODE_STRIDE, NODE_BYTES)
    const made: Lanes = { memory, hash: hash as Lanes['hash'] }
    return isRight(made) ? made : undefined
  } catch {
    return undefined
  }
}

/** Before it is relied on: every lane and number of blocks against the platform's. */
function isRight({ memory, hash }: Lanes): boolean {
  for (let blocks = 1; blocks <= BLOCKS_MAX; blocks++) {
    const length = blocks * BLOCK_BYTES - PADDING_BYTES
    const messages = Array.from({ length: LANES }, (_, lane) =>
      Uint8Array.from({ length }, (_byte, at) => 37 * at + 91 * lane + blocks)
    )
    for (const [lane, message] of messages.entries()) {
      memory.set(message, lane * STRIDE)
      pad(memory, lane * STRIDE, length)
    }
    hash(0, STRIDE, blocks, DIGESTS_AT)
    const isEqual = messages.every((message, lane) => {
      const at = DIGESTS_AT + lane * DIGEST_BYTES
      return equal(memory.subarray(at, at + DIGEST_BYTES), sha256(message))
    })
    if (!isEqual) return false
  }
  return true
}

const blocksOf = (bytes: number): number => Math.ceil((bytes + PADDING_BYTES) / BLOCK_BYTES)

/** What follows a message of at most BLOCKS_MAX blocks. */
function pad(memory: Uint8Array, at: number, bytes: number): void {
  const end = at + blocksOf(bytes) * BLOCK_BYTES
  let to = at + bytes
  memory[to++] = 0x80
  while (to < end) memory[to++] = 0
  memory[end - 1] = 8 * bytes
  memory[end - 2] = bytes >> 5
}

/** Byte by byte: what is copied is short, and a view of it is an object. */
function copy(into: Uint8Array, at: number, bytes: Uint8Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) into[at + i] = bytes[from + i] ?? 0
}

/** @param spans from and to of each message in `bytes`, one behind the other. */
export function hashSpans(bytes: Uint8Array, spans: Uint32Array, digests: Digests): void {
  const own = loaded()
  /** Messages of 1 … BLOCKS_MAX blocks that wait for others as long. */
  const waiting: number[][] = Array.from({ length: BLOCKS_MAX }, () => [])
  for (let index = 0; 2 * index < spans.length; index++) {
    const [from, to] = [spans[2 * index] ?? 0, spans[2 * index + 1] ?? 0]
    const group = blocksOf(to - from) - 1
    const places = waiting[group]
    if (own === undefined || places === undefined) {
      digests.bytes.set(sha256(bytes.subarray(from, to)), digests.at(index))
      continue
    }
    const at = group * GROUP_BYTES + places.length * STRIDE
    copy(own.memory, at, bytes, from, to - from)
    pad(own.memory, at, to - from)
    places.push(index)
    if (places.length === LANES) flush(own, group, places, digests)
  }
  if (own === undefined) return
  for (const [group, places] of waiting.entries()) if (places.length > 0) flush(own, group, places, digests)
}

/** Lanes without a message hash what lies there. */
function flush({ memory, hash }: Lanes, group: number, places: number[], digests: Digests): void {
  hash(group * GROUP_BYTES, STRIDE, group + 1, DIGESTS_AT)
  for (let lane = 0; lane < places.length; lane++) {
    const at = digests.at(places[lane] ?? 0)
    copy(digests.bytes, at, memory, DIGESTS_AT + lane * DIGEST_BYTES, DIGEST_BYTES)
  }
  places.length = 0
}

/** The hashes of tag ‖ left ‖ right, where left and right lie behind each other at each of the places. */
export function hashPairs(tag: number, bytes: Uint8Array, places: readonly number[], digests: Digests): void {
  const own = loaded()
  if (own === undefined) return hashPairsSingly(tag, bytes, places, digests)
  const { memory, hash } = own
  for (let first = 0; first < places.length; first += LANES) {
    const count = Math.min(LANES, places.length - first)
    for (let lane = 0; lane < count; lane++) {
      const at = NODES_AT + lane * NODE_STRIDE
      memory[at] = tag
      copy(memory, at + 1, bytes, places[first + lane] ?? 0, 2 * DIGEST_BYTES)
    }
    hash(NODES_AT, NODE_STRIDE, NODE_BLOCKS, DIGESTS_AT)
    for (let lane = 0; lane < count; lane++) {
      const from = DIGESTS_AT + lane * DIGEST_BYTES
      copy(digests.bytes, digests.at(first + lane), memory, from, DIGEST_BYTES)
    }
  }
}

function hashPairsSingly(tag: number, bytes: Uint8Array, places: readonly number[], digests: Digests): void {
  const node = new Uint8Array(NODE_BYTES)
  for (const [index, place] of places.entries()) {
    node[0] = tag
    copy(node, 1, bytes, place, 2 * DIGEST_BYTES)
    digests.bytes.set(sha256(node), digests.at(index))
  }
}
