/**
 * What the RPC layer asks of the node, in domain values; JSON is made in one place (`json.ts`).
 * The composition root implements it over its chains. Reads are synchronous wherever the store's are.
 */
import type { LogLevelName } from '../client/peer-types.ts'
import type { HealthJson, SyncMode, TransactionStatus } from '../client/types.ts'
import type { ReceiptStatus } from '../client/receipt-types.ts'
import type { Block, Header } from '../codec/block.ts'
import type { AtomicRecord, Escrow } from '../codec/atomic.ts'
import type { InLane, OutLane } from '../codec/receipt.ts'
import type { RefusalCode } from '../codec/refusals.ts'
import type { StateProof } from '../codec/state-proof.ts'
import type { Certificate } from '../codec/statement.ts'
import type { Ban, PeerStanding } from '../net/peer-ledger.ts'
import type { Peer, PeerView } from '../net/types.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Refusal } from '../primitives/result.ts'
import type { ConductPort } from './conduct-port.ts'
import type { EpochSnapshot } from '../sharding/types.ts'

/** A user asked for something this node refuses: a `Verdict`'s refusal, with JSON facts where there are some. */
export interface Refused extends Refusal<RefusalCode> {
  readonly facts?: Readonly<Record<string, unknown>>
}
export type Answer<T> = { readonly ok: true; readonly value: T } | Refused

export interface NodeFacts {
  readonly version: string
  readonly network: Uint8Array
  readonly peer: string
  readonly addresses: readonly string[]
  readonly shards: number
  readonly startedAtMs: number
  readonly pid: number
  readonly validator?: {
    readonly key: Uint8Array
    readonly signing: 'listening' | 'active' | 'refused'
    readonly reason?: string
  }
}

export interface SyncFacts {
  readonly chain: ChainId
  readonly mode: SyncMode
  readonly head: number
  readonly final: number
  readonly target: number
  /** What peers state, as far as one liar cannot move it; proves nothing. */
  readonly claimed: number
  readonly blocksPerS: number
  readonly etaMs?: number
  readonly peers: number
  readonly trust: 'genesis' | 'genesis-unvouched' | 'checkpoint'
  /** Chain time since the checkpoint's block. */
  readonly trustAgeMs?: number
  readonly reason?: string
}

export interface HeadFacts {
  readonly epoch: number
  readonly final: { readonly header: Header; readonly hash: Uint8Array }
  /** Newest notarised block. */
  readonly head: { readonly height: number; readonly hash: Uint8Array }
}

export interface ViewFacts {
  readonly epoch: number
  readonly view: number
  readonly leader: Uint8Array
  readonly quorum: number
  readonly votes: { readonly notarise: number; readonly nullify: number; readonly finalise: number }
  readonly timer?: { readonly kind: 'proposal' | 'notarisation'; readonly dueInMs: number }
}

/** Base units of both tokens. */
export interface Tokens {
  readonly consumer: bigint
  readonly industrial: bigint
}

export interface ExecutionFacts {
  /** `ok`, or the code with which the action failed. */
  readonly code: string
  readonly mana: bigint
  readonly fee: Tokens
}

/** One receipt: which lane, and which place in it. */
export interface ReceiptPlace {
  readonly source: ChainId
  readonly destination: ChainId
  readonly sequence: number
}

export interface ReceiptFacts extends ReceiptPlace {
  readonly status: ReceiptStatus
  /** The block of the destination that applied or refused it. */
  readonly place?: BlockPlace
  /** Why it was refused. */
  readonly reason?: string
  /** Sequence of the refund on the reverse lane. */
  readonly refund?: number
}

/** Which receipt of a transaction is to be proven, and from where. */
export interface WantedTransferProof {
  readonly id: Uint8Array
  /** 0: the receipt it emitted; 1: the refund that answered it. */
  readonly hop: number
  /** Height of a coordination block that the reader vouches for, instead of the genesis. */
  readonly checkpoint?: number
}

/** A followed chain's lanes to and from another one. */
export interface LaneFacts {
  readonly other: ChainId
  readonly out: OutLane | undefined
  readonly in: InLane | undefined
}

export interface BlockPlace {
  readonly chain: ChainId
  readonly height: number
  readonly hash: Uint8Array
}

export interface TransactionFacts {
  readonly status: TransactionStatus
  readonly place?: BlockPlace & { readonly index: number }
  readonly result?: ExecutionFacts
  readonly reason?: string
  /** Receipts it emitted. */
  readonly emitted?: readonly ReceiptPlace[]
}

/** An atomic action: the coordinator's record, and what shards hold for it, as of their final states. */
export interface AtomicFacts {
  readonly record: { readonly record: AtomicRecord; readonly asOf: BlockPlace } | undefined
  readonly held: readonly { readonly escrow: Escrow; readonly asOf: BlockPlace }[]
}

export interface AccountFacts extends Tokens {
  readonly exists: boolean
  readonly nonce: bigint
  readonly nextNonce: bigint
  readonly reserved: Tokens
  /** Regenerated up to the state's time. */
  readonly mana: bigint
  /** Number of its next co-signature (ATO-4). */
  readonly nextCosignature: bigint
  readonly asOf: BlockPlace
}

