/**
 * What is deleted with a block that is no longer kept: all rows that it left, but for those that outlive every block
 * (boundaries with their certificates, epoch snapshots and their proofs) and the state, which is that of the tip.
 */
import { BodyType } from '../codec/block.ts'
import { decodeResults } from '../codec/results.ts'
import { TransactionType, transactionId } from '../codec/transaction.ts'
import { CHAIN_BUCKETS as B, bucketKey, decodeStored } from './buckets.ts'
import { heightKey } from './chain-writes.ts'
import type { Write } from './ports.ts'
import { receivedKeys } from './received.ts'

export interface KeptBlocks {
  readonly network: Uint8Array
  hashAt(height: number): Uint8Array | undefined
  body(height: number): Uint8Array | undefined
  results(height: number): Uint8Array | undefined
}

export interface DroppedRows {
  readonly writes: Write[]
  /** About so many bytes of the database, before it packs them. */
  readonly bytes: number
}

/** Header, its index and certificate; the results of one transaction and its index. */
const BLOCK_BYTES = 900
const TRANSACTION_BYTES = 110

const del = (key: Uint8Array): Write => ({ type: 'del', key })

/** Of the heights `from` … `to` − 1. */
export function dropRows(kept: KeptBlocks, from: number, to: number): DroppedRows {
  const writes: Write[] = []
  let bytes = 0
  for (let height = from; height < to; height++) {
    for (const of of [B.header, B.body, B.results, B.certificate]) writes.push(del(heightKey(of, height)))
    const hash = kept.hashAt(height)
    if (hash !== undefined) writes.push(del(bucketKey(B.heightOfHash, hash)))
    const results = kept.results(height)
    // Genesis did nothing and has an empty row.
    if (results !== undefined && results.length > 0)
      writes.push(...receivedKeys(decodeResults(results).received).map(del))
    const body = kept.body(height)
    bytes += BLOCK_BYTES
    if (body === undefined) continue
    const { transactions } = decodeStored(BodyType, body, B.body, heightKey(B.body, height))
    for (const transaction of transactions) {
      const id = transactionId(kept.network, TransactionType.deserialize(transaction))
      writes.push(del(bucketKey(B.transaction, id)))
    }
    bytes += body.length + TRANSACTION_BYTES * transactions.length
  }
  return { writes, bytes }
}
