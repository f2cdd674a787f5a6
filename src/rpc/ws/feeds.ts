/**
 * What subscriptions publish. A feed is asked for what is new and keeps only a place (a height for each chain, the last
 * answer), never a queue: final blocks are read from the store when the connection takes more, so a slow reader costs no
 * memory, and what is read is without gaps and doubles by itself.
 */
import type { FinalEvent, TopicEvent } from '../../client/types.ts'
import { chainToJson } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { blockSummary } from '../json.ts'
import type { NodePort } from '../port.ts'

/** Events taken at a time: what is sent beyond a full buffer is at most this. */
export const TAKE_MAX = 32

export interface Feed {
  /** @returns what is new, at most `TAKE_MAX` events; nothing if there is nothing. */
  take(): Promise<readonly TopicEvent[]>
}

/** Topic `final`: the headers of final blocks of each chain, in order. */
export class FinalFeed implements Feed {
  readonly #port: NodePort
  readonly #next: Map<ChainId, number>

  constructor(port: NodePort, next: ReadonlyMap<ChainId, number>) {
    this.#port = port
    this.#next = new Map(next)
  }

  async take(): Promise<readonly FinalEvent[]> {
    const places = Array.from(this.#next)
    for (const [chain, from] of places) {
      const { height } = this.#port.head(chain).final.header
      if (from > height) continue
      const headers = await this.#port.headers(chain, from, Math.min(TAKE_MAX, height + 1 - from))
      // Chains take turns: one that is read from far back does not hold up the others.
      this.#next.delete(chain)
      const events = headers.length === 0 ? this.#missed(chain, from, height) : this.#blocks(chain, headers)
      if (events.length > 0) return events
    }
    return []
  }

  #blocks(chain: ChainId, headers: Awaited<ReturnType<NodePort['headers']>>): readonly FinalEvent[] {
    const last = headers.at(-1)?.header.height ?? 0
    this.#next.set(chain, last + 1)
    return headers.map((each) => ({ chain: chainToJson(chain), block: blockSummary(each) }))
  }

  /** Not held: pruned before it was read, or jumped over by a snapshot. Goes on with the newest final block. */
  #missed(chain: ChainId, from: number, height: number): readonly FinalEvent[] {
    this.#next.set(chain, height)
    if (from === height) return []
    return [{ chain: chainToJson(chain), missed: { from, to: height - 1 } }]
  }
}

/** Topics `sync`, `transaction` and `atomic`: the answer of a method, now and whenever it differs from the one before. */
export class AnswerFeed<A extends TopicEvent> implements Feed {
  readonly #read: () => A | Promise<A>
  readonly #isOver: (answer: A) => boolean
  readonly #intervalMs: number
  readonly #nowMs: () => number
  #last = ''
  #dueMs = 0
  #isEnded = false

  constructor(init: {
    readonly read: () => A | Promise<A>
    /** Nothing will differ any more: it is not read again. @default never */
    readonly isOver?: (answer: A) => boolean
    readonly intervalMs: number
    readonly nowMs: () => number
  }) {
    this.#read = init.read
    this.#isOver = init.isOver ?? (() => false)
    this.#intervalMs = init.intervalMs
    this.#nowMs = init.nowMs
  }

  async take(): Promise<readonly A[]> {
    const now = this.#nowMs()
    if (this.#isEnded || now < this.#dueMs) return []
    // Whether it differs or not: reading is what costs.
    this.#dueMs = now + this.#intervalMs
    const answer = await this.#read()
    this.#isEnded = this.#isOver(answer)
    const text = JSON.stringify(answer)
    if (text === this.#last) return []
    this.#last = text
    return [answer]
  }
}
