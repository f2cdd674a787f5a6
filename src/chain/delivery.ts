/**
 * Whether a delivery proves what it says (R5, R6, R10): a final header of the source, its finality certificate under
 * the source's own committee of that epoch, and proofs of outbox entries and of the cursor against its state root.
 * Pure: signatures are checked by the caller, the order of receipts by the state.
 */
import { equal } from '../primitives/bytes.ts'
import { COORD, isShard } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { DeliveryType, InLaneType, OutboxEntryType } from '../codec/receipt.ts'
import type { DeliveredEntry, Delivery, Receipt } from '../codec/receipt.ts'
import { decode } from '../codec/ssz.ts'
import { FINALISE } from '../codec/statement.ts'
import type { Params } from '../params/params.ts'
import { inLaneKey, outboxKey } from '../state/keys.ts'
import { verifyProof } from '../state/proof.ts'
import type { CheckedDelivery } from '../state/receipts.ts'

export type DeliveryCode =
  | 'delivery-malformed'
  | 'delivery-source'
  | 'delivery-reference'
  | 'delivery-epoch'
  | 'delivery-certificate'
  | 'delivery-proof'
  | 'delivery-receipts'

export interface DeliveryJudgement {
  readonly network: Uint8Array
  /** The chain of the block that carries it. */
  readonly chain: ChainId
  readonly shards: number
  readonly params: Pick<Params, 'epochLength' | 'freezeDistance'>
  /** The block's reference; on coord the height below its own. */
  readonly coordHeight: number
  /** Hash of the block's reference; zero on coord, which is no source for itself. */
  readonly coordHash: Uint8Array
  /** The delivery's certificate was checked signature by signature under its committee (C5). */
  readonly certificateValid: boolean
}

export const readDelivery = (bytes: Uint8Array): Verdict<Delivery, DeliveryCode> => {
  const decoded = decode(DeliveryType, bytes)
  return decoded.ok ? decoded : refuse('delivery-malformed', decoded.detail)
}

export function judgeDelivery(
  bytes: Uint8Array,
  delivery: Delivery,
  against: DeliveryJudgement
): Verdict<CheckedDelivery, DeliveryCode> {
  const { header, entries, acknowledgement } = delivery
  const refusal =
    judgeSource(header, against) ??
    judgeCertificate(delivery, against) ??
    judgeEntries(header, entries, against.chain) ??
    judgeAcknowledgement(delivery, against.chain)
  return (
    refusal ??
    accept({
      source: header.chain,
      bytes,
      receipts: entries.flatMap(({ entry }) => entry.receipts),
      acknowledgement: acknowledgement[0]?.lane
    })
  )
}

/** R6: the committee must be frozen at or below the block's reference; what is later waits, and is nobody's fault. */
function judgeSource(header: Header, against: DeliveryJudgement): Refusal<DeliveryCode> | undefined {
  const { chain, shards, network, params, coordHeight } = against
  const isOurs = header.chain === COORD || (isShard(header.chain) && header.chain < shards)
  if (!isOurs || header.chain === chain || !equal(header.network, network)) {
    return refuse('delivery-source', `chain ${header.chain} to chain ${chain}`)
  }
  // Of coord the block's own reference says what is final.
  if (header.chain === COORD) return undefined
  return isEpochKnownAt(header.epoch, coordHeight, params)
    ? undefined
    : refuse('delivery-epoch', `epoch ${header.epoch} is not frozen at coordination height ${coordHeight}`)
}

/** C2: `snapshot(epoch)` exists from height epoch · L − F on. */
export const isEpochKnownAt = (
  epoch: number,
  coordHeight: number,
  { epochLength, freezeDistance }: DeliveryJudgement['params']
): boolean => epoch === 0 || epoch * epochLength - freezeDistance <= coordHeight

function judgeCertificate(
  { header, certificate: held }: Delivery,
  { certificateValid, coordHash }: DeliveryJudgement
): Refusal<DeliveryCode> | undefined {
  const [certificate] = held
  if (header.chain === COORD) {
    const isReference = certificate === undefined && equal(blockHash(header), coordHash)
    return isReference
      ? undefined
      : refuse('delivery-reference', `coordination block ${header.height} is not the reference`)
  }
  if (certificate === undefined) return refuse('delivery-certificate', 'no finality certificate')
  const { kind, chain, epoch, hash } = certificate
  const fits = kind === FINALISE && chain === header.chain && epoch === header.epoch
  if (!fits || !equal(hash, blockHash(header)))
    return refuse('delivery-certificate', 'the certificate is not over the header')
  return certificateValid ? undefined : refuse('delivery-certificate', 'the certificate does not hold')
}

function judgeEntries(
  header: Header,
  entries: readonly DeliveredEntry[],
  chain: ChainId
): Refusal<DeliveryCode> | undefined {
  let next = entries[0]?.entry.receipts[0]?.sequence ?? 0
  for (const { entry, proof } of entries) {
    const value = OutboxEntryType.serialize(entry)
    if (!areOfLane(entry.receipts, header.chain, chain, next)) {
      return refuse('delivery-receipts', `outbox entry ${next}`)
    }
    if (!verifyProof(header.stateRoot, outboxKey(chain, next), value, proof)) {
      return refuse('delivery-proof', `outbox entry ${next}`)
    }
    next += entry.receipts.length
  }
  return undefined
}

export const areOfLane = (
  receipts: readonly Receipt[],
  source: ChainId,
  destination: ChainId,
  first: number
): boolean =>
  receipts.length > 0 &&
  receipts.every(
    (receipt, index) =>
      receipt.source === source && receipt.destination === destination && receipt.sequence === first + index
  )

function judgeAcknowledgement(
  { header, acknowledgement }: Delivery,
  chain: ChainId
): Refusal<DeliveryCode> | undefined {
  const [proven] = acknowledgement
  if (proven === undefined) return undefined
  const value = InLaneType.serialize(proven.lane)
  return verifyProof(header.stateRoot, inLaneKey(chain), value, proven.proof)
    ? undefined
    : refuse('delivery-proof', 'acknowledgement')
}
