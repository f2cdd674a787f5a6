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
import { syncJson } from '../methods/node.ts'
import { AnswerFeed, FinalFeed } from './feeds.ts'
import type { Feed } from './feeds.ts'
import { atomicFeed, transactionFeed } from './followed.ts'
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
    wanted: Parsed<typeof SUBSCRIBE_PARAMS>,
    made: Subscription[]
  ): Promise<Outcome<Subscribed>> {
    const { topic, chain, fromHeight, id } = wanted
    const feed = this.#feedOf(topic, id)
    const isOne = topic === 'transaction' || topic === 'atomic'
    if (topic !== 'final' && (chain !== undefined || fromHeight !== undefined))
      return invalidParams(`topic ${topic} takes neither chain nor fromHeight`)
    if (!isOne && id !== undefined) return invalidParams(`topic ${topic} takes no id`)
    if (feed !== undefined) return this.#add(topic, feed, [], made)
    return isOne ? invalidParams(`topic ${topic} takes an id`) : this.#subscribeFinal(wanted, made)
  }

  #feedOf(topic: TopicName, id: Uint8Array | undefined): Feed | undefined {
    const pace = { intervalMs: this.#limits.tickMs, nowMs: this.#nowMs }
    switch (topic) {
      case 'sync':
        return new AnswerFeed({ read: () => syncJson(this.#port), ...pace })
      case 'validators':
        return new ValidatorsFeed(this.#port)
      case 'transaction':
        return id === undefined ? undefined : transactionFeed(this.#port, id, pace)
      case 'atomic':
        return id === undefined ? undefined : atomicFeed(this.#port, id, pace)
      case 'final':
        return undefined
    }
  }

  async #subscribeFinal(
    { topic, chain, fromHeight }: Parsed<typeof SUBSCRIBE_PARAMS>,
    made: Subscription[]
  ): Promise<Outcome<Subscribed>> {
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
