/** One hash over everything that happened, in order: two runs of one seed are the same run if their hashes are equal. */
import { createHash } from 'node:crypto'
import { toHex } from '../../primitives/bytes.ts'
import { sha256 } from '../../crypto/hash.ts'
import type { Timeline } from './clock.ts'

/** Lines kept for the report of a failure. */
const TAIL_MAX = 200

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #timeline: Timeline
  #tail: string[] = []

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  /** @param node the node it happened at. */
  note(node: number, what: string, data?: Uint8Array): void {
    const content = data === undefined ? '' : ` ${toHex(sha256(data).subarray(0, 8))}`
    const line = `${this.#timeline.nowMs} ${node} ${what}${content}`
    this.#hash.update(line).update('\n')
    this.#tail.push(line)
    if (this.#tail.length > 2 * TAIL_MAX) this.#tail = this.#tail.slice(-TAIL_MAX)
  }

  /** The hash so far; noting may go on. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }

  get tail(): readonly string[] {
    return this.#tail.slice(-TAIL_MAX)
  }
}
