/**
 * The lanes of one chain while a block is executed (R1, R2, R7, R9, R10): numbers for what is emitted, the cursor of
 * what is delivered, and the outbox entries that live until the destination's cursor has passed them. Counters only
 * grow; an entry is proven, delivered and forgotten as a whole.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { refuse } from '../primitives/result.ts'
import type { Refusal } from '../primitives/result.ts'
import {
  ENTRY_RECEIPTS_MAX,
  InLaneType,
  OutLaneType,
  OutboxEntryType,
  ReceiptType
} from '../codec/receipt.ts'
import type { InLane, OutLane, Receipt } from '../codec/receipt.ts'
import type { Type } from '../codec/ssz.ts'
import { inLaneKey, outLaneKey, outboxKey } from './keys.ts'
import type { StateView } from './ports.ts'

/** What an action says of a receipt; lane and sequence are given to it here. */
export type ReceiptDraft = Omit<Receipt, 'source' | 'destination' | 'sequence'>

/** An outbox entry that a block made: a record of its state. */
export interface EmittedEntry {
  readonly destination: ChainId
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface LaneLimits {
  readonly laneReceiptsMax: number
  readonly laneBytesMax: number
}

export type AcknowledgementFault = 'acknowledgement-back' | 'acknowledgement-ahead'

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Above this share of its capacity a lane takes nothing from users (R9). */
const CONGESTED_PERCENT = 80

const NEW_OUT: OutLane = {
  next: 0,
  acknowledged: 0,
  bytes: 0,
  sentConsumer: 0n,
  sentIndustrial: 0n,
  refundsReported: 0,
  refundsReceived: 0
}
const NEW_IN: InLane = { cursor: 0, refunds: 0, receivedConsumer: 0n, receivedIndustrial: 0n }

export class Lanes {
  readonly #view: Pick<StateView, 'get'>
  readonly #out = new Map<ChainId, Mutable<OutLane>>()
  readonly #in = new Map<ChainId, Mutable<InLane>>()
  readonly #batches = new Map<ChainId, Receipt[]>()
  readonly #before = new Map<Hex, Uint8Array | undefined>()
  readonly #entries = new Map<Hex, Uint8Array | undefined>()

  constructor(view: Pick<StateView, 'get'>) {
    this.#view = view
  }

  /** As it is now; it goes on changing. */
  out(destination: ChainId): OutLane {
    return this.#outLane(destination)
  }

  in(source: ChainId): InLane {
    return this.#inLane(source)
  }

  /** Above all that is an entry by now: what this block emits is one only after it, so nobody can have delivered it. */
  sealedNext(destination: ChainId): number {
    return this.#outLane(destination).next - (this.#batches.get(destination)?.length ?? 0)
  }

  /** R9: refused receipts count until their refund has arrived, so that refunds always find room. */
  isCongested(destination: ChainId, { laneReceiptsMax, laneBytesMax }: LaneLimits): boolean {
    const lane = this.#outLane(destination)
    const outstanding = lane.next - lane.acknowledged + lane.refundsReported - lane.refundsReceived
    const isFull = (used: number, of: number): boolean => used * 100 >= of * CONGESTED_PERCENT
    return isFull(outstanding, laneReceiptsMax) || isFull(lane.bytes, laneBytesMax)
  }

  /** @returns the receipt's sequence. */
  emit(source: ChainId, destination: ChainId, draft: ReceiptDraft): number {
    assert(source !== destination, 'a lane leads to another chain')
    const lane = this.#outLane(destination)
    const receipt = { ...draft, source, destination, sequence: lane.next }
    lane.next += 1
    lane.sentConsumer += draft.consumer
    lane.sentIndustrial += draft.industrial
    const batch = this.#batches.get(destination)
    if (batch === undefined) this.#batches.set(destination, [receipt])
    else batch.push(receipt)
    return receipt.sequence
  }

  /** R7: the next receipt of its lane moves the cursor. */
  receive({ source, sequence, consumer, industrial }: Receipt): void {
    const lane = this.#inLane(source)
    assert(sequence === lane.cursor, 'R7: a receipt out of order')
    lane.cursor += 1
    lane.receivedConsumer += consumer
    lane.receivedIndustrial += industrial
  }

  countRefundEmitted(source: ChainId): void {
    this.#inLane(source).refunds += 1
  }

  countRefundReceived(destination: ChainId): void {
    this.#outLane(destination).refundsReceived += 1
  }

