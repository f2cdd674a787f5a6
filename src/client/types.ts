/**
 * The results of the RPC methods, once: the server builds them, the client hands them out.
 * Conventions (protocols/rpc.md): bytes and hashes are lower-case hex, token amounts decimal strings in base units,
 * heights, views, nonces, mana, counts and Unix milliseconds JSON integers, a chain is `"coord"` or a shard's number.
 */
import type { ValidatorMethods, ValidatorsEvent } from './validator-types.ts'
import type { BanJson, LogLevelName, PeerStandingJson } from './peer-types.ts'
import type { AsOf, ChainJson, Place } from './place-types.ts'
import type { AtomicAnswerJson, AtomicMethods } from './atomic-types.ts'
import type { ReceiptJson, ReceiptMethods } from './receipt-types.ts'

export type { AsOf, ChainJson, Place } from './place-types.ts'

export interface BlockId {
  readonly height: number
  readonly hash: string
}

export interface NodeInfo {
  readonly version: string
  readonly network: string
  readonly peer: string
  readonly role: 'validator' | 'follower'
  readonly addresses: readonly string[]
  readonly shards: number
  readonly follows: readonly ChainJson[]
  readonly startedAtMs: number
  readonly pid: number
  /** Present on a validator. `refused`: it follows but signs nothing, `reason` says why. */
  readonly validator?: {
    readonly key: string
    readonly signing: 'listening' | 'active' | 'refused'
    readonly reason: string | null
  }
}

export type SyncMode = 'live' | 'headers' | 'bodies' | 'snapshot' | 'follow' | 'stalled'
export interface ChainSync {
  readonly chain: ChainJson
  readonly mode: SyncMode
  readonly head: number
  readonly final: number
  /** Highest height that a verified certificate proves. */
  readonly target: number
  /** Height to be reached by what peers state; proves nothing, and etaMs is reckoned to it. */
  readonly claimed: number
  readonly blocksPerS: number
  readonly etaMs: number | null
  readonly peers: number
  /**
   * Where trust in this chain's history begins. `genesis-unvouched`: it was synchronised across more epochs than false
   * signatures can be punished for, and no checkpoint says that it is the right one.
   */
  readonly trust: 'genesis' | 'genesis-unvouched' | 'checkpoint'
  /** Chain time since the checkpoint's block, once that is held. */
  readonly trustAgeMs: number | null
  readonly reason: string | null
}
export interface NodeSync {
  readonly chains: readonly ChainSync[]
}

export interface PeerEntry {
  readonly peer: string
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  readonly agent: string
  readonly score: number
  readonly role: 'validator' | 'follower'
  readonly chains: readonly { readonly chain: ChainJson; readonly epoch: number; readonly final: BlockId }[]
}
export interface NodePeers {
  readonly peers: readonly PeerEntry[]
  readonly bans: readonly BanJson[]
}

export interface ChainEntry {
  readonly chain: ChainJson
  readonly follows: boolean
  /** Present for followed chains. */
  readonly epoch?: number
  readonly final?: BlockId
}
export interface ChainList {
  readonly chains: readonly ChainEntry[]
}

export interface HeaderJson {
  readonly version: number
  readonly network: string
  readonly chain: ChainJson
  readonly epoch: number
  readonly height: number
  readonly view: number
  readonly timeMs: number
  readonly parent: string
  readonly coordHeight: number
  readonly coordHash: string
  readonly transactionsRoot: string
  readonly transactionCount: number
  readonly bodyBytes: number
  readonly bodyHash: string
  readonly deliveriesRoot: string
  readonly receiptsOutRoot: string
  readonly attendanceRoot: string
  readonly stateRoot: string
  readonly reward: { readonly consumer: string; readonly industrial: string }
  readonly proposer: string
}
export interface BlockSummary {
  readonly hash: string
  readonly header: HeaderJson
}
export interface ChainHead extends AsOf {
  readonly chain: ChainJson
  readonly epoch: number
  readonly final: BlockSummary
  /** Newest notarised block; the final one if nothing lies above it. */
  readonly head: BlockId
}
export interface BlockJson extends BlockSummary, AsOf {
  readonly final: boolean
  /** Transaction ids in block order. */
  readonly transactions: readonly string[]
  /** Canonical bytes, if asked for. */
  readonly raw?: { readonly header: string; readonly body: string }
}
export interface ChainBlocks extends AsOf {
  readonly chain: ChainJson
  readonly blocks: readonly BlockSummary[]
}
export interface CertificateJson {
  readonly chain: ChainJson
  readonly epoch: number
  readonly view: number
  readonly kind: 'notarise' | 'nullify' | 'finalise'
  readonly hash: string
  /** Places in the epoch's committee, in key order. */
  readonly signers: readonly number[]
  readonly signatures: readonly string[]
  /** Canonical bytes. */
  readonly raw: string
}
export interface ChainCertificate extends AsOf {
  /** Height of the block the certificate names: the one asked for, or the first certified one above it. */
  readonly height: number
  readonly certificate: CertificateJson
}
export interface ChainView extends AsOf {
  readonly chain: ChainJson
  readonly epoch: number
  readonly view: number
  readonly leader: string
  readonly quorum: number
  /** Signers seen in this view, per kind. */
  readonly votes: { readonly notarise: number; readonly nullify: number; readonly finalise: number }
  /** The timer that fires next, and in how many milliseconds. */
  readonly timer: { readonly kind: 'proposal' | 'notarisation'; readonly dueInMs: number } | null
}
export interface ChainLeaders {
  readonly chain: ChainJson
  readonly epoch: number
  readonly leaders: readonly { readonly view: number; readonly validator: string }[]
}

