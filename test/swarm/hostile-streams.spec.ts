/** Strangers on every protocol: handshake, `consensus/1`, requests, and what they answer to ours (protocols/reqresp.md). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  BlockEnvelopeType,
  BlocksByHashType,
  ConsensusStatusType,
  FRAME_BOUNDARY,
  FRAME_CERTIFICATE,
  FRAME_STATUS,
  FRAME_VOTE,
  FinalRangeType,
  StatusType
} from '../../src/codec/messages.ts'
import { ReceiptsRequestType } from '../../src/codec/receipt.ts'
import { CertificateType, FINALISE, NOTARISE, VoteType } from '../../src/codec/statement.ts'
import { REFUSALS } from '../../src/net/handshake.ts'
import type { HandshakeRefusal } from '../../src/net/handshake.ts'
import { RESULT_CODES, encodeResult } from '../../src/net/request-codes.ts'
import { ZERO_HASH, concat, equal } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { BitArray } from '@chainsafe/ssz'
import { describeAttacks } from '../support/arena.ts'
import type { Arena, Attack } from '../support/arena.ts'
import { aCertificate, aVote, someHash } from '../support/forge.ts'
import { cutFrame, hugeFrame } from '../support/hostile.ts'
import type { Answer, Hostile } from '../support/hostile.ts'

function shaking(title: string, outcome: HandshakeRefusal, status: (hostile: Hostile) => Uint8Array): Attack {
  return {
    title,
    counted: ['icn_handshake_total', { outcome }],
    fault: outcome === 'garbage',
    stranger: true,
    act: async (arena, hostile) => {
      const code = await hostile.shakeHands(status(hostile))
      assert.equal(code, REFUSALS.indexOf(outcome) + 1, 'it is told why')
      await arena.swarm.until(() => arena.target.network!.peers().every(({ peer }) => peer !== hostile.peer))
    }
  }
}

const HANDSHAKES: readonly Attack[] = [
  shaking('REQ-4 a node of another genesis', 'wrong-network', (hostile) =>
    StatusType.serialize(hostile.status({ network: someHash() }))
  ),
  shaking('REQ-4 another genesis with the same first 31 bytes of its id', 'wrong-network', (hostile) => {
    const network = hostile.network.slice()
    network[31]! ^= 1
    return StatusType.serialize(hostile.status({ network }))
  }),
  shaking('REQ-4 a node that requires what we do not know', 'missing-features', (hostile) =>
    StatusType.serialize(hostile.status({ features: 1n, required: 1n }))
  ),
  shaking('REQ-8 a status that is garbage', 'garbage', () => new Uint8Array(randomBytes(200)))
]

/** Frames on `consensus/1`. */
function telling(title: string, frame: (arena: Arena) => Uint8Array): Attack {
  return {
    title,
    counted: ['icn_peer_fact_total', { fact: 'invalid' }],
    fault: true,
    act: async (arena, hostile) => hostile.frame(frame(arena))
  }
}
const kind = (number: number, bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(number), bytes)

const CONSENSUS: readonly Attack[] = [
  telling('REQ-6 a kind of frame that is none', () => kind(250, randomBytes(80))),
  telling('REQ-6 a kind byte and nothing', () => Uint8Array.of(FRAME_VOTE)),
  ...[FRAME_STATUS, FRAME_CERTIFICATE, FRAME_VOTE, FRAME_BOUNDARY].map((number) =>
    telling(`REQ-6 garbage in a frame of kind ${number}`, () => {
      // The chain is one that the node follows, so that the rest is read.
      const garbage = new Uint8Array(randomBytes(120))
      new DataView(garbage.buffer).setUint16(number === FRAME_BOUNDARY ? 33 : 0, COORD, true)
      return kind(number, garbage)
    })
  ),
  telling('C31 a forged vote', (arena) => {
    const other = (arena.self(COORD) + 1) % 4
    return kind(FRAME_VOTE, VoteType.serialize(aVote(arena, COORD, { signer: other })))
  }),
  telling('C31 a nullification with one signature missing', (arena) => {
    const places = [0, 1, 2].map((place) => [place, arena.key] as const)
    const view = arena.instance(COORD).view + 3
    const whole = aCertificate(arena, COORD, places, { view })
    return kind(
      FRAME_CERTIFICATE,
      CertificateType.serialize({ ...whole, signatures: whole.signatures.slice(1) })
    )
  }),
  {
    title: 'REQ-8 an empty frame',
    counted: ['icn_stream_refused_total', { protocol: 'consensus', reason: 'garbage' }],
    fault: true,
    act: async (_arena, hostile) => hostile.frame(new Uint8Array(0))
  },
  {
    title: 'REQ-8 a frame above its bound',
    counted: ['icn_stream_refused_total', { protocol: 'consensus', reason: 'oversize' }],
    fault: true,
    act: async (_arena, hostile) => hostile.rawConsensus(hugeFrame())
  },
  {
    title: 'REQ-8 a stream that ends inside a frame',
    counted: ['icn_stream_refused_total', { protocol: 'consensus', reason: 'cut' }],
    fault: true,
    act: async (_arena, hostile) => hostile.rawConsensus(cutFrame())
  }
]

const VALID: Readonly<Record<'bodies' | 'certificates' | 'receipts', Uint8Array>> = {
  bodies: BlocksByHashType.serialize({ chain: shardId(7), hashes: [ZERO_HASH] }),
  certificates: FinalRangeType.serialize({ chain: COORD, from: 0, limit: 8 }),
  receipts: ReceiptsRequestType.serialize({ source: shardId(7), destination: shardId(0), from: 0 })
}

