/**
 * What can be said of an announcement of receipts without a signature check (R4, GOS-14): facts that are equal for
 * everybody who knows the genesis.
 */
import { equal } from '../primitives/bytes.ts'
import { COORD, isShard } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { AnnouncedLane, Announcement } from '../codec/announcement.ts'
import { blockHash } from '../codec/block.ts'
import { OutLaneType } from '../codec/receipt.ts'
import { FINALISE } from '../codec/statement.ts'
import { outLaneKey } from '../state/keys.ts'
import { verifyProof } from '../state/proof.ts'

export type AnnouncementFault = 'wrong-chain' | 'wrong-lanes' | 'wrong-certificate'

export interface AnnouncementPlace {
  readonly network: Uint8Array
  /** The chain of the topic. */
  readonly source: ChainId
  readonly shards: number
}

export function announcementFault(
  { header, certificate, lanes }: Announcement,
  { network, source, shards }: AnnouncementPlace
): AnnouncementFault | undefined {
  if (header.chain !== source || !equal(header.network, network)) return 'wrong-chain'
  const isKnown = (one: ChainId): boolean => one === COORD || (isShard(one) && one < shards)
  const areLanes = lanes.every(
    ({ destination }, at) =>
      isKnown(destination) &&
      destination !== source &&
      (at === 0 || destination > (lanes[at - 1]?.destination ?? destination))
  )
  if (lanes.length === 0 || !areLanes) return 'wrong-lanes'
  const { kind, chain, epoch, hash } = certificate
  const fits = kind === FINALISE && chain === source && epoch === header.epoch
  return fits && equal(hash, blockHash(header)) ? undefined : 'wrong-certificate'
}

/** Whether the header's state has this lane. */
export const laneHolds = ({ header }: Announcement, { destination, lane, proof }: AnnouncedLane): boolean =>
  verifyProof(header.stateRoot, outLaneKey(destination), OutLaneType.serialize(lane), proof)
