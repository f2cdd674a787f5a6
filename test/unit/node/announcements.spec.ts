/** Who announces the lanes of a source, what it says, and what a node that does not follow it makes of that (R4, GOS-14). */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { AnnouncementType } from '../../../src/codec/announcement.ts'
import type { Announcement } from '../../../src/codec/announcement.ts'
import { HeaderType, blockHash } from '../../../src/codec/block.ts'
import type { Certificate } from '../../../src/codec/statement.ts'
import { laneHolds } from '../../../src/chain/announcement.ts'
import { VerifyPoolError } from '../../../src/crypto/errors.ts'
import { GOSSIP_BYTES_MAX } from '../../../src/net/limits.ts'
import { ANNOUNCED_BEHIND_MAX, Announcements, assembleAnnouncement } from '../../../src/node/announcements.ts'
import type { AnnouncementsComponents } from '../../../src/node/announcements.ts'
import type { Source } from '../../../src/node/chain/outbox.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { equal as equalBytes } from '../../../src/primitives/bytes.ts'
import type { Committee } from '../../../src/sharding/types.ts'
import { someKey } from '../../support/genesis.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { peer } from '../../support/node-fakes.ts'
import { CONSTANTS } from '../../support/state.ts'

const SHARDS = 3
const MEMBERS = Array.from({ length: 7 }, (_, index) => someKey(index + 1))
const RECEIPTS = someKey(99)

/** Its last final block, proposed by the member, with a certificate of its own. */
function finalOf(
  chain: LaneChain,
  { proposer = 0, receiptsOutRoot = RECEIPTS, coordHeight = 0 } = {}
): Source {
  const header = { ...chain.header(), receiptsOutRoot, coordHeight, proposer: MEMBERS[proposer]! }
  return { header, certificate: { ...chain.certificate(), hash: blockHash(header) }, state: chain.state }
}

/** Three shards; the first has sent to the others. */
function scene(): readonly [LaneChain, LaneChain, LaneChain] {
  const chains = laneChains(SHARDS) as [LaneChain, LaneChain, LaneChain]
  const [a, ...others] = chains
  for (const to of others) a.run({ transactions: [a.pay(a.parties[0]!, to.parties[0]!.address, 5n)] })
  return chains
}

interface Setup {
  readonly own?: number
  readonly listeners?: number
  readonly follows?: readonly Source[]
  readonly certificateHolds?: AnnouncementsComponents['certificateHolds']
  readonly coordHeight?: number
}

function node({ own, listeners = 1, follows = [], certificateHolds, coordHeight = 0 }: Setup = {}) {
  const published: Announcement[] = []
  const hints: (readonly [ChainId, ChainId])[] = []
  const coord: Source = {
    header: { ...HeaderType.defaultValue(), chain: COORD, height: coordHeight },
    certificate: undefined,
    state: follows[0]?.state ?? scene()[2].state
  }
  const sources = new Map([coord, ...follows].map((source) => [source.header.chain, source]))
  const announcements = new Announcements({
    network: {
      listeners: () => listeners,
      publish: async (_chain, _kind, data) => published.push(AnnouncementType.deserialize(data))
    },
    constants: { ...CONSTANTS, shards: SHARDS },
    epochs: {
      committee: () => ({ members: MEMBERS }) as unknown as Committee,
      memberIndex: (_chain, _epoch, key) => {
        const at = MEMBERS.findIndex((member) => equalBytes(member, key))
        return at < 0 ? undefined : at
      }
    },
    source: (chain) => sources.get(chain),
    certificateHolds: certificateHolds ?? (async () => true),
    publicKey: own === undefined ? undefined : MEMBERS[own]!,
    hinted: (source, destination) => void hints.push([source, destination]),
    failed: (error) => {
      throw error
    }
  })
  const finalised = (source: Source): number => {
    sources.set(source.header.chain, source)
    announcements.finalised(source.header)
    return published.length
  }
  const judged = async (announcement: Announcement): Promise<string> => {
    const judge = announcements.judge(shardId(0))
    const { action, rule } = await judge(AnnouncementType.serialize(announcement), peer('a'))
    return `${action} ${rule}`
  }
  return { announcements, published, hints, finalised, judged }
}

