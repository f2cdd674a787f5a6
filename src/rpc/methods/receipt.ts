/** Methods about receipts between chains and the lanes they travel on. */
import type { LaneJson } from '../../client/receipt-types.ts'
import { readTransferProof } from '../../client/transfer-proof.ts'
import { chainToJson } from '../../primitives/chain-id.ts'
import { toHex } from '../../primitives/bytes.ts'
import { must } from '../../primitives/errors.ts'
import { accept } from '../../primitives/result.ts'
import { placeJson, receiptJson } from '../json.ts'
import { PROOF_WEIGHT, invalidParams, method } from '../method.ts'
import type { Method } from '../method.ts'
import { chainParam, hexParam, integerParam, optional } from '../params.ts'
import type { LaneFacts } from '../port.ts'
import { chainRefusal } from '../refusals.ts'
import { finalPlace } from './chain.ts'

const receiptStatus = method('receipt_status', {
  summary: 'Where a receipt stands, as far as the followed chains can tell',
  params: { source: chainParam, destination: chainParam, sequence: integerParam('sequence', 0) },
  async call(port, place) {
    if (place.source === place.destination) return invalidParams('a lane leads to another chain')
    // One end is enough to say something.
    const refusal = chainRefusal(port, place.source)
    if (refusal !== undefined && chainRefusal(port, place.destination) !== undefined) return refusal
    return accept(receiptJson(await port.receipt(place)))
  }
})

const txProof = method('tx_proof', {
  summary: 'What became of a transfer to another shard, to be checked with the genesis or a checkpoint alone',
  params: {
    id: hexParam('transaction id', { length: 32 }),
    hop: optional(integerParam('0: what it sent, 1: what came back', 0, 1)),
    checkpoint: optional(integerParam('height of a coordination block the reader vouches for', 1))
  },
  weight: PROOF_WEIGHT,
  async call(port, { id, hop = 0, checkpoint }) {
    const answer = await port.transferProof({ id, hop, ...(checkpoint === undefined ? {} : { checkpoint }) })
    if (!answer.ok) return answer
    const transfer = must(readTransferProof(answer.value), 'this node made the proof')
    return accept({ id: toHex(id), proof: toHex(answer.value), transfer })
  }
})

const supplyProof = method('supply_proof', {
  summary: 'What every chain holds, sent and received, to be checked with the genesis or a checkpoint alone',
  params: { checkpoint: optional(integerParam('height of a coordination block the reader vouches for', 1)) },
  weight: PROOF_WEIGHT,
  async call(port, { checkpoint }) {
    const answer = await port.supplyProof(checkpoint)
    return answer.ok ? accept({ proof: toHex(answer.value) }) : answer
  }
})

const laneList = method('lane_list', {
  summary: 'What a chain has sent to and received from each other chain',
  params: { chain: chainParam },
  call(port, { chain }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const asOf = placeJson(finalPlace(port, chain))
    return accept({ chain: chainToJson(chain), lanes: port.lanes(chain).map(laneJson), asOf })
  }
})

function laneJson({ other, out, in: inbound }: LaneFacts): LaneJson {
  const { next = 0, acknowledged = 0, bytes = 0 } = out ?? {}
  const sent = { consumer: String(out?.sentConsumer), industrial: String(out?.sentIndustrial) }
  const { cursor = 0, refunds = 0 } = inbound ?? {}
  const received = {
    consumer: String(inbound?.receivedConsumer),
    industrial: String(inbound?.receivedIndustrial)
  }
  return {
    other: chainToJson(other),
    ...(out === undefined ? {} : { out: { next, acknowledged, bytes, ...sent } }),
    ...(inbound === undefined ? {} : { in: { cursor, refunds, ...received } })
  }
}

export const receiptMethods: readonly Method[] = [receiptStatus, txProof, supplyProof, laneList]
