/** `subscribe` and `unsubscribe` of one connection: methods like all others, known to a WebSocket alone. */
import type { Subscribed, TopicEvent, TopicName } from '../../client/types.ts'
import { chainToJson } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { accept } from '../../primitives/result.ts'
import type { Callable, Outcome } from '../method.ts'
import { invalidParams } from '../method.ts'
import type { Parsed } from '../params.ts'
import type { NodePort } from '../port.ts'
import { chainRefusal, refused } from '../refusals.ts'
import { FinalFeed, SyncFeed } from './feeds.ts'
import type { Feed } from './feeds.ts'
import { ValidatorsFeed } from './validators-feed.ts'
import type { SocketLimits } from './limits.ts'
import { SUBSCRIBE_PARAMS, UNSUBSCRIBE_PARAMS } from './params.ts'

export interface Subscription {
  readonly name: string
  readonly topic: TopicName
  readonly feed: Feed
  /** Of the next notification. */
  sequence: number
  /** Nothing is published before the answer to `subscribe` is out. */
  isAnswered: boolean
}

export class Subscriptions {
  readonly #port: NodePort
  readonly #limits: SocketLimits
  readonly #nowMs: () => number
  readonly #byName = new Map<string, Subscription>()
  #named = 0

  constructor(port: NodePort, limits: SocketLimits, nowMs: () => number) {
    this.#port = port
    this.#limits = limits
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#byName.size
  }

  /** Those whose answer is out. */
  live(): readonly Subscription[] {
    return [...this.#byName.values()].filter(({ isAnswered }) => isAnswered)
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** @param made receives the subscriptions that a message makes. */
  methods(made: Subscription[]): ReadonlyMap<string, Callable> {
    return new Map<string, Callable>([
      [
        'subscribe',
        {
          params: SUBSCRIBE_PARAMS,
          weight: 1,
          call: (_port, values) => this.#subscribe(values as Parsed<typeof SUBSCRIBE_PARAMS>, made)
        }
      ],
      [
        'unsubscribe',
        {
          params: UNSUBSCRIBE_PARAMS,
          weight: 1,
          call: (_port, values) => this.#unsubscribe(values as Parsed<typeof UNSUBSCRIBE_PARAMS>)
        }
      ]
    ])
  }

  async #subscribe(
    { topic, chain, fromHeight }: Parsed<typeof SUBSCRIBE_PARAMS>,
    made: Subscription[]
  ): Promise<Outcome<Subscribed>> {
    if (topic !== 'final') {
      if (chain !== undefined || fromHeight !== undefined)
        return invalidParams(`topic ${topic} takes neither chain nor fromHeight`)
      const feed =
        topic === 'sync'
          ? new SyncFeed(this.#port, this.#limits.tickMs, this.#nowMs)
          : new ValidatorsFeed(this.#port)
      return this.#add(topic, feed, [], made)
    }
    const refusal = chain === undefined ? undefined : chainRefusal(this.#port, chain)
    if (refusal !== undefined) return refusal
    const next = new Map<ChainId, number>()
    for (const each of chain === undefined ? this.#port.chains() : [chain]) {
      const { height } = this.#port.head(each).final.header
      const first = fromHeight ?? height + 1
      if (first <= height && (await this.#port.headers(each, first, 1)).length === 0) {
        const facts = { chain: chainToJson(each), final: height }
        return refused('BLOCK_UNKNOWN', `block ${first} is not held here`, facts)
      }
      next.set(each, first)
    }
    return this.#add(topic, new FinalFeed(this.#port, next), [...next], made)
  }

  #add(
    topic: TopicName,
    feed: Feed,
    from: readonly (readonly [ChainId, number])[],
    made: Subscription[]
  ): Outcome<Subscribed> {
    const limit = this.#limits.subscriptions
    if (this.#byName.size >= limit)
      return refused('SUBSCRIPTION_LIMIT', 'this connection has too many', { limit })
    this.#named += 1
    const subscription: Subscription = {
      name: String(this.#named),
      topic,
      feed,
      sequence: 0,
      isAnswered: false
    }
    this.#byName.set(subscription.name, subscription)
    made.push(subscription)
    return accept({
      subscription: subscription.name,
      topic,
      from: from.map(([chain, height]) => ({ chain: chainToJson(chain), height }))
    })
  }

  #unsubscribe({ subscription }: Parsed<typeof UNSUBSCRIBE_PARAMS>): Outcome<{ subscription: string }> {
    if (!this.#byName.delete(subscription))
      return refused('SUBSCRIPTION_UNKNOWN', `no subscription ${subscription}`)
    return accept({ subscription })
  }
}

/** The text of the next notification of a subscription. */
export function notification(subscription: Subscription, event: TopicEvent): string {
  const { name, topic } = subscription
  const sequence = subscription.sequence++
  return JSON.stringify({
    jsonrpc: '2.0',
    method: 'subscription',
    params: { subscription: name, topic, sequence, event }
  })
}