export interface AccountProofFacts {
  readonly chain: ChainId
  readonly key: Uint8Array
  /** Undefined: the proof shows absence. */
  readonly value?: Uint8Array
  /** Against the header's state root. */
  readonly proof: StateProof
  readonly header: Header
  readonly hash: Uint8Array
  readonly certificate: Certificate
}

export interface PoolFacts {
  readonly transactions: number
  readonly bytes: number
  readonly senders: number
  readonly limits: { readonly transactions: number; readonly bytes: number }
  readonly admitted: number
  readonly refusals: ReadonlyMap<string, number>
}

export interface SupplyFacts {
  readonly balances: Tokens
  readonly stake: Tokens
  readonly escrow: Tokens
  /** What records of the coordination chain have locked. */
  readonly deposits: Tokens
  readonly treasury: Tokens
  readonly rewards: Tokens
  readonly reserve: Tokens
  readonly outgoing: Tokens
  readonly incoming: Tokens
  /** Came back and could not be credited to its account. */
  readonly lost: Tokens
  readonly asOf: BlockPlace
}

/** EMI-5, EMI-9: of one validator key on one chain. */
export interface EarnedFacts {
  readonly claim: Tokens
  readonly stake: Tokens
  readonly asOf: BlockPlace
}

/** Calls that change the node itself. */
export interface OperatorPort {
  ban(peer: Peer, reason: string, forMs: number): Ban
  /** @returns whether there was a ban. */
  unban(peer: Peer): boolean
  connect(address: string): Promise<Answer<{ address: string }>>
  /** @returns the level before. */
  logLevel(level: LogLevelName): string
}

export interface NodePort {
  info(): NodeFacts
  sync(): readonly SyncFacts[]
  health(): HealthJson
  /** Peers whose handshake is complete, all or those that follow `chain`. */
  peers(chain?: ChainId): readonly PeerView[]
  /** What is held against a peer, connected or not. */
  standing(peer: Peer): PeerStanding
  /** In force, the longest first. */
  bans(): readonly Ban[]
  readonly operator: OperatorPort
  readonly conduct: ConductPort
  /** Chains this node follows, `coord` first, then shards in order. Methods below are called for these only. */
  chains(): readonly ChainId[]

  head(chain: ChainId): HeadFacts
  /** By height: final blocks. By hash: final, or unfinal and known. */
  block(chain: ChainId, at: number | Uint8Array): Promise<Block | undefined>
  /** Headers of final blocks `from` upwards, at most `limit`, fewer at the end. */
  headers(
    chain: ChainId,
    from: number,
    limit: number
  ): Promise<readonly { header: Header; hash: Uint8Array }[]>
  /** Finality certificate of the final block at `height`, or of the first certified one above it. */
  certificate(
    chain: ChainId,
    height: number
  ): Promise<{ height: number; certificate: Certificate } | undefined>
  view(chain: ChainId): ViewFacts
  /** Leaders of the next `count` views of the running epoch, the current view first. */
  leaders(
    chain: ChainId,
    count: number
  ): { epoch: number; leaders: readonly { view: number; key: Uint8Array }[] }
  /** Epoch snapshot by number, or the one `chain` is in; undefined if not known yet. */
  snapshot(chain: ChainId, epoch?: number): EpochSnapshot | undefined
  /** The genesis file as canonical JSON values. */
  genesis(): Readonly<Record<string, unknown>>

  /** Takes any bytes; stateless check, admission, and relay for chains this node does not follow. */
  submit(bytes: Uint8Array): Promise<Answer<{ id: Uint8Array; relayed: boolean }>>
  simulate(bytes: Uint8Array): Promise<Answer<{ id: Uint8Array; result: ExecutionFacts; asOf: BlockPlace }>>
  transaction(id: Uint8Array): Promise<TransactionFacts>
  account(address: Uint8Array, chain: ChainId): AccountFacts
  /** Undefined: no certified state is held yet (nothing above genesis is final). */
  accountProof(address: Uint8Array, chain: ChainId): Promise<AccountProofFacts | undefined>
  pool(chain: ChainId): PoolFacts
  supply(chain: ChainId): SupplyFacts
  earned(validator: Uint8Array, chain: ChainId): EarnedFacts
  /** R16, for a lane of which this node follows an end. */
  receipt(place: ReceiptPlace): Promise<ReceiptFacts>
  /** A receipt that a transaction emitted and what answered it. */
  hops(place: ReceiptPlace): Promise<readonly ReceiptFacts[]>
  lanes(chain: ChainId): readonly LaneFacts[]
  /** ATO, of the followed chains. */
  atomic(id: Uint8Array): AtomicFacts
  /** PRF-1. */
  transferProof(wanted: WantedTransferProof): Promise<Answer<Uint8Array>>
  /** PRF-8, by a node that follows all chains. */
  supplyProof(checkpoint?: number): Promise<Answer<Uint8Array>>
  /** PRF-9. */
  committeeProof(checkpoint?: number): Answer<Uint8Array>
}
