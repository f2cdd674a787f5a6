/**
 * When transfers become final. All of them by the ids in new final blocks, which costs the nodes one answer a block;
 * a sample of them exactly as a user would see it: `tx_get` at the node that took the transfer in, until it answers
 * `final`.
 */
import { chainToJson, shardId } from '../../client/index.ts'
import type { ChainId, Client, ReceiptJson } from '../../client/index.ts'
import type { Sample, Target } from './messages.ts'

/** Transfers a second whose finality is measured. */
const SAMPLES_PER_S = 20
/** A sample that is not final after this long is counted with it. */
const GIVE_UP_MS = 60_000

interface Watched {
  readonly id: string
  readonly sentMs: number
}

export class FinalityProbe {
  readonly samples: Sample[] = []
  readonly #zeroMs: number
  readonly #watched = new Map<number, Watched[]>()
  #nextSampleMs = 0

  constructor(zeroMs: number) {
    this.#zeroMs = zeroMs
  }

  get waiting(): number {
    return [...this.#watched.values()].reduce((sum, list) => sum + list.length, 0)
  }

  /** Takes one of the transfers just accepted into the sample, if one is due. */
  offer(node: number, ids: readonly string[], sentMs: number): void {
    if (sentMs < this.#nextSampleMs) return
    const id = ids[ids.length >> 1]
    if (id === undefined) return
    this.#nextSampleMs = sentMs + 1_000 / SAMPLES_PER_S
    const list = this.#watched.get(node) ?? []
    list.push({ id, sentMs })
    this.#watched.set(node, list)
  }

  /** Asks every node once about its part of the sample. Who asked a node that is gone asks another. */
  async ask(targets: readonly Target[], clients: (target: Target) => Client): Promise<void> {
    const [any] = targets
    if (any === undefined) return
    await Promise.all(
      [...this.#watched].map(async ([node, list]) => {
        if (list.length === 0) return
        const target = targets.find((each) => each.node === node) ?? any
        await this.#askOne(node, list.slice(), clients(target))
      })
    )
  }

  async #askOne(node: number, asked: readonly Watched[], client: Client): Promise<void> {
    const params = asked.map(({ id }) => ({ id }))
    // No answer: asked again the next time.
    const answers = await client.batch('tx_get', params).catch(() => [])
    const nowMs = performance.now()
    const done = new Set<Watched>()
    for (const [index, watched] of asked.entries()) {
      const answer = answers[index]
      const found = answer?.ok === true ? answer.value : undefined
      const isFinal = found?.status === 'final' && found.hops.every(isOver)
      if (!isFinal && nowMs - watched.sentMs < GIVE_UP_MS) continue
      done.add(watched)
      const isCross = (found?.hops.length ?? 0) > 0
      this.samples.push({ sentMs: watched.sentMs - this.#zeroMs, tookMs: nowMs - watched.sentMs, isCross })
    }
    const list = this.#watched.get(node) ?? []
    this.#watched.set(
      node,
      list.filter((watched) => !done.has(watched))
    )
  }
}

/** Credited, or sent back: as far as the node can see. */
export const isOver = ({ status }: ReceiptJson): boolean => status !== 'provable' && status !== 'unknown'

export class BlockFollower {
  readonly heights = new Map<ChainId, number>()
  readonly #shards: readonly ChainId[]

  constructor(shards: number) {
    this.#shards = Array.from({ length: shards }, (_, index) => shardId(index))
  }

  /** Where the chains are now: earlier blocks hold nothing of this load. */
  async begin(client: Client): Promise<void> {
    for (const chain of this.#shards) {
      const { asOf } = await client.call('chain_head', { chain: chainToJson(chain) })
      this.heights.set(chain, asOf.height)
    }
  }

  /** Ids in the blocks that became final since the last look, as this node has them. */
  async look(client: Client, onFinal: (ids: readonly string[]) => void): Promise<void> {
    const heads = await client.batch(
      'chain_head',
      this.#shards.map((chain) => ({ chain: chainToJson(chain) }))
    )
    for (const [index, chain] of this.#shards.entries()) {
      const head = heads[index]
      if (head?.ok !== true) continue
      for (let height = (this.heights.get(chain) ?? 0) + 1; height <= head.value.asOf.height; height++) {
        const block = await client.call('chain_block', { chain: chainToJson(chain), height })
        this.heights.set(chain, height)
        onFinal(block.transactions)
      }
    }
  }
}
