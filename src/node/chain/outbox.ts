/**
 * Deliveries out of a followed source (R3, R5, R10): whoever holds its state can prove the receipts that a destination
 * lacks, and how far the source itself has come with the lane back. Nothing is kept: it is made from the last final
 * state when a leader builds or a peer asks.
 */
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import {
  DELIVERY_ENTRIES_MAX,
  DeliveredEntryType,
  DeliveryType,
  InLaneType,
  OutLaneType,
  OutboxEntryType
} from '../../codec/receipt.ts'
import { OFFSET_BYTES } from '../../codec/ssz.ts'
import type {
  Acknowledgement,
  DeliveredEntry,
  Delivery,
  InLane,
  OutLane,
  OutboxEntry
} from '../../codec/receipt.ts'
import type { Header } from '../../codec/block.ts'
import type { Certificate } from '../../codec/statement.ts'
import { inLaneKey, outLaneKey, outboxKey } from '../../state/keys.ts'
import type { StateView } from '../../state/ports.ts'
import { proveKey } from '../../state/proof.ts'

/** The last final block of a followed chain, with its own certificate and the state after it. */
export interface Source {
  readonly header: Header
  readonly certificate: Certificate | undefined
  readonly state: StateView
}

type Reader = Pick<StateView, 'get'>

export function readOutLane(state: Reader, destination: ChainId): OutLane | undefined {
  const bytes = state.get(outLaneKey(destination))
  return bytes === undefined ? undefined : OutLaneType.deserialize(bytes)
}

export function readInLane(state: Reader, source: ChainId): InLane | undefined {
  const bytes = state.get(inLaneKey(source))
  return bytes === undefined ? undefined : InLaneType.deserialize(bytes)
}

/** The entry that begins at this cursor, if the source has sent so far. */
export function nextEntry(state: Reader, destination: ChainId, cursor: number): OutboxEntry | undefined {
  if ((readOutLane(state, destination)?.next ?? 0) <= cursor) return undefined
  const value = state.get(outboxKey(destination, cursor))
  return value === undefined ? undefined : OutboxEntryType.deserialize(value)
}

/**
 * @param from the destination's cursor: where an entry begins
 * @param bytesMax of the encoded delivery; the first entry is always taken
 * @returns undefined when there is nothing to say or the source has no certified block yet
 */
export function assembleDelivery(
  source: Source,
  destination: ChainId,
  from: number,
  bytesMax: number
): Delivery | undefined {
  const { header, certificate, state } = source
  const proof = header.chain === COORD ? [] : certificate && [certificate]
  if (proof === undefined) return undefined
  const frame = {
    header,
    certificate: proof,
    entries: [],
    acknowledgement: provenCursor(state, destination)
  }
  const entries = firstThatFit(frame, provenEntries(source, destination, from), bytesMax)
  return entries.length === 0 && frame.acknowledgement.length === 0 ? undefined : { ...frame, entries }
}

/** The delivery without the entries at its end that make it longer than this; the first one always stays. */
export const cutDelivery = (delivery: Delivery, bytesMax: number): Delivery => ({
  ...delivery,
  entries: firstThatFit(delivery, delivery.entries, bytesMax)
})

/** An entry is asked for only when those before it left room, since its proof is work. */
function firstThatFit(
  frame: Delivery,
  entries: Iterable<DeliveredEntry>,
  bytesMax: number
): DeliveredEntry[] {
  const fit: DeliveredEntry[] = []
  let bytes = DeliveryType.value_serializedSize({ ...frame, entries: [] })
  for (const entry of entries) {
    bytes += OFFSET_BYTES + DeliveredEntryType.value_serializedSize(entry)
    if (fit.length > 0 && bytes > bytesMax) break
    fit.push(entry)
    if (fit.length === DELIVERY_ENTRIES_MAX || bytes >= bytesMax) break
  }
  return fit
}

function* provenEntries({ state }: Source, destination: ChainId, from: number): Generator<DeliveredEntry> {
  const { next } = readOutLane(state, destination) ?? { next: 0 }
  for (let at = from; at < next;) {
    const key = outboxKey(destination, at)
    const value = state.get(key)
    if (value === undefined) return
    const entry = OutboxEntryType.deserialize(value)
    yield { entry, proof: proveKey(state, key) }
    at += entry.receipts.length
  }
}

function provenCursor(state: StateView, destination: ChainId): Acknowledgement[] {
  const lane = readInLane(state, destination)
  return lane === undefined ? [] : [{ lane, proof: proveKey(state, inLaneKey(destination)) }]
}
