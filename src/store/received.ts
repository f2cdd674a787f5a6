/** At which height the receipts of other chains were delivered (R16): one row for those of one source in one block. */
import { concat, u16be, u64be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { ReceiptResult } from '../state/types.ts'
import { CHAIN_BUCKETS as B, bucketKey } from './buckets.ts'
import type { Range, Write } from './ports.ts'

const receivedRow = (source: ChainId, first: number): Uint8Array =>
  bucketKey(B.received, u16be(source), u64be(first))

/** The newest delivery of a lane at or below a sequence. */
export const receivedRange = (source: ChainId, sequence: number): Range => ({
  gte: receivedRow(source, 0),
  lt: receivedRow(source, sequence + 1),
  reverse: true,
  limit: 1
})

type Received = Pick<ReceiptResult, 'source' | 'sequence'>

function runsOf(received: readonly Received[]): { readonly key: Uint8Array; readonly count: number }[] {
  return [...Map.groupBy(received, (one) => one.source)].map(([source, results]) => ({
    key: receivedRow(source, results[0]?.sequence ?? 0),
    count: results.length
  }))
}

export const receivedWrites = (received: readonly Received[], height: number): Write[] =>
  runsOf(received).map(({ key, count }) => ({
    type: 'put',
    key,
    value: concat(u64be(height), u64be(count))
  }))

/** Of the rows that a block with these results left. */
export const receivedKeys = (received: readonly Received[]): Uint8Array[] =>
  runsOf(received).map(({ key }) => key)
