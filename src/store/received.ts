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

export function receivedWrites(received: readonly ReceiptResult[], height: number): Write[] {
  return [...Map.groupBy(received, (one) => one.source)].map(([source, results]) => ({
    type: 'put',
    key: receivedRow(source, results[0]?.sequence ?? 0),
    value: concat(u64be(height), u64be(results.length))
  }))
}
