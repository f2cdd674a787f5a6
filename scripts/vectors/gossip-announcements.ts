/** Announcements of receipts with the rule that decides on them (GOS-14). */
import { BitArray } from '@chainsafe/ssz'
import { AnnouncementType } from '../../src/codec/announcement.ts'
import type { AnnouncedLane, Announcement } from '../../src/codec/announcement.ts'
import { blockHash } from '../../src/codec/block.ts'
import type { Header } from '../../src/codec/block.ts'
import { OutLaneType } from '../../src/codec/receipt.ts'
import { FINALISE, NOTARISE } from '../../src/codec/statement.ts'
import type { Certificate } from '../../src/codec/statement.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { EMPTY_VIEW, commit } from '../../src/state/commit.ts'
import { outLaneKey } from '../../src/state/keys.ts'
import { proveKey } from '../../src/state/proof.ts'
import { CHAIN, EPOCH, OTHER, rows } from './gossip-case.ts'
import type { Case } from './gossip-case.ts'
import * as samples from './samples.ts'

/** Height of the last final coordination block at the receiver. */
export const COORD_HEIGHT = 200
/** Applied by the receiver of the lane to OTHER, which it follows. */
export const CURSOR = 5
const LAST = shardId(samples.SHARDS - 1)
const LANES: readonly (readonly [destination: ChainId, next: number])[] = [
  [OTHER, 9],
  [LAST, 4],
  [COORD, 2]
]

const laneOf = (next: number) => ({ ...OutLaneType.defaultValue(), next })
const { pages, root } = commit(
  EMPTY_VIEW,
  new Map(LANES.map(([to, next]) => [toHex(outLaneKey(to)), OutLaneType.serialize(laneOf(next))]))
)
const view = { page: (name: Hex) => pages.get(name) }
const announced = (destination: ChainId, next: number): AnnouncedLane => ({
  destination,
  lane: laneOf(next),
  proof: proveKey(view, outLaneKey(destination))
})
const ALL = LANES.map(([destination, next]) => announced(destination, next))

interface Told {
  readonly header?: Partial<Header>
  readonly certificate?: Partial<Certificate>
  readonly lanes?: readonly AnnouncedLane[]
}

function announcement({ header = {}, certificate = {}, lanes = ALL }: Told = {}): Announcement {
  const about = samples.header({
    epoch: EPOCH,
    coordHeight: COORD_HEIGHT,
    stateRoot: root,
    ...header
  })
  const { chain, epoch } = about
  const statement = { chain, epoch, view: about.view, kind: FINALISE, hash: blockHash(about) } as const
  return {
    header: about,
    certificate: { ...samples.certificate(statement, [0, 1, 3]), ...certificate },
    lanes: [...lanes]
  }
}
const bytes = (told: Told = {}): Uint8Array => AnnouncementType.serialize(announcement(told))

export function announcements(): Case[] {
  const good = bytes()
  const [first, second, third] = ALL as [AnnouncedLane, AnnouncedLane, AnnouncedLane]
  const lanes = (...of: AnnouncedLane[]): Uint8Array => bytes({ lanes: of })
  const { signatures } = announcement().certificate
  const bits = BitArray.fromBoolArray([true, true, false, false])
  return rows('receipt', [
    ['three lanes of a final block', 'accept', 'valid', good],
    ['one of them', 'accept', 'valid', lanes(third)],
    ['no bytes', 'reject', 'not-canonical', new Uint8Array(0)],
    ['one byte more', 'reject', 'not-canonical', Uint8Array.of(...good, 0)],
    ['another chain', 'reject', 'wrong-chain', bytes({ header: { chain: OTHER } })],
    ['another network', 'reject', 'wrong-chain', bytes({ header: { network: samples.digest('elsewhere') } })],
    ['no lane', 'reject', 'wrong-lanes', lanes()],
    ['a lane twice', 'reject', 'wrong-lanes', lanes(first, first)],
    ['falling destinations', 'reject', 'wrong-lanes', lanes(second, first)],
    ['to itself', 'reject', 'wrong-lanes', lanes({ ...first, destination: CHAIN })],
    ['to no chain', 'reject', 'wrong-lanes', lanes({ ...second, destination: shardId(samples.SHARDS) })],
    ['a notarisation', 'reject', 'wrong-certificate', bytes({ certificate: { kind: NOTARISE } })],
    ['a certificate of another epoch', 'reject', 'wrong-certificate', bytes({ certificate: { epoch: 2 } })],
    [
      'a certificate of another chain',
      'reject',
      'wrong-certificate',
      bytes({ certificate: { chain: OTHER } })
    ],
    [
      'a certificate over another block',
      'reject',
      'wrong-certificate',
      bytes({ certificate: { hash: samples.digest('block') } })
    ],
    ['64 coordination blocks old', 'accept', 'valid', bytes({ header: { coordHeight: COORD_HEIGHT - 64 } })],
    ['65 coordination blocks old', 'ignore', 'late', bytes({ header: { coordHeight: COORD_HEIGHT - 65 } })],
    ['the same again', 'ignore', 'already-held', good, { before: [good] }],
    ['a lane of it again', 'ignore', 'already-held', lanes(second), { before: [good] }],
    ['a lane more than before', 'accept', 'valid', good, { before: [lanes(first, third)] }],
    ['what the destination has applied', 'ignore', 'already-held', lanes(first), { cursor: 9 }],
    ['one more than it has applied', 'accept', 'valid', lanes(first), { cursor: 8 }],
    ['an epoch whose committee is not known', 'ignore', 'we-lag', good, { knownEpochs: [2] }],
    ['of an epoch that is over', 'accept', 'valid', bytes({ header: { epoch: 2 } })],
    [
      'two signers',
      'reject',
      'bad-certificate',
      bytes({ certificate: { signers: bits, signatures: signatures.slice(0, 2) } })
    ],
    [
      'one changed signature',
      'reject',
      'bad-certificate',
      bytes({ certificate: { signatures: signatures.with(1, new Uint8Array(64)) } })
    ],
    ['another state root', 'reject', 'bad-proof', bytes({ header: { stateRoot: samples.digest('state') } })],
    ['a lane that came further than it did', 'reject', 'bad-proof', lanes({ ...second, lane: laneOf(5) })],
    ['the proof of another lane', 'reject', 'bad-proof', lanes(first, { ...second, proof: first.proof })]
  ])
}
