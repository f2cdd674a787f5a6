import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import {
  MetadataRequestType,
  PeersRequestType,
  SignedPeerRecordType
} from '../../../../src/codec/peer-record.ts'
import { Exchange } from '../../../../src/net/discovery/exchange.ts'
import { OwnRecord } from '../../../../src/net/discovery/own-record.ts'
import { PeerBook } from '../../../../src/net/discovery/peer-book.ts'
import { RECORD_AHEAD_MS, judgeRecord } from '../../../../src/net/discovery/peer-records.ts'
import { createSigningFunction, publicKeyFromSeed } from '../../../../src/crypto/ed25519.ts'
import type { Peer, Response } from '../../../../src/net/types.ts'
import { COORD, shardId } from '../../../../src/primitives/chain-id.ts'
import { NETWORK, seedOf } from '../../../support/net.ts'
import { signedRecord } from '../../../support/peer-records.ts'

const PUBLIC = multiaddr('/ip4/8.8.8.8/tcp/1')
const HOME = multiaddr('/ip4/10.0.0.1/tcp/1')
const NOW = 100_000_000
const DAY = 24 * 3_600_000
const nameOf = (name: string): Peer => signedRecord(name).peer

interface Setup {
  readonly allowPrivate?: boolean
  readonly banned?: Peer
  readonly answer?: Response
}
function setUp({ allowPrivate = false, banned, answer }: Setup = {}) {
  const book = new PeerBook({ self: nameOf('self'), allowPrivate, random: () => 0.5 })
  const seed = seedOf('self')
  const own = new OwnRecord({
    network: NETWORK,
    signer: { publicKey: publicKeyFromSeed(seed), sign: createSigningFunction(seed) },
    allowPrivate,
    facts: () => ({ role: 0, features: 0n, chains: [] }),
    addresses: () => []
  })
  own.refresh(NOW)
  const reports: string[] = []
  const bodies: Uint8Array[] = []
  const clock = { nowMs: NOW }
  const exchange = new Exchange({
    network: NETWORK,
    own,
    book,
    allowPrivate,
    random: () => 0.5,
    nowMs: () => clock.nowMs,
    isBanned: (peer) => peer === banned,
    request: async (_peer, _protocol, body) => {
      bodies.push(body)
      return answer ?? { result: 'ok', frames: [] }
    },
    report: (_peer, fact, why) => reports.push(`${fact} ${why}`),
    onRecord: () => undefined
  })
  return { book, own, exchange, reports, bodies, clock }
}
/** Met where its record says. */
function meet({ book }: ReturnType<typeof setUp>, name: string, address = PUBLIC): Peer {
  const judged = signedRecord(name, { addresses: [address.bytes] })
  book.learnRecord('self', judged, NOW)
  book.met(judged.peer, address, 'outbound', NOW)
  return judged.peer
}
const asked = (chain = COORD, limit = 16): Uint8Array => PeersRequestType.serialize({ chain, limit })
const told = ({ frames }: Response): Peer[] =>
  frames.map((frame) => {
    const verdict = judgeRecord(NETWORK, frame)
    assert.ok(verdict.ok)
    return verdict.value.peer
  })

