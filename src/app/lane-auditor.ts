/**
 * Value between the chains that this node follows (R11, invariant 4): what a destination says it received over a lane
 * is the sum of exactly the receipts below its cursor, as their source emitted them. Both ends are read from final
 * states at different times, so a sum is compared where the source's emission and the cursor name the same sequence.
 */
import { chainName, chainsOf } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { OutboxEntryType } from '../codec/receipt.ts'
import type { InLane } from '../codec/receipt.ts'
import { readInLane, readOutLane } from '../node/chain/outbox.ts'
import { outboxKey } from '../state/keys.ts'
import type { StateView } from '../state/ports.ts'
import type { Amounts } from '../state/types.ts'

type Reader = Pick<StateView, 'get'>

/** All that was sent below a sequence. */
interface Mark extends Amounts {
  readonly sequence: number
}

interface Lane {
  /** Where entries end, rising; those the cursor has passed are forgotten. The last one is what was emitted so far. */
  marks: Mark[]
  received: InLane | undefined
}

export class LaneAuditor {
  readonly #chains: readonly ChainId[]
  readonly #onViolation: (detail: string) => void
  readonly #lanes = new Map<string, Lane>()

  constructor(shards: number, onViolation: (detail: string) => void) {
    this.#chains = chainsOf(shards)
    this.#onViolation = onViolation
  }

  finalBlock(chain: ChainId, state: Reader): void {
    for (const other of this.#chains) {
      if (other === chain) continue
      this.#sent(chain, other, state)
      this.#received(other, chain, state)
    }
  }

  /** New entries are read once, when they appear. */
  #sent(source: ChainId, destination: ChainId, state: Reader): void {
    const out = readOutLane(state, destination)
    if (out === undefined) return
    const lane = this.#lane(source, destination)
    const total = { sequence: out.next, consumer: out.sentConsumer, industrial: out.sentIndustrial }
    const last = lane.marks.at(-1)
    const added = last === undefined ? undefined : marksAfter(state, destination, last, out.next)
    // Seen for the first time, or its entries came and went between two looks: the sums begin anew.
    if (added === undefined) lane.marks = [total]
    else lane.marks.push(...added)
    const end = lane.marks.at(-1)
    if (end?.consumer !== total.consumer || end.industrial !== total.industrial) {
      lane.marks = [total]
      this.#onViolation(
        `${nameOf(source, destination)}: the receipts before ${out.next} are not what was sent`
      )
    }
    this.#compare(source, destination, lane)
  }

  #received(source: ChainId, destination: ChainId, state: Reader): void {
    const received = readInLane(state, source)
    if (received === undefined) return
    const lane = this.#lane(source, destination)
    lane.received = received
    this.#compare(source, destination, lane)
  }

  #compare(source: ChainId, destination: ChainId, lane: Lane): void {
    const { marks, received } = lane
    const end = marks.at(-1)
    // A source that this node is behind with says nothing yet.
    if (received === undefined || end === undefined || received.cursor > end.sequence) return
    const { cursor, receivedConsumer, receivedIndustrial } = received
    const mark = marks.find(({ sequence }) => sequence === cursor)
    const isWrong =
      mark === undefined
        ? isAbove(receivedConsumer, end.consumer) || isAbove(receivedIndustrial, end.industrial)
        : receivedConsumer !== mark.consumer || receivedIndustrial !== mark.industrial
    lane.marks = marks.filter((one) => one.sequence >= cursor)
    if (!isWrong) return
    const sum = mark ?? end
    const found = `${receivedConsumer}/${receivedIndustrial} below ${cursor}`
    this.#onViolation(
      `${nameOf(source, destination)}: received ${found}, sent ${sum.consumer}/${sum.industrial}`
    )
  }

  #lane(source: ChainId, destination: ChainId): Lane {
    const name = nameOf(source, destination)
    const known = this.#lanes.get(name)
    if (known !== undefined) return known
    const lane: Lane = { marks: [], received: undefined }
    this.#lanes.set(name, lane)
    return lane
  }
}

/** Sums go around at 2^64 (R11). */
const around = (sum: bigint): bigint => BigInt.asUintN(64, sum)
/** Of what is on its way nothing tells more than that it is less than half of what there can be. */
const isAbove = (received: bigint, sent: bigint): boolean => around(sent - received) >= 2n ** 63n

const nameOf = (source: ChainId, destination: ChainId): string =>
  `lane ${chainName(source)} to ${chainName(destination)}`

/** @returns undefined if an entry on the way is not held any more. */
function marksAfter(state: Reader, destination: ChainId, last: Mark, next: number): Mark[] | undefined {
  const marks: Mark[] = []
  for (let at = last; at.sequence < next;) {
    const value = state.get(outboxKey(destination, at.sequence))
    if (value === undefined) return undefined
    const { receipts } = OutboxEntryType.deserialize(value)
    let { consumer, industrial } = at
    for (const receipt of receipts) {
      consumer = around(consumer + receipt.consumer)
      industrial = around(industrial + receipt.industrial)
    }
    at = { sequence: at.sequence + receipts.length, consumer, industrial }
    marks.push(at)
  }
  return marks
}