export interface CommitteeJson {
  readonly chain: ChainJson
  readonly epoch: number
  readonly n: number
  readonly quorum: number
  readonly f: number
  /** Cooperatives that every quorum spans at least. */
  readonly k: number
  readonly diversity: 'full' | 'degraded'
  /** How quorum, f and k follow. */
  readonly why: readonly string[]
  readonly validators: readonly {
    readonly index: number
    readonly validator: string
    readonly cooperative: number
    readonly weight: number
  }[]
}
export interface EpochJson extends CommitteeJson {
  readonly seed: string
  /** Coordination heights of the epoch, and the one at which the next epoch is frozen. */
  readonly coordHeights: { readonly first: number; readonly last: number; readonly freeze: number }
}
export interface ParamsJson {
  readonly epoch: number
  readonly params: Readonly<Record<string, number>>
}
export interface GenesisJson {
  readonly network: string
  /** The genesis file, canonical values. */
  readonly genesis: Readonly<Record<string, unknown>>
}

export interface Submitted {
  readonly id: string
  /** The transaction left this node: handed to a peer, or announced to at least one. */
  readonly relayed: boolean
}
export interface Executed {
  /** `ok`, or the code with which the action failed (fee and mana are paid all the same). */
  readonly code: string
  readonly mana: number
  readonly fee: { readonly consumer: string; readonly industrial: string }
}
export interface Simulated extends AsOf {
  readonly id: string
  readonly result: Executed
}
export type TransactionStatus = 'pending' | 'included' | 'final' | 'expired' | 'dropped' | 'unknown'
export interface TransactionJson {
  readonly id: string
  readonly status: TransactionStatus
  /** Where it stands: present when included or final. */
  readonly place?: Place & { readonly index: number }
  readonly result?: Executed
  /** Why it was dropped. */
  readonly reason?: string
  /** The receipts it caused, in order, refunds behind what they answer. */
  readonly hops: readonly ReceiptJson[]
}

export interface AccountJson extends AsOf {
  readonly address: string
  readonly chain: ChainJson
  readonly exists: boolean
  readonly nonce: number
  /** First nonce that neither the state nor the pool has used. */
  readonly nextNonce: number
  readonly consumer: string
  readonly industrial: string
  /** Amounts and fees of pending transactions. */
  readonly reserved: { readonly consumer: string; readonly industrial: string }
  readonly mana: number
  /** Number of its next consent to somebody else's atomic action. */
  readonly nextCosignature: number
}
export interface AccountProof extends AsOf {
  readonly address: string
  readonly chain: ChainJson
  readonly exists: boolean
  /** State key and, if the account exists, its stored value. */
  readonly key: string
  readonly value: string | null
  /** Against `header.stateRoot` (protocols/state.md): hashes beside the path, from the root downwards. */
  readonly proof: {
    readonly siblings: readonly string[]
    /** Absence only: the other key's leaf in which the path ends; empty if it ends in nothing. */
    readonly other: readonly { readonly path: string; readonly valueHash: string }[]
  }
  readonly header: HeaderJson
  readonly certificate: CertificateJson
}
export interface MempoolStatus {
  readonly chain: ChainJson
  readonly transactions: number
  readonly bytes: number
  readonly senders: number
  readonly limits: { readonly transactions: number; readonly bytes: number }
  /** Since start: admitted, and refused by code. */
  readonly admitted: number
  readonly refusals: Readonly<Record<string, number>>
}

/** Where one token of one chain lies, decimal strings. Summed over all chains they are constant. */
export const SUPPLY_PARTS = [
  'balances',
  'stake',
  'escrow',
  'deposits',
  'treasury',
  'rewards',
  'reserve',
  'lost',
  /** Sent to and received from other chains, ever: supply is the rest and `outgoing`, less `incoming`. */
  'outgoing',
  'incoming'
] as const
export type SupplyPart = (typeof SUPPLY_PARTS)[number]
export type SupplyJson = { readonly [part in SupplyPart]: string }
export interface ChainSupply extends AsOf {
  readonly chain: ChainJson
  readonly consumer: SupplyJson
  readonly industrial: SupplyJson
}
export interface SupplyAnswer {
  readonly chains: readonly ChainSupply[]
}

