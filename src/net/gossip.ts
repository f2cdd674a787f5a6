/**
 * Gossip (D11): topics per chain and kind, judged before they travel on. A message goes
 *
 *   gossipsub → size of the kind → lane → judge → verdict to gossipsub, counted
 *
 * and nothing is imported before the verdict was returned. Being busy, slow or broken ourselves is `ignore`, never
 * `reject` (GOS-6). A reject is a fact about the relayer, whoever wrote the message (GOS-5).
 */
import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub, GossipsubMessage } from '@libp2p/gossipsub'
import type { Stream } from '@libp2p/interface'
import type { ChainId } from '../primitives/chain-id.ts'
import { monotonicMs, ownFault, pause } from './context.ts'
import type { NetContext } from './context.ts'
import { NetError } from './errors.ts'
import { watchGossipCaches } from './gossip-caches.ts'
import { GOSSIP_BYTES_MAX, NET_LIMITS } from './limits.ts'
import { topicOf } from './topics.ts'
import type { GossipJudge, GossipKind, GossipVerdict, Peer } from './types.ts'

export interface Topic {
  readonly chain: ChainId
  readonly kind: GossipKind
  readonly judge: GossipJudge
}

/** What the public type of gossipsub hides. */
interface Inside {
  readonly streamsOutbound: ReadonlyMap<string, { readonly rawStream: Stream }>
  readonly streamsInbound: ReadonlyMap<string, unknown>
  getScore(peer: string): number
  getMeshPeers(topic: string): string[]
  reportMessageValidationResult(id: string, source: string, verdict: TopicValidatorResult): void
  publish(
    topic: string,
    data: Uint8Array,
    options: { readonly allowPublishToZeroTopicPeers: boolean; readonly ignoreDuplicatePublishError: boolean }
  ): Promise<{ readonly recipients: readonly unknown[] }>
}

const RESULTS: Readonly<Record<GossipVerdict['action'], TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject
}
const ignore = (rule: string): GossipVerdict => ({ action: 'ignore', rule })

export class Gossip {
  readonly #context: NetContext
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #pubsub: GossipSub & Inside
  /** Topics whose last message reached nobody. */
  readonly #alone = new Set<string>()

  constructor(context: NetContext, topics: ReadonlyMap<string, Topic>) {
    this.#context = context
    this.#topics = topics
    this.#pubsub = context.host.services.pubsub as GossipSub & Inside
    this.#pubsub.addEventListener('gossipsub:message', (event) => this.#onMessage(event.detail))
  }

  /** After the host started. */
  subscribe(): void {
    for (const topic of this.#topics.keys()) this.#pubsub.subscribe(topic)
    watchGossipCaches(this.#context)
  }

  stop(): void {
    this.#context.lanes.clear()
  }

  score(peer: Peer): number {
    return this.#pubsub.getScore(peer)
  }

  meshPeers(chain: ChainId, kind: GossipKind): readonly string[] {
    return this.#pubsub.getMeshPeers(topicOf(this.#context.networkId, chain, kind))
  }

  listeners(chain: ChainId, kind: GossipKind): number {
    return this.#pubsub.getSubscribers(topicOf(this.#context.networkId, chain, kind)).length
  }

  /** Connected but without gossip streams: one direction is lost and neither side is told. */
  isDeaf(peer: Peer): boolean {
    const { streamsOutbound, streamsInbound } = this.#pubsub
    return streamsOutbound.get(peer)?.rawStream.status !== 'open' || !streamsInbound.has(peer)
  }

  async publish(chain: ChainId, kind: GossipKind, data: Uint8Array): Promise<number> {
    const limit = GOSSIP_BYTES_MAX[kind]
    if (data.length > limit) {
      throw new NetError({ code: 'NET_MESSAGE_TOO_LARGE', kind, bytes: data.length, limit })
    }
    if (kind === 'tx') await this.#pace()
    if (this.#context.signal.aborted) return 0
    const topic = topicOf(this.#context.networkId, chain, kind)
    const { recipients } = await this.#pubsub.publish(topic, data, {
      allowPublishToZeroTopicPeers: true,
      ignoreDuplicatePublishError: true
    })
    this.#context.metrics.gossipPublished(kind, recipients.length)
    this.#tellIfAlone(topic, recipients.length)
    return recipients.length
  }

  /** Who publishes to nobody has to know, and to read it once: until somebody is reached again. */
  #tellIfAlone(topic: string, recipients: number): void {
    if (recipients > 0) {
      this.#alone.delete(topic)
    } else if (!this.#alone.has(topic)) {
      this.#alone.add(topic)
      this.#context.log('published to nobody', { topic })
    }
  }

  /** Own bundles wait for slow peers: a buffer that overflows kills its stream, votes included. */
  async #pace(): Promise<void> {
    const untilMs = monotonicMs() + NET_LIMITS.gossipPaceMs
    while (this.#isCongested() && monotonicMs() < untilMs) await pause(10, this.#context.signal)
  }

  #isCongested(): boolean {
    for (const { rawStream } of this.#pubsub.streamsOutbound.values()) {
      if (rawStream.writeBufferLength > NET_LIMITS.gossipPaceBytes) return true
    }
    return false
  }

