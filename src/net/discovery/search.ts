/**
 * Looking for peers: a question to somebody who is connected; if that brings nobody new the namespaces of shards in the
 * DHT, and then a random walk through it. Each has its deadline, so that a dead peer delays nothing for long (D13).
 */
import type { AbortOptions, PeerInfo } from '@libp2p/interface'
import type { ChainId } from '../../primitives/chain-id.ts'
import { COORD, isShard } from '../../primitives/chain-id.ts'
import { deadline, messageOf } from '../context.ts'
import type { NetContext } from '../context.ts'
import type { Sessions } from '../sessions.ts'
import type { Peer } from '../types.ts'
import type { Random } from './backoff.ts'
import type { Exchange } from './exchange.ts'
import { DISCOVERY_LIMITS } from './limits.ts'
import { namespaceCid } from './namespaces.ts'
import type { PeerBook } from './peer-book.ts'

export interface SearchParts {
  readonly context: NetContext
  readonly sessions: Sessions
  readonly book: PeerBook
  readonly exchange: Exchange
  readonly random: Random
  readonly nowMs: () => number
}

/** What one method brought: rounds that ended with an answer that could be used, and those that did not. */
type Method = 'namespace' | 'walk' | 'exchange'

export class Search {
  readonly #parts: SearchParts
  #active = 0

  constructor(parts: SearchParts) {
    this.#parts = parts
  }

  /** Queries of the DHT are under way that the node needs: they may connect to whom they ask. */
  get isActive(): boolean {
    return this.#active > 0
  }

  /** @returns how many peers are known now that were not before. */
  async round(missing: readonly ChainId[]): Promise<number> {
    const { book } = this.#parts
    const before = book.size
    // In order of what they cost: queries of the DHT make a connection to everybody they ask.
    await this.#method('exchange', async () => this.#ask(missing))
    if (book.size <= before) {
      const shards = missing.filter((chain) => isShard(chain))
      const find = (shard: ChainId) => async (options: Required<AbortOptions>) => this.#find(shard, options)
      await Promise.all(shards.map(async (shard) => this.#method('namespace', find(shard))))
    }
    if (book.size <= before) await this.#method('walk', async (options) => this.#walk(options))
    return Math.max(0, book.size - before)
  }

  /** Tells the DHT that this node follows the shards. @returns whether all were told. */
  async provide(shards: readonly ChainId[]): Promise<boolean> {
    const { context } = this.#parts
    let told = true
    for (const shard of shards) {
      this.#active += 1
      try {
        const signal = deadline(context, DISCOVERY_LIMITS.queryTimeoutMs)
        const events = context.host.services.dht.provide(namespaceCid(context.networkId, shard), { signal })
        for await (const { name } of events)
          if (name === 'QUERY_ERROR' && context.signal.aborted) return false
      } catch (error) {
        if (context.signal.aborted) return false
        told = false
        context.log('namespace not provided', { shard, reason: messageOf(error) })
      } finally {
        this.#active -= 1
      }
    }
    return told
  }

  async #method(name: Method, run: (options: Required<AbortOptions>) => Promise<boolean>): Promise<void> {
    const { context } = this.#parts
    this.#active += 1
    try {
      const found = await run({ signal: deadline(context, DISCOVERY_LIMITS.queryTimeoutMs) })
      if (!context.signal.aborted) context.metrics.searched(name, found ? 'answered' : 'nothing')
    } catch (error) {
      if (context.signal.aborted) return
      context.metrics.searched(name, 'failed')
      context.log('search ended early', { method: name, reason: messageOf(error) })
    } finally {
      this.#active -= 1
    }
  }

  /** Peers near a random point. */
  async #walk(options: Required<AbortOptions>): Promise<boolean> {
    const { dht } = this.#parts.context.host.services
    let found = false
    for await (const event of dht.getClosestPeers(crypto.getRandomValues(new Uint8Array(32)), options)) {
      if (event.name !== 'PEER_RESPONSE') continue
      found ||= event.closer.length > 0
      this.#learn(event.from.toString() as Peer, event.closer)
    }
    return found
  }

  async #find(shard: ChainId, options: Required<AbortOptions>): Promise<boolean> {
    const { context, book } = this.#parts
    let found = 0
    const events = context.host.services.dht.findProviders(namespaceCid(context.networkId, shard), options)
    for await (const event of events) {
      if (event.name !== 'PROVIDER') continue
      this.#learn(event.from.toString() as Peer, event.providers)
      for (const { id } of event.providers) book.hint(id.toString() as Peer, shard)
      found += event.providers.length
      // Going on to the end takes twenty times as long.
      if (found >= 2 * DISCOVERY_LIMITS.perChain) break
    }
    return found > 0
  }

  /** One connected peer, for one chain that lacks peers. */
  async #ask(missing: readonly ChainId[]): Promise<boolean> {
    const { sessions, exchange, random } = this.#parts
    const chain = pick(missing, random) ?? COORD
    const all = sessions.all()
    const following = all.filter(({ status }) => status.chains.some((each) => each.chain === chain))
    const session = pick(following.length > 0 ? following : all, random)
    return session !== undefined && (await exchange.askPeers(session.peer, chain)) > 0
  }

  #learn(source: Peer, infos: readonly PeerInfo[]): void {
    const { book, nowMs } = this.#parts
    for (const { id, multiaddrs } of infos) book.learn(source, id.toString() as Peer, multiaddrs, nowMs())
  }
}

const pick = <T>(list: readonly T[], random: Random): T | undefined =>
  list[Math.floor(random() * list.length)]