  /** R10: what the destination has proven of this lane, and may say. */
  acknowledge(destination: ChainId, { cursor, refunds }: InLane): void {
    const lane = this.#outLane(destination)
    while (lane.acknowledged < cursor) {
      const key = outboxKey(destination, lane.acknowledged)
      const value = must(this.#view.get(key), `outbox entry ${lane.acknowledged} is not acknowledged`)
      const { receipts } = OutboxEntryType.deserialize(value)
      if (lane.acknowledged + receipts.length > cursor) break
      this.#before.set(toHex(key), value)
      this.#entries.set(toHex(key), undefined)
      lane.bytes -= value.length
      lane.acknowledged += receipts.length
    }
    lane.refundsReported = refunds
  }

  /** Closes the block: what was emitted becomes entries, by destination and sequence. */
  seal(height: number, entryBytesMax: number, amountMax?: bigint): EmittedEntry[] {
    const sealed: EmittedEntry[] = []
    for (const destination of [...this.#batches.keys()].sort((a, b) => a - b)) {
      for (const receipts of cut(this.#batches.get(destination) ?? [], entryBytesMax, amountMax)) {
        const { sequence } = must(receipts[0], 'an entry has a receipt')
        const key = outboxKey(destination, sequence)
        const value = OutboxEntryType.serialize({ height, receipts: [...receipts] })
        this.#outLane(destination).bytes += value.length
        this.#before.set(toHex(key), undefined)
        this.#entries.set(toHex(key), value)
        sealed.push({ destination, key, value })
      }
    }
    this.#batches.clear()
    return sealed
  }

  /** Flat values that differ from the parent's state; undefined: gone. */
  changedValues(): Map<Hex, Uint8Array | undefined> {
    assert(this.#batches.size === 0, 'a block is sealed before its changes are read')
    const changed = new Map(this.#entries)
    const put = (key: Uint8Array, value: Uint8Array): void => {
      const hex = toHex(key)
      const before = this.#before.get(hex)
      if (before === undefined ? !isNew(value) : !equal(before, value)) changed.set(hex, value)
    }
    for (const [destination, lane] of this.#out) put(outLaneKey(destination), OutLaneType.serialize(lane))
    for (const [source, lane] of this.#in) put(inLaneKey(source), InLaneType.serialize(lane))
    return changed
  }

  /** By how much the changes make the state larger. */
  growth(changed: ReadonlyMap<Hex, Uint8Array | undefined>): number {
    let bytes = 0
    for (const [hex, value] of changed) {
      const before = this.#before.get(hex)
      const keyBytes = hex.length / 2
      if (before !== undefined) bytes -= keyBytes + before.length
      if (value !== undefined) bytes += keyBytes + value.length
    }
    return bytes
  }

  #outLane(destination: ChainId): Mutable<OutLane> {
    return this.#lane(this.#out, destination, outLaneKey(destination), OutLaneType, NEW_OUT)
  }

  #inLane(source: ChainId): Mutable<InLane> {
    return this.#lane(this.#in, source, inLaneKey(source), InLaneType, NEW_IN)
  }

  #lane<T extends object>(
    lanes: Map<ChainId, Mutable<T>>,
    other: ChainId,
    key: Uint8Array,
    type: Type<T>,
    fresh: T
  ): Mutable<T> {
    const known = lanes.get(other)
    if (known !== undefined) return known
    const bytes = this.#view.get(key)
    this.#before.set(toHex(key), bytes)
    const lane: Mutable<T> = { ...(bytes === undefined ? fresh : type.deserialize(bytes)) }
    lanes.set(other, lane)
    return lane
  }
}

/** R10: a destination's cursor never goes back and never passes what was emitted before this block. */
export function checkAcknowledgement(
  lanes: Lanes,
  destination: ChainId,
  { cursor, refunds }: InLane
): Refusal<AcknowledgementFault> | undefined {
  const lane = lanes.out(destination)
  const next = lanes.sealedNext(destination)
  if (cursor < lane.acknowledged || refunds < lane.refundsReported) {
    return refuse('acknowledgement-back', `${cursor} after ${lane.acknowledged}`)
  }
  return cursor > next ? refuse('acknowledgement-ahead', `${cursor}, ${next} were emitted`) : undefined
}

/** A lane that was only looked at stays absent. */
const isNew = (value: Uint8Array): boolean => value.every((byte) => byte === 0)

/**
 * Entries of bounded count and size, so that each fits into a delivery, and of amounts that an epoch can take (R12); one
 * receipt always makes one.
 */
function cut(receipts: readonly Receipt[], bytesMax: number, amountMax: bigint | undefined): Receipt[][] {
  const parts: Receipt[][] = []
  let part: Receipt[] = []
  let bytes = 0
  let [consumer, industrial] = [0n, 0n]
  for (const receipt of receipts) {
    const size = ReceiptType.serialize(receipt).length
    consumer += receipt.consumer
    industrial += receipt.industrial
    const isFull = amountMax !== undefined && (consumer > amountMax || industrial > amountMax)
    const isLong = part.length === ENTRY_RECEIPTS_MAX || bytes + size > bytesMax
    if (part.length > 0 && (isFull || isLong)) {
      parts.push(part)
      part = []
      bytes = 0
      consumer = receipt.consumer
      industrial = receipt.industrial
    }
    part.push(receipt)
    bytes += size
  }
  if (part.length > 0) parts.push(part)
  return parts
}
