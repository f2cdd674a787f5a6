/** The results of the RPC methods about receipts and lanes (protocols/receipts.md, R16). */
import type { AsOf, ChainJson, Place } from './place-types.ts'

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

/** What a proof shows, in the JSON of the RPC methods. */
export interface ProvenTransfer {
  readonly transaction: string
  /** `refund`: what brought a refused receipt back. */
  readonly kind: 'value' | 'call' | 'refund' | 'activation' | 'system' | 'unknown'
  readonly sender: string
  readonly receiver: string
  readonly consumer: string
  readonly industrial: string
  readonly source: { readonly chain: ChainJson; readonly height: number; readonly sequence: number }
  readonly destination: {
    readonly chain: ChainJson
    readonly height: number
    readonly hash: string
    readonly timeMs: number
  }
  /** `lost`: a refund that its account could not take. */
  readonly outcome: 'credited' | 'refused' | 'lost'
  readonly reason?: string
}

/** PRF-1: for `verifyTransferProof`; whoever reads `transfer` instead believes the node. */
export interface TransferProofJson {
  readonly id: string
  /** SSZ of a TransferProof, hex. */
  readonly proof: string
  readonly transfer: ProvenTransfer
}

/** PRF-8: for `verifySupplyProof`. */
export interface SupplyProofJson {
  /** SSZ of a SupplyProof, hex. */
  readonly proof: string
}

/** What a validator's key can claim on a chain, decimal strings. */
export interface ClaimJson {
  readonly chain: ChainJson
  readonly consumer: string
  readonly industrial: string
  readonly asOf: Place
}

export interface ClaimList {
  readonly validator: string
  readonly claims: readonly ClaimJson[]
  readonly stake: { readonly consumer: string; readonly industrial: string }
}

/** Methods of this page, by name. */
export interface ReceiptMethods {
  receipt_status: {
    params: { source: ChainJson; destination: ChainJson; sequence: number }
    result: ReceiptJson
  }
  tx_proof: { params: { id: string; hop?: number; checkpoint?: number }; result: TransferProofJson }
  supply_proof: { params: { checkpoint?: number }; result: SupplyProofJson }
  claim_list: { params: { validator: string }; result: ClaimList }
  lane_list: { params: { chain: ChainJson }; result: LaneList }
}
