/**
 * Every key prefix of every database, in one list; docs/storage.md shows the same list and a test compares them.
 * A key is one byte of bucket followed by the parts named in `key`, all of fixed width and big-endian, so that the
 * order of bytes is the order of heights, epochs and views. A prefix is never given a second meaning.
 */
import { copyBytes, toHex } from '../primitives/bytes.ts'
import { decode } from '../codec/ssz.ts'
import type { Type } from '../codec/ssz.ts'
import { StoreError } from './errors.ts'
import type { Range } from './ports.ts'

export interface Bucket {
  readonly name: string
  readonly prefix: number
  readonly key: string
  readonly value: string
}

const bucket = (prefix: number, name: string, key: string, value: string): Bucket => ({
  prefix,
  name,
  key,
  value
})

/** One database per chain. */
export const CHAIN_BUCKETS = {
  meta: bucket(
    0x00,
    'meta',
    'ASCII name: identity, final, earliest',
    'identity: schema, network, chain; final: the final mark; earliest: height (8) of the oldest block, 0 if absent'
  ),
  header: bucket(0x01, 'header', 'height (8)', 'block hash (32) ‖ header'),
  body: bucket(0x02, 'body', 'height (8)', 'body bytes as they were hashed'),
  certificate: bucket(0x03, 'certificate', 'height (8)', 'finality certificate of exactly this block'),
  heightOfHash: bucket(0x04, 'heightOfHash', 'block hash (32)', 'height (8)'),
  transaction: bucket(0x05, 'transaction', 'transaction id (32)', 'height (8) ‖ index in the block (8)'),
  results: bucket(0x06, 'results', 'height (8)', 'results of the block’s transactions'),
  state: bucket(0x07, 'state', 'state key, not of an account', 'flat value at the final height'),
  page: bucket(0x08, 'page', 'path id', 'page of the state tree at the final height, accounts included'),
  snapshot: bucket(0x09, 'snapshot', 'epoch (8)', 'epoch snapshot; coord only, never dropped'),
  boundary: bucket(
    0x0a,
    'boundary',
    'epoch (8)',
    'header and finality certificate of the boundary block, never dropped'
  ),
  epochProof: bucket(
    0x0b,
    'epochProof',
    'epoch (8)',
    'what the epoch snapshot was computed from, proven by a certified header; coord only, never dropped'
  ),
  manifest: bucket(0x0c, 'manifest', 'height (8)', 'manifest of a complete state snapshot'),
  chunk: bucket(
    0x0d,
    'chunk',
    'height (8) ‖ index (8)',
    'chunk of a state snapshot; behind the last one the body of its block'
  ),
  staged: bucket(
    0x0e,
    'staged',
    '3: the manifest; 2: the body',
    'an import under way, as long as there is no identity'
  ),
  received: bucket(
    0x10,
    'received',
    'source (2) ‖ first sequence (8)',
    'height (8) ‖ count (8) of the receipts delivered there'
  )
} as const

/** One database per node. */
export const NODE_BUCKETS = {
  meta: bucket(0x00, 'meta', 'ASCII name: identity', 'schema, network'),
  guard: bucket(
    0x01,
    'guard',
    'validator key (32) ‖ 0: identity; ‖ 1 ‖ chain (2): bounds; ‖ 2 ‖ chain (2) ‖ view (8) ‖ kind (1): statement',
    'identity: guard id, first epoch, halt reason; bounds: epoch, floor; statement: epoch, view, kind, hash'
  ),
  journal: bucket(
    0x02,
    'journal',
    'chain (2) ‖ epoch (8) ‖ view (8) ‖ kind (1) ‖ kind of statement (1) or block hash (32) or nothing',
    'kind 1 block: header and body; 2 proposal; 3 certificate; 4 own vote'
  ),
  localTransaction: bucket(
    0x03,
    'localTransaction',
    'chain (2) ‖ transaction id (32)',
    'transaction as it travels'
  ),
  peer: bucket(
    0x04,
    'peer',
    'kind (1) ‖ peer id',
    'kind 1: what is known of the peer (StoredPeer); kind 2: ban: until (Unix ms, 8), bans so far (1), reason ' +
      '(UTF-8, at most 256). At most 1,024 rows of each kind'
  ),
  evidence: bucket(
    0x05,
    'evidence',
    'offence id (32)',
    'evidence that no state is known to hold; at most 512 rows'
  )
} as const

export function bucketKey(of: Bucket, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 1
  for (const part of parts) length += part.length
  const key = new Uint8Array(length)
  key[0] = of.prefix
  let at = 1
  for (const part of parts) {
    copyBytes(key, at, part)
    at += part.length
  }
  return key
}

/** All keys of a bucket that begin with `parts`. */
export function bucketRange(of: Bucket, ...parts: readonly Uint8Array[]): Range {
  const gte = bucketKey(of, ...parts)
  const lt = Uint8Array.from(gte)
  // The successor of a prefix: trailing 0xff bytes carry. Prefixes stay below 0xff, so the carry always stops.
  let last = lt.length - 1
  while (lt[last] === 0xff) last--
  lt[last] = (lt[last] ?? 0) + 1
  return { gte, lt: lt.subarray(0, last + 1) }
}

export const corrupt = (of: Bucket, key: Uint8Array): StoreError =>
  new StoreError({ code: 'STORE_CORRUPT', bucket: of.name, key: toHex(key) })

/** @throws StoreError STORE_CORRUPT when the bytes are not the canonical form of a value. */
export function decodeStored<T>(type: Type<T>, bytes: Uint8Array, of: Bucket, key: Uint8Array): T {
  const decoded = decode(type, bytes)
  if (!decoded.ok) throw corrupt(of, key)
  return decoded.value
}
