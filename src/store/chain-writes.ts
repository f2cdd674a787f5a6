/** The rows that final blocks leave in a chain's database; `ChainStore` decides when, and adds the marks. */
import { bytesOfHex, concat, equal, u64be, writeU64be } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { assert, must } from '../primitives/errors.ts'
import { HeaderType } from '../codec/block.ts'
import type { Block, Header } from '../codec/block.ts'
import { CertifiedHeaderType } from '../codec/messages.ts'
import { EpochProofType, PROOF_HEADERS_MAX } from '../codec/state-snapshot.ts'
import type { EpochProof } from '../codec/state-snapshot.ts'
import { CertificateType } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { isInPage } from '../state/leaf-page.ts'
import type { StateChanges } from '../state/ports.ts'
import type { ReceiptResult } from '../state/types.ts'
import { CHAIN_BUCKETS as B, bucketKey } from './buckets.ts'
import type { Bucket } from './buckets.ts'
import type { Write } from './ports.ts'
import { receivedWrites } from './received.ts'

/** Frozen epoch snapshots that became known with a coordination block: epoch, bytes, and what proves them (C32). */
export type SnapshotRecord = readonly [epoch: number, bytes: Uint8Array, records?: EpochProof['records']]

export interface FinalBlock {
  readonly block: Block
  readonly changes: StateChanges
  /** Present if this very block has one; ancestors of it become final without. */
  readonly certificate?: Certificate
  readonly results: Uint8Array
  /** In block order. */
  readonly transactionIds: readonly Uint8Array[]
  readonly snapshots?: readonly SnapshotRecord[]
  /** What became of the receipts it delivered. @default none */
  readonly received?: readonly ReceiptResult[]
  /** C6: the last block of its epoch; needs its certificate, which is then kept for ever. */
  readonly boundary?: boolean
}

/** A block below the oldest one held; a certificate was verified. */
export interface HistoricalBlock extends Pick<Block, 'header' | 'hash' | 'bodyBytes'> {
  readonly certificate?: Certificate
}

export const heightKey = (of: Bucket, height: number): Uint8Array => bucketKey(of, u64be(height))

/** A path is a string of nibbles, often of odd length: its key is the text. */
export function pageKey(path: Hex): Uint8Array {
  const key = new Uint8Array(1 + path.length)
  key[0] = B.page.prefix
  for (let at = 0; at < path.length; at++) key[1 + at] = path.charCodeAt(at)
  return key
}

/** Of a value that stands in no page. */
function stateRowKey(key: Hex): Uint8Array {
  const row = bytesOfHex(key, 1)
  row[0] = B.state.prefix
  return row
}

export const put = (key: Uint8Array, value: Uint8Array): Write => ({ type: 'put', key, value })

export const change = (key: Uint8Array, value: Uint8Array | undefined): Write =>
  value === undefined ? { type: 'del', key } : { type: 'put', key, value }

/** Everything a block leaves behind but the state and the final mark. */
export function blockWrites(item: FinalBlock): Write[] {
  const { block, certificate } = item
  const { header, hash } = block
  const { height } = header
  const writes = [
    put(heightKey(B.header, height), concat(hash, HeaderType.serialize(header))),
    put(heightKey(B.body, height), block.bodyBytes),
    put(bucketKey(B.heightOfHash, hash), u64be(height)),
    put(heightKey(B.results, height), item.results)
  ]
  if (certificate !== undefined) {
    writes.push(put(heightKey(B.certificate, height), CertificateType.serialize(certificate)))
    if (item.boundary === true) {
      writes.push(
        put(heightKey(B.boundary, header.epoch), CertifiedHeaderType.serialize({ header, certificate }))
      )
    }
  }
  writes.push(...receivedWrites(item.received ?? [], height))
  item.transactionIds.forEach((id, index) => {
    const place = new Uint8Array(16)
    writeU64be(place, 0, height)
    writeU64be(place, 8, index)
    writes.push(put(bucketKey(B.transaction, id), place))
  })
  for (const [epoch, bytes] of item.snapshots ?? []) writes.push(put(heightKey(B.snapshot, epoch), bytes))
  return writes
}

/** Of consecutive blocks as one: later blocks win. */
export function mergedChanges(changes: readonly StateChanges[]): StateChanges {
  const last = must(changes.at(-1), 'a commit has a block')
  if (changes.length === 1) return last
  const values = new Map<Hex, Uint8Array | undefined>()
  const pages = new Map<Hex, Uint8Array | undefined>()
  for (const change of changes) {
    for (const [key, value] of change.values) values.set(key, value)
    for (const [path, page] of change.pages) pages.set(path, page)
  }
  return { values, pages, root: last.root }
}

/** The state after the last block of a commit: what later blocks change again is written once. */
export function stateWrites({ values, pages }: StateChanges): Write[] {
  const writes: Write[] = []
  values.forEach((value, key) => {
    if (!isInPage(Number.parseInt(key.slice(0, 2), 16))) writes.push(change(stateRowKey(key), value))
  })
  pages.forEach((page, path) => writes.push(change(pageKey(path), page)))
  return writes
}

/**
 * C32: what proves an epoch snapshot: its records, and the headers from its freeze height to the first certified block,
 * which mostly is in the same commit.
 */
export class EpochProofs {
  #waiting: { readonly epoch: number; readonly records: EpochProof['records']; headers: Header[] }[] = []

  /** Blocks in height order. @returns the rows of proofs that these blocks complete */
  add({ block: { header }, snapshots = [], certificate }: FinalBlock): Write[] {
    for (const [epoch, , records] of snapshots) {
      if (records !== undefined) this.#waiting.push({ epoch, records, headers: [] })
    }
    for (const { headers } of this.#waiting) headers.push(header)
    if (certificate === undefined) return []
    const proven = this.#waiting.filter(({ headers }) => headers.length <= PROOF_HEADERS_MAX)
    this.#waiting = []
    return proven.map(({ epoch, records, headers }) =>
      put(heightKey(B.epochProof, epoch), EpochProofType.serialize({ headers, certificate, records }))
    )
  }
}

/** Blocks downwards from the parent of `child`. */
export function historyWrites(blocks: readonly HistoricalBlock[], child: Header): Write[] {
  const writes: Write[] = []
  let above = child
  for (const { header, hash, bodyBytes, certificate } of blocks) {
    assert(header.height === above.height - 1 && equal(hash, above.parent), 'history is linked downwards')
    writes.push(
      put(heightKey(B.header, header.height), concat(hash, HeaderType.serialize(header))),
      put(heightKey(B.body, header.height), bodyBytes),
      put(bucketKey(B.heightOfHash, hash), u64be(header.height))
    )
    if (certificate !== undefined) {
      writes.push(put(heightKey(B.certificate, header.height), CertificateType.serialize(certificate)))
    }
    above = header
  }
  return writes
}