describe('announcing receipts', () => {
  it('R4: the proposer and the two members behind it announce a block that emits; nobody else, and no other block', () => {
    const [a] = scene()
    const announcers = MEMBERS.map((_, own) => node({ own }).finalised(finalOf(a, { proposer: 5 })))
    deepEqual(announcers, [1, 0, 0, 0, 0, 1, 1])
    equal(node().finalised(finalOf(a)), 0, 'a follower without a key')
    const silent = finalOf(a, { receiptsOutRoot: new Uint8Array(32) })
    equal(node({ own: 0 }).finalised(silent), 0, 'nothing emitted')
    equal(node({ own: 0, listeners: 0 }).finalised(finalOf(a)), 0, 'nobody listens')
    const catchingUp = { own: 0, coordHeight: ANNOUNCED_BEHIND_MAX + 1 }
    equal(node(catchingUp).finalised(finalOf(a)), 0, 'who catches up has nothing to tell')
    equal(node(catchingUp).finalised(finalOf(a, { coordHeight: 1 })), 1)
    const other = finalOf(a)
    equal(
      node({ own: 0 }).finalised({ ...other, certificate: a.certificate() }),
      0,
      'not its own certificate'
    )
    equal(node({ own: 0 }).finalised({ ...other, certificate: undefined }), 0, 'no certificate')
  })

  it('R4: what it says is proven by the state, and the same from every node that holds it', () => {
    const [a, b, c] = scene()
    const [one, two] = [node({ own: 0 }), node({ own: 1 })]
    for (const each of [one, two]) each.finalised(finalOf(a))
    deepEqual(one.published, two.published)
    const [announcement] = one.published
    ok(announcement)
    deepEqual(
      announcement.lanes.map(({ destination, lane }) => [destination, lane.next]),
      [
        [b.chain, 1],
        [c.chain, 1]
      ]
    )
    ok(announcement.lanes.every((lane) => laneHolds(announcement, lane)))
  })

  it('R4: a lane that has not moved is not announced again, one that has is; acknowledged ones are left out', () => {
    const [a, b] = scene()
    const { finalised, published } = node({ own: 0 })
    equal(finalised(finalOf(a)), 1)
    a.run({})
    equal(finalised(finalOf(a)), 1, 'nothing new')
    b.run({ deliveries: b.deliveries(a, 1) })
    a.run({ deliveries: a.deliveries(b, 1) })
    equal(finalised(finalOf(a)), 1, 'only acknowledged')
    a.run({ transactions: [a.pay(a.parties[0]!, b.parties[0]!.address, 5n)] })
    equal(finalised(finalOf(a)), 2)
    a.run({ deliveries: (b.run({ deliveries: b.deliveries(a, 1) }), a.deliveries(b, 1)) })
    const { lanes } = assembleAnnouncement(finalOf(a), SHARDS)!
    deepEqual(
      lanes.map(({ destination }) => destination),
      [shardId(2)]
    )
    equal(published.length, 2)
  })

  it('R4, GOS-2: whatever its certificate, an announcement fits the topic', () => {
    const [a] = scene()
    const source = finalOf(a)
    const signatures = Array.from({ length: 1_024 }, () => new Uint8Array(64))
    const large = assembleAnnouncement(
      { ...source, certificate: { ...source.certificate!, signatures } },
      SHARDS
    )
    ok(AnnouncementType.serialize(large!).length <= GOSSIP_BYTES_MAX.receipt)
  })
})

describe('hearing of receipts', () => {
  const told = (of: Source): Announcement => assembleAnnouncement(of, SHARDS)!

  it('R4: a destination that is followed is asked for, once for each step of its lane; another one is only relayed', async () => {
    const [a, b] = scene()
    const { judged, hints } = node({ follows: [finalOf(b)] })
    equal(await judged(told(finalOf(a))), 'accept valid')
    deepEqual(hints, [[a.chain, b.chain]])
    equal(await judged(told(finalOf(a))), 'ignore already-held')
    a.run({ transactions: [a.pay(a.parties[0]!, b.parties[0]!.address, 5n)] })
    equal(await judged(told(finalOf(a))), 'accept valid')
    equal(hints.length, 2)
  })

  it('GOS-14: what the destination has applied is old news, to a node that has just started too', async () => {
    const [a, b, c] = scene()
    const announcement = told(finalOf(a))
    const toB = {
      ...announcement,
      lanes: announcement.lanes.filter(({ destination }) => destination === b.chain)
    }
    b.run({ deliveries: b.deliveries(a, 1) })
    equal(await node({ follows: [finalOf(b)] }).judged(toB), 'ignore already-held')
    equal(await node({ follows: [finalOf(c)] }).judged(toB), 'accept valid')
  })

  it('GOS-14: a header that is long over is ignored before anything is verified', async () => {
    const [a] = scene()
    const asked: Certificate[] = []
    const certificateHolds = async (certificate: Certificate): Promise<boolean> => asked.push(certificate) > 0
    const behind = (coordHeight: number) =>
      node({ coordHeight, certificateHolds }).judged(told(finalOf(a, { coordHeight: 10 })))
    equal(await behind(10 + ANNOUNCED_BEHIND_MAX + 1), 'ignore late')
    equal(asked.length, 0)
    equal(await behind(10 + ANNOUNCED_BEHIND_MAX), 'accept valid')
  })

  it('GOS-6, GOS-14: a certificate that does not hold costs the relayer; a verifier of ours that is busy costs nobody', async () => {
    const [a] = scene()
    const certificateHolds = async (): Promise<boolean> => {
      throw new VerifyPoolError({ code: 'CRYPTO_POOL_STOPPED' })
    }
    const busy = node({ certificateHolds })
    equal(await busy.judged(told(finalOf(a))), 'ignore our-fault')
    equal(
      await node({ certificateHolds: async () => false }).judged(told(finalOf(a))),
      'reject bad-certificate'
    )
  })

  it('GOS-14: of two that say the same, judged at the same time, one travels on', async () => {
    const [a, b] = scene()
    const { judged, hints } = node({ follows: [finalOf(b)] })
    const whole = told(finalOf(a))
    const part = { ...whole, lanes: whole.lanes.slice(0, 1) }
    deepEqual(await Promise.all([judged(whole), judged(part)]), ['accept valid', 'ignore already-held'])
    equal(hints.length, 1)
  })

  it('GOS-14: what is refused is not remembered', async () => {
    const [a, b] = scene()
    const { judged, hints } = node({ follows: [finalOf(b)] })
    const right = told(finalOf(a))
    const [first, ...others] = right.lanes
    const further = { ...right, lanes: [{ ...first!, lane: { ...first!.lane, next: 1_000_000 } }, ...others] }
    equal(await judged(further), 'reject bad-proof')
    equal(await judged(right), 'accept valid')
    equal(hints.length, 1)
  })
})
