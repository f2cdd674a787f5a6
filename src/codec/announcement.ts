/**
 * What the followers of a chain tell everybody else of its outgoing lanes (R4): a final header, its finality
 * certificate, and how far lanes have come in the state under it. All of it is proven, so it can be relayed by nodes
 * that follow neither end.
 */
import { HeaderType, MAX_DELIVERIES } from './block.ts'
import { OutLaneType } from './receipt.ts'
import { Chain, ContainerType, ListCompositeType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { StateProofType } from './state-proof.ts'
import { CertificateType } from './statement.ts'

/** As many as a block can carry deliveries: a source with more destinations takes turns. */
export const ANNOUNCED_LANES_MAX = MAX_DELIVERIES

export const AnnouncedLaneType = new ContainerType(
  {
    destination: Chain,
    lane: OutLaneType,
    /** That the lane stands in the source's state under the header. */
    proof: StateProofType
  },
  { typeName: 'AnnouncedLane' }
)
export type AnnouncedLane = ValueOf<typeof AnnouncedLaneType>

export const AnnouncementType = new ContainerType(
  {
    /** A final header of the source. */
    header: HeaderType,
    /** Its own finality certificate. */
    certificate: CertificateType,
    /** At least one, by rising destination. */
    lanes: new ListCompositeType(AnnouncedLaneType, ANNOUNCED_LANES_MAX)
  },
  { typeName: 'Announcement' }
)
export type Announcement = ValueOf<typeof AnnouncementType>
