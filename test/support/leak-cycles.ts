/**
 * A process of its own: peers connect to one node, shake hands, subscribe, unsubscribe and go, so many times. What it
 * holds before and after is its last line, as JSON. Run it with `--expose-gc`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import type { Host } from '../../src/net/host.ts'
import { gossipCaches } from '../../src/net/gossip-caches.ts'
import { silentMetrics } from '../../src/net/metrics.ts'
import { topicOf } from '../../src/net/topics.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { eventually } from './eventually.ts'
import { Cleanup, NETWORK, rawConnect } from './net.ts'
import type { TestNode } from './net.ts'

export interface Held {
  readonly heapBytes: number
  /** Sockets and servers. */
  readonly handles: number
  readonly connections: number
  readonly streams: number
  /** Of the node and of the peers that come and go. */
  readonly caches: Readonly<Record<string, number>>
}
export interface LeakReport {
  readonly cycles: number
  readonly tookMs: number
  readonly deaf: number
  readonly before: Held
  readonly after: Held
}

const PEERS = 4
const WARM_UP = 200
const SETTLE_MS = 30_000
const HEAR_MS = 3_000
/** Less than it takes to find a connection that was left lying: it ends because it was ended. */
const GONE_MS = 10_000
const QUIET_LOOKS = 15
/** Messages, scores of who left, and when one may join a mesh again: these expire by the minute. */
const EXPIRING = /^(?:messages|score|backoff)/

/** Peers that come just now, by number. Left alone, a peer's DHT dials whenever it looks after its table. */
const coming = new Set<number>()

/** The other side may have hung up a moment before, and then there is nobody to say goodbye to. */
const end = async (connection: Connection): Promise<void> =>
  connection.close().catch((error: Error) => connection.abort(error))

class Cycles {
  /** Cycles in which gossip's streams did not open: the library loses them when a peer is back too soon. */
  deaf = 0
  readonly #node: TestNode
  readonly #peers: readonly Host[]
  readonly #caches: Map<string, number>

  constructor(node: TestNode, peers: readonly Host[], caches: Map<string, number>) {
    this.#node = node
    this.#peers = peers
    this.#caches = caches
  }

  async run(count: number): Promise<void> {
    const each = Math.ceil(count / this.#peers.length)
    await Promise.all(
      this.#peers.map(async (peer, number) => {
        for (let cycle = 0; cycle < each; cycle++) await this.#cycle(peer, number)
      })
    )
  }

  async #cycle(peer: Host, number: number): Promise<void> {
    const id = peer.peerId.toString()
    const isKnown = (): boolean => this.#node.net.peers().some((known) => known.peer === id)
    coming.add(number)
    const connection = await rawConnect(peer, this.#node)
    coming.delete(number)
    await eventually('it is a peer', isKnown)
    const topic = topicOf(NETWORK, COORD, 'vote')
    const { pubsub } = peer.services
    pubsub.subscribe(topic)
    const isDeaf = await eventually(
      'it knows who subscribes',
      () => pubsub.getSubscribers(topic).length > 0,
      HEAR_MS
    )
      .then(() => false)
      .catch(() => true)
    if (isDeaf) this.deaf++
    pubsub.unsubscribe(topic)
    await end(connection)
    await eventually('it is gone', () => !isKnown() && peer.getConnections().length === 0, GONE_MS)
  }

  /** After everything that ends by itself had its time. */
  async settle(): Promise<Held> {
    const untilMs = performance.now() + SETTLE_MS
    const isQuiet = (): boolean =>
      this.#connections().length === 0 && Object.values(this.#kept()).every((entries) => entries === 0)
    for (let quiet = 0; performance.now() < untilMs && quiet < QUIET_LOOKS;) {
      await delay(100)
      quiet = isQuiet() ? quiet + 1 : 0
    }
    for (let turn = 0; turn < 5; turn++) {
      globalThis.gc?.()
      await delay(50)
    }
    const connections = this.#connections()
    const resources = process.getActiveResourcesInfo().filter((name) => /TCP|Pipe/.test(name))
    return {
      heapBytes: process.memoryUsage().heapUsed,
      handles: resources.length,
      connections: connections.length + this.#node.net.peers().length,
      streams: connections.reduce((sum, { streams }) => sum + streams.length, 0),
      caches: this.#kept()
    }
  }

  #connections() {
    return this.#peers.flatMap((peer) => peer.getConnections())
  }

  #kept(): Record<string, number> {
    const kept: Record<string, number> = {}
    const add = (where: string, caches: ReadonlyMap<string, number>): void => {
      for (const [cache, entries] of caches) if (!EXPIRING.test(cache)) kept[`${where} ${cache}`] = entries
    }
    add('node', this.#caches)
    for (const [index, peer] of this.#peers.entries())
      add(`peer ${index}`, gossipCaches(peer.services.pubsub))
    return kept
  }
}

async function main(cycles: number): Promise<void> {
  const cleanup = new Cleanup()
  const caches = new Map<string, number>()
  const node = await cleanup.node({
    name: 'kept',
    metrics: { ...silentMetrics, gossipCache: (cache, entries) => void caches.set(cache, entries) }
  })
  const peers = await Promise.all(
    Array.from({ length: PEERS }, (_, number) =>
      // Nobody dials them: they come and go by themselves.
      cleanup.rawHost(`peer ${number}`, {
        listen: [],
        gater: { denyDialMultiaddr: () => !coming.has(number) }
      })
    )
  )
  const runner = new Cycles(node, peers, caches)
  await runner.run(WARM_UP)
  const before = await runner.settle()
  const fromMs = performance.now()
  await runner.run(cycles)
  const tookMs = Math.round(performance.now() - fromMs)
  const after = await runner.settle()
  const report: LeakReport = { cycles, tookMs, deaf: runner.deaf, before, after }
  process.stdout.write(`${JSON.stringify(report)}\n`)
  await cleanup.all()
}

await main(Number(process.argv[2] ?? 100))
