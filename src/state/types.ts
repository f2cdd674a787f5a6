/** What execution reads besides the state, and what it answers. */
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { MultiTransfer } from '../codec/atomic.ts'
import type { Activation, ClaimOrder, Staking } from '../codec/claims.ts'
import type { DisputeOrder } from '../codec/sanctions.ts'
import type { ExecutionCode, ReceiptCode } from '../codec/refusals.ts'
import type {
  LeaseOf,
  OwnValidator,
  BindNode,
  RegisterReveal,
  RegisterValidator,
  Unstake
} from '../codec/registry-records.ts'
import type { Transaction, Transfer } from '../codec/transaction.ts'
import type { Params } from '../params/params.ts'
import type { EmittedEntry } from './lanes.ts'
import type { StateChanges } from './ports.ts'

/** The facts of a genesis that the stateless check may use (M2). */
export interface GenesisConstants {
  /** Network id, 32 bytes. */
  readonly network: Uint8Array
  readonly shards: number
  readonly payloadBytesMax: number
}

/** The decoded payload of any registered action. */
export type ActionPayload =
  | DisputeOrder
  | Transfer
  | MultiTransfer
  | ClaimOrder
  | Activation
  | Staking
  | RegistryPayload

/** Payloads of the registry's actions on `coord`. */
export type RegistryPayload = RegisterValidator | OwnValidator | Unstake | LeaseOf | RegisterReveal | BindNode

/** A transaction that passed M2 except for its signature: `signedMessage` is what that has to be over. */
export interface CheckedTransaction<P extends ActionPayload = ActionPayload> {
  readonly bytes: Uint8Array
  readonly transaction: Transaction
  readonly payload: P
  /** Address bytes of the sender. */
  readonly sender: Uint8Array
  /** Other chains it sends receipts to. */
  readonly destinations: readonly ChainId[]
  readonly id: Uint8Array
  readonly wireHash: Uint8Array
  /** The wire hash in hex: what pools and caches look it up by, written out once. */
  readonly key: Hex
  readonly signedMessage: Uint8Array
}

/** The block a transaction is executed in. `params` are those of the block's epoch. */
export interface BlockContext {
  readonly network: Uint8Array
  readonly chain: ChainId
  readonly shards: number
  readonly height: number
  /** The block's own. */
  readonly epoch: number
  readonly timeMs: number
  /** Validator key of the proposer, 32 bytes. */
  readonly proposer: Uint8Array
  readonly params: Params
}

/** Amounts in base units of both tokens. */
export interface Amounts {
  readonly consumer: bigint
  readonly industrial: bigint
}

/** What an included transaction did. It paid its fee and mana also when it failed (M9). */
export interface TransactionResult {
  readonly id: Uint8Array
  /** undefined: the action was applied. */
  readonly failure: ExecutionCode | undefined
  readonly mana: bigint
  readonly fee: Amounts
  /** Receipts it emitted, in order. */
  readonly emitted: readonly ReceiptPlace[]
}

/** A receipt of a lane that begins here. */
export interface ReceiptPlace {
  readonly destination: ChainId
  readonly sequence: number
}

/** What became of a receipt. */
export interface ReceiptResult {
  readonly source: ChainId
  readonly sequence: number
  /** undefined: applied. */
  readonly refusal: ReceiptCode | undefined
  /** Sequence on the reverse lane of the refund it caused. */
  readonly refund: number | undefined
}

export interface Execution {
  readonly changes: StateChanges
  readonly results: readonly TransactionResult[]
  /** What became of the receipts that the block delivered, in order. */
  readonly received: readonly ReceiptResult[]
  /** New outbox entries. */
  readonly emitted: readonly EmittedEntry[]
}