describe('exchange of records', () => {
  it('DIS-7: peers that were met at their own word are told, not the asker, nobody of another chain, so many', () => {
    const all = setUp()
    const [a, b] = [meet(all, 'a'), meet(all, 'b')]
    assert.deepEqual(told(all.exchange.answerPeers(asked(), 'x' as Peer)).sort(), [a, b].sort())
    assert.deepEqual(told(all.exchange.answerPeers(asked(), a)), [b])
    assert.deepEqual(told(all.exchange.answerPeers(asked(shardId(9)), a)), [])
    assert.equal(all.exchange.answerPeers(asked(COORD, 1), 'x' as Peer).frames.length, 1)
    for (let i = 0; i < 20; i++) meet(all, `n${i}`)
    assert.equal(all.exchange.answerPeers(asked(COORD, 255), 'x' as Peer).frames.length, 16)
    assert.equal(all.exchange.answerPeers(Uint8Array.of(1), a).result, 'invalid')
  })

  it('DIS-7: nobody banned, unverified, unmet for a day, without an address or at a private one is told', () => {
    const all = setUp({ banned: nameOf('banned') })
    meet(all, 'banned')
    all.book.learnRecord('self', signedRecord('unmet', { addresses: [PUBLIC.bytes] }), NOW)
    const elsewhere = signedRecord('elsewhere', { addresses: [PUBLIC.bytes] })
    all.book.learnRecord('self', elsewhere, NOW)
    all.book.met(elsewhere.peer, multiaddr('/ip4/9.9.9.9/tcp/1'), 'inbound', NOW)
    all.book.met(nameOf('silent'), PUBLIC, 'outbound', NOW)
    const mixed = signedRecord('mixed', { addresses: [PUBLIC.bytes, HOME.bytes] })
    all.book.learnRecord('self', mixed, NOW)
    all.book.met(mixed.peer, PUBLIC, 'outbound', NOW)
    assert.deepEqual(told(all.exchange.answerPeers(asked(), 'x' as Peer)), [])
    const good = meet(all, 'good')
    assert.deepEqual(told(all.exchange.answerPeers(asked(), 'x' as Peer)), [good])
    all.clock.nowMs = NOW + DAY
    assert.equal(all.exchange.answerPeers(asked(), 'x' as Peer).frames.length, 1)
    all.clock.nowMs = NOW + DAY + 1
    assert.equal(all.exchange.answerPeers(asked(), 'x' as Peer).frames.length, 0)
    const atHome = setUp({ allowPrivate: true })
    const home = meet(atHome, 'home', HOME)
    assert.deepEqual(told(atHome.exchange.answerPeers(asked(), 'x' as Peer)), [home])
  })

  it('DIS-3: metadata: each side tells its own record, once, and gets the other’s when it is newer', async () => {
    const server = setUp()
    const client = setUp()
    const record = signedRecord('asker', { sequence: 5, addresses: [PUBLIC.bytes] })
    const body = (known: number) =>
      MetadataRequestType.serialize({ known, own: [SignedPeerRecordType.deserialize(record.bytes)] })
    const answer = server.exchange.answerMetadata(body(NOW - 1), record.peer)
    assert.deepEqual(answer.frames, [server.own.bytes])
    assert.equal(server.book.get(record.peer)?.signed?.record.sequence, 5)
    assert.deepEqual(server.exchange.answerMetadata(body(NOW), record.peer).frames, [])
    assert.equal(server.exchange.answerMetadata(body(0), 'thief' as Peer).result, 'invalid')
    assert.equal(server.exchange.answerMetadata(Uint8Array.of(1), record.peer).result, 'invalid')
    for (let i = 0; i < 2; i++) await client.exchange.askMetadata(record.peer)
    const own = client.bodies.map((bytes) => MetadataRequestType.deserialize(bytes).own.length)
    assert.deepEqual(own, [1, 0])
    client.exchange.forget(record.peer)
    await client.exchange.askMetadata(record.peer)
    assert.equal(MetadataRequestType.deserialize(client.bodies.at(-1)!).own.length, 1)
  })

  it('DIS-3 DIS-7: a forged record is a fact about whoever told it; one far ahead of the clock is not taken', async () => {
    const forged = signedRecord('a').bytes.slice()
    forged[4 + 64 + 40] = (forged[4 + 64 + 40] ?? 0) ^ 1
    const liar = setUp({ answer: { result: 'ok', frames: [forged] } })
    assert.equal(await liar.exchange.askPeers('liar' as Peer, COORD), 0)
    await liar.exchange.askMetadata('liar' as Peer)
    assert.equal(liar.reports.length, 2)
    assert.ok(liar.reports.every((report) => report.startsWith('invalid')))
    const ofAnother = setUp({ answer: { result: 'ok', frames: [signedRecord('a').bytes] } })
    await ofAnother.exchange.askMetadata('b' as Peer)
    assert.deepEqual(ofAnother.reports, ['invalid metadata: of another peer'])
    for (const [ahead, news] of [
      [RECORD_AHEAD_MS, 1],
      [RECORD_AHEAD_MS + 1, 0]
    ] as const) {
      const frames = [signedRecord('a', { sequence: NOW + ahead, addresses: [PUBLIC.bytes] }).bytes]
      const asker = setUp({ answer: { result: 'ok', frames } })
      assert.equal(await asker.exchange.askPeers('b' as Peer, COORD), news)
      assert.deepEqual(asker.reports, [])
    }
  })
})