/** Requests: garbage, too large, cut, and two that are right but cannot be served. */
const REQUESTS: readonly Attack[] = [
  ...(['bodies', 'certificates', 'receipts', 'transactions'] as const).flatMap((protocol): Attack[] => [
    {
      title: `REQ-7 ${protocol}: garbage for a request`,
      counted: ['icn_request_served_total', { protocol, outcome: 'invalid' }],
      fault: true,
      act: async (_arena, hostile) => {
        const [code] = await hostile.request(protocol, randomBytes(50))
        assert.equal(code?.[0], RESULT_CODES.indexOf('invalid'))
      }
    },
    {
      title: `REQ-8 ${protocol}: a request above its size`,
      counted: ['icn_stream_refused_total', { protocol, reason: 'oversize' }],
      fault: true,
      act: async (_arena, hostile) => void (await hostile.rawRequest(protocol, hugeFrame()))
    },
    {
      title: `REQ-8 ${protocol}: a request that ends inside its frame`,
      counted: ['icn_stream_refused_total', { protocol, reason: 'cut' }],
      fault: true,
      act: async (_arena, hostile) => void (await hostile.rawRequest(protocol, cutFrame()))
    }
  ]),
  ...(['bodies', 'certificates', 'receipts'] as const).map((protocol): Attack => ({
    title: `REQ-7 ${protocol}: a request for what nobody has is no fault`,
    counted: ['icn_request_served_total', { protocol, outcome: 'lacks' }],
    fault: false,
    act: async (_arena, hostile) => {
      const [code] = await hostile.request(protocol, VALID[protocol])
      assert.equal(code?.[0], RESULT_CODES.indexOf('lacks'))
    }
  }))
]

const ok = encodeResult('ok')

/** Says that it is far ahead, so that the target asks it for a range, and answers that. */
function promising(title: string, outcome: string, answer: Answer): Attack {
  return {
    title: `REQ-8 C19 certificates: ${title}`,
    counted: ['icn_request_total', { protocol: 'certificates', outcome }],
    fault: true,
    act: async (arena, hostile) => {
      await hostile.answer('certificates', answer)
      const { config, final, view } = arena.instance(COORD)
      const status = ConsensusStatusType.serialize({
        chain: COORD,
        epoch: config.epoch,
        view,
        finalHeight: final.height + 1_000,
        finalView: final.view,
        notarised: BitArray.fromBitLen(0),
        nullified: BitArray.fromBitLen(0),
        reply: 1
      })
      await hostile.frame(kind(FRAME_STATUS, status))
    }
  }
}

/** A final block of the target's own chain: right, but not what was asked for. */
const ANSWERS: readonly Attack[] = [
  promising('no result code that exists', 'garbage', () => [Uint8Array.of(9)]),
  promising('nothing at all', 'cut', () => []),
  promising('a frame above its bound', 'oversize', () => [ok, new Uint8Array(6 * 1024 * 1024)]),
  promising('more frames than a range has', 'too-many', () => [
    ok,
    ...Array.from({ length: 70 }, () => Uint8Array.of(1))
  ]),
  promising('garbage for blocks', 'ok', () => [ok, randomBytes(500), randomBytes(500)]),
  promising('a certificate alone', 'ok', () => [ok, randomBytes(500)])
]

/** The leader's vote names a block that only the stranger can have; it gives another one. */
const WRONG_BLOCK: Attack = {
  title: 'REQ-7 bodies: another block than the one asked for',
  counted: ['icn_request_total', { protocol: 'bodies', outcome: 'ok' }],
  fault: true,
  act: async (arena, hostile) => {
    const block = arena.target.chains!.coord.store.block(1)!
    const envelope = BlockEnvelopeType.serialize({ header: block.header, body: block.bodyBytes })
    await hostile.answer('bodies', () => [ok, envelope])
    const view = arena.viewOf(COORD, arena.self(COORD), arena.instance(COORD).view)
    await arena.swarm.until(() => arena.instance(COORD).view >= view, { what: 'its turn' })
    const vote = aVote(arena, COORD, { view, kind: NOTARISE })
    await hostile.publish(COORD, 'vote', VoteType.serialize(vote))
  }
}

/** A certificate of a block that does not exist: nobody stops for it. */
const NO_QUORUM: Attack = {
  title: 'C5 C23: finality that its signatures do not prove makes nobody wait',
  counted: ['icn_peer_fact_total', { fact: 'invalid' }],
  fault: true,
  act: async (arena, hostile) => {
    const places = [0, 1, 2].map((place) => [place, arena.key] as const)
    const forged = aCertificate(arena, COORD, places, {
      view: arena.instance(COORD).view + 2,
      kind: FINALISE,
      hash: someHash()
    })
    await hostile.frame(kind(FRAME_CERTIFICATE, CertificateType.serialize(forged)))
  },
  after: async (arena) => {
    const { target } = arena.instance(COORD)
    assert(target === undefined || !equal(target.hash, ZERO_HASH))
  }
}

describe('hostile peers: streams', () => {
  describeAttacks('handshake', HANDSHAKES)
  describeAttacks('consensus/1', [...CONSENSUS, NO_QUORUM])
  describeAttacks('requests', REQUESTS)
  describeAttacks('answers', [...ANSWERS, WRONG_BLOCK])
})
