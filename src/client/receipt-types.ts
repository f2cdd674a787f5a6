/** The results of the RPC methods about receipts and lanes (protocols/receipts.md, R16). */
import type { AsOf, ChainJson, Place } from './types.ts'

/** `unseen`: this node does not follow the chains that could tell. */
export type ReceiptStatus = 'provable' | 'delivered' | 'refused' | 'acknowledged' | 'unknown' | 'unseen'
export interface ReceiptJson {
  readonly source: ChainJson
  readonly destination: ChainJson
  readonly sequence: number
  readonly status: ReceiptStatus
  /** The block of the destination that applied or refused it. */
  readonly place?: Place
  readonly reason?: string
  /** Sequence of the refund on the lane back. */
  readonly refund?: number
}
export interface LaneJson {
  readonly other: ChainJson
  /** What this chain sent: sequences, and how many the other one still has to acknowledge. */
  readonly out?: {
    readonly next: number
    readonly acknowledged: number
    readonly bytes: number
    readonly consumer: string
    readonly industrial: string
  }
  /** What it received. */
  readonly in?: {
    readonly cursor: number
    readonly refunds: number
    readonly consumer: string
    readonly industrial: string
  }
}
export interface LaneList extends AsOf {
  readonly chain: ChainJson
  readonly lanes: readonly LaneJson[]
}

/** Methods of this page, by name. */
export interface ReceiptMethods {
  receipt_status: {
    params: { source: ChainJson; destination: ChainJson; sequence: number }
    result: ReceiptJson
  }
  lane_list: { params: { chain: ChainJson }; result: LaneList }
}