/** Every method: its parameters (by name) and its result. */
export interface Methods extends AtomicMethods, ReceiptMethods, ValidatorMethods {
  node_info: { params: object; result: NodeInfo }
  node_sync: { params: object; result: NodeSync }
  node_peers: { params: { chain?: ChainJson }; result: NodePeers }
  peer_get: { params: { peer: string }; result: PeerStandingJson }
  admin_ban: { params: { peer: string; minutes?: number; reason?: string }; result: BanJson }
  admin_unban: { params: { peer: string }; result: { peer: string; wasBanned: boolean } }
  admin_bans: { params: object; result: { bans: readonly BanJson[] } }
  admin_connect: { params: { address: string }; result: { address: string } }
  admin_log_level: { params: { level: LogLevelName }; result: { level: LogLevelName; was: string } }
  chain_list: { params: object; result: ChainList }
  chain_head: { params: { chain: ChainJson }; result: ChainHead }
  chain_block: {
    params: { chain: ChainJson; height?: number; hash?: string; raw?: boolean }
    result: BlockJson
  }
  chain_blocks: { params: { chain: ChainJson; from: number; limit: number }; result: ChainBlocks }
  chain_certificate: { params: { chain: ChainJson; height: number }; result: ChainCertificate }
  chain_view: { params: { chain: ChainJson }; result: ChainView }
  chain_leaders: { params: { chain: ChainJson; count: number }; result: ChainLeaders }
  epoch_get: { params: { chain: ChainJson; epoch?: number }; result: EpochJson }
  params_get: { params: { epoch?: number }; result: ParamsJson }
  genesis_get: { params: object; result: GenesisJson }
  tx_submit: { params: { tx: string }; result: Submitted }
  tx_simulate: { params: { tx: string }; result: Simulated }
  tx_get: { params: { id: string }; result: TransactionJson }
  account_get: { params: { address: string; chain?: ChainJson }; result: AccountJson }
  account_proof: { params: { address: string }; result: AccountProof }
  mempool_status: { params: { chain: ChainJson }; result: MempoolStatus }
  supply_get: { params: { chain?: ChainJson }; result: SupplyAnswer }
  validator_list: { params: { chain: ChainJson; epoch?: number }; result: CommitteeJson }
}
export type MethodName = keyof Methods

/** A final block of a chain; or a range that the node does not hold, after which its newest final block follows. */
export type FinalEvent =
  | { readonly chain: ChainJson; readonly block: BlockSummary; readonly missed?: never }
  | {
      readonly chain: ChainJson
      readonly missed: { readonly from: number; readonly to: number }
      readonly block?: never
    }
/** Topics of `subscribe` (WebSocket): parameters beside `topic`, and what is published. */
export interface Topics {
  final: { params: { chain?: ChainJson; fromHeight?: number }; event: FinalEvent }
  sync: { params: object; event: NodeSync }
  validators: { params: object; event: ValidatorsEvent }
  transaction: { params: { id: string }; event: TransactionJson }
  atomic: { params: { id: string }; event: AtomicAnswerJson }
}
export type TopicName = keyof Topics
export type TopicEvent = Topics[TopicName]['event']
export interface Subscribed {
  readonly subscription: string
  readonly topic: TopicName
  /** Topic `final`: the first height that is published, per chain. */
  readonly from: readonly { readonly chain: ChainJson; readonly height: number }[]
}
export interface Unsubscribed {
  readonly subscription: string
}
/** A JSON-RPC notification of a subscription. `sequence` counts from 0 without gaps. */
export interface SubscriptionNotification {
  readonly jsonrpc: '2.0'
  readonly method: 'subscription'
  readonly params: {
    readonly subscription: string
    readonly topic: TopicName
    readonly sequence: number
    readonly event: TopicEvent
  }
}

/** `data` of a refusal (JSON-RPC error −32000). Numbers are never reused (protocols/limits.md). */
export interface RefusalFacts {
  readonly code: string
  readonly number: number
  readonly [fact: string]: unknown
}

export interface RpcErrorJson {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** Body of GET /health; 503 when `ok` is false. */
export interface HealthJson {
  readonly ok: boolean
  readonly parts: Readonly<Record<string, 'ok' | 'failed'>>
  readonly chains: readonly {
    readonly chain: ChainJson
    readonly ok: boolean
    readonly mode: SyncMode
    readonly final: number
  }[]
  readonly reasons: readonly string[]
}
