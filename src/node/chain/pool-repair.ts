/**
 * Repair of transactions that gossip lost (M5, POOL-8): peers tell each other the best-paying ones they hold, and give
 * what the other lacks. A transaction that was seen here before, admitted or not, is not asked for again.
 */
import { concat, fromHex, toHex } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_TRANSACTIONS_MAX,
  BundleType,
  DIGEST_HASHES_MAX,
  FRAME_DIGEST,
  FRAME_WANT,
  PoolDigestType,
  PoolWantType
} from '../../codec/messages.ts'
import { OFFSET_BYTES, decode } from '../../codec/ssz.ts'
import type { Pool } from '../../mempool/pool.ts'
import type { VerifiedCache } from '../../mempool/verified-cache.ts'
import type { Network, Peer } from '../../net/types.ts'
import type { Clock } from '../ports.ts'

export interface PoolRepairComponents {
  readonly network: Network
  readonly clock: Clock
  readonly pool: Pool
  /** Wire hashes that were seen and verified here. */
  readonly verified: VerifiedCache
}

const DIGEST_INTERVAL_MS = 30_000
/** A want of one peer is served at most this often; peers that ask faster are not answered. */
const WANT_INTERVAL_MS = 5_000
const WANTING_PEERS_MAX = 1_024
const BUNDLE_FIXED_BYTES = 6

export class PoolRepair {
  readonly #c: PoolRepairComponents
  readonly #chain: ChainId
  /** When each peer was last served. */
  readonly #served = new Map<Peer, number>()
  #cancel: () => void = () => undefined

  constructor(components: PoolRepairComponents, chain: ChainId) {
    this.#c = components
    this.#chain = chain
  }

  start(): void {
    const { clock, network } = this.#c
    this.#cancel = clock.at(clock.monoMs() + DIGEST_INTERVAL_MS, () => {
      for (const { peer } of network.peers(this.#chain)) this.sendDigest(peer)
      this.start()
    })
  }

  stop(): void {
    this.#cancel()
  }

  sendDigest(peer: Peer): void {
    const entries = this.#c.pool.list({ limit: DIGEST_HASHES_MAX })
    if (entries.length === 0) return
    const wireHashes = entries.map(({ wireHash }) => fromHex(wireHash))
    this.#send(peer, FRAME_DIGEST, PoolDigestType.serialize({ chain: this.#chain, wireHashes }))
  }

  onDigest(peer: Peer, bytes: Uint8Array): void {
    const digest = decode(PoolDigestType, bytes)
    if (!digest.ok) return this.#blame(peer, digest.detail)
    const { pool, verified } = this.#c
    const wireHashes = digest.value.wireHashes.filter((hash) => {
      const key = toHex(hash)
      return !pool.has(key) && !verified.has(key)
    })
    if (wireHashes.length === 0) return
    this.#send(peer, FRAME_WANT, PoolWantType.serialize({ chain: this.#chain, wireHashes }))
  }

  async onWant(peer: Peer, bytes: Uint8Array): Promise<void> {
    const want = decode(PoolWantType, bytes)
    if (!want.ok) return this.#blame(peer, want.detail)
    if (!this.#mayServe(peer)) return
    const transactions: Uint8Array[] = []
    let room = BUNDLE_BYTES_MAX - BUNDLE_FIXED_BYTES
    for (const hash of want.value.wireHashes) {
      const held = this.#c.pool.byWireHash(toHex(hash))?.checked.bytes
      if (held === undefined || transactions.length >= BUNDLE_TRANSACTIONS_MAX) continue
      room -= held.length + OFFSET_BYTES
      if (room < 0) break
      transactions.push(held)
    }
    if (transactions.length === 0) return
    const bundle = BundleType.serialize({ chain: this.#chain, transactions })
    await this.#c.network.request(peer, 'transactions', bundle)
  }

  #mayServe(peer: Peer): boolean {
    const now = this.#c.clock.monoMs()
    const last = this.#served.get(peer)
    if (last !== undefined && now - last < WANT_INTERVAL_MS) return false
    this.#served.delete(peer)
    this.#served.set(peer, now)
    const oldest = this.#served.keys().next().value
    if (this.#served.size > WANTING_PEERS_MAX && oldest !== undefined) this.#served.delete(oldest)
    return true
  }

  #send(peer: Peer, kind: number, bytes: Uint8Array): void {
    this.#c.network.sendConsensus(peer, concat(Uint8Array.of(kind), bytes))
  }

  #blame(peer: Peer, why: string): void {
    this.#c.network.report(peer, 'invalid', `consensus/1: ${why}`)
  }
}