  #onMessage({ msgId, propagationSource, msg }: GossipsubMessage): void {
    const topic = this.#topics.get(msg.topic)
    if (topic === undefined) return
    const from = propagationSource.toString() as Peer
    const finish = (verdict: GossipVerdict): void => this.#finish(topic, msgId, from, verdict)
    if (msg.data.length > GOSSIP_BYTES_MAX[topic.kind]) return finish({ action: 'reject', rule: 'oversize' })
    const lane = topic.kind === 'tx' || topic.kind === 'receipt' ? 'transactions' : 'consensus'
    const arrivedMs = monotonicMs()
    const admitted = this.#context.lanes.add(lane, from, msg.data.length, () =>
      this.#judge(topic, msg.data, from, arrivedMs, finish)
    )
    if (!admitted) finish(ignore('busy'))
  }

  /** Judges that answer at once cost no promise and no timer. */
  #judge(
    topic: Topic,
    data: Uint8Array,
    from: Peer,
    arrivedMs: number,
    finish: (verdict: GossipVerdict) => void
  ): void | Promise<void> {
    const leftMs = NET_LIMITS.judgeTimeoutMs - (monotonicMs() - arrivedMs)
    if (leftMs <= 0) return finish(ignore('late'))
    let verdict: GossipVerdict | Promise<GossipVerdict>
    try {
      verdict = topic.judge(data, from)
    } catch (error) {
      return finish(this.#ownFault(topic, from, error))
    }
    if (!(verdict instanceof Promise)) return finish(verdict)
    return this.#await(verdict, topic, from, leftMs)
      .then(finish)
      .catch((error: unknown) => void this.#ownFault(topic, from, error))
  }

  async #await(
    pending: Promise<GossipVerdict>,
    topic: Topic,
    from: Peer,
    leftMs: number
  ): Promise<GossipVerdict> {
    const { promise: late, resolve } = Promise.withResolvers<GossipVerdict>()
    const timer = setTimeout(() => resolve(ignore('late')), leftMs)
    try {
      return await Promise.race([pending.catch((error: unknown) => this.#ownFault(topic, from, error)), late])
    } finally {
      clearTimeout(timer)
    }
  }

  #ownFault(topic: Topic, from: Peer, error: unknown): GossipVerdict {
    const reason = ownFault(error)
    this.#context.log('judge failed', { kind: topic.kind, reason })
    this.#context.report(from, 'our-fault', `judge of ${topic.kind}: ${reason}`)
    return ignore('our-fault')
  }

  #finish(topic: Topic, id: string, from: Peer, verdict: GossipVerdict): void {
    if (this.#context.signal.aborted) return
    this.#pubsub.reportMessageValidationResult(id, from, RESULTS[verdict.action])
    this.#context.metrics.gossipVerdict(topic.kind, verdict.action, verdict.rule)
    if (verdict.action === 'reject') {
      this.#context.report(from, 'invalid', `gossip ${topic.kind}: ${verdict.rule}`)
    }
  }
}
