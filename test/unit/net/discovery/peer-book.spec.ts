import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { backoffMs } from '../../../../src/net/discovery/backoff.ts'
import { DISCOVERY_LIMITS } from '../../../../src/net/discovery/limits.ts'
import { FORGET_REACHED_MS, FORGET_UNREACHED_MS, PeerBook } from '../../../../src/net/discovery/peer-book.ts'
import type { JudgedRecord } from '../../../../src/net/discovery/peer-records.ts'
import { peerOfPublicKey } from '../../../../src/net/discovery/peer-records.ts'
import { readRows, rowsOf } from '../../../../src/net/discovery/peer-rows.ts'
import { NET_LIMITS } from '../../../../src/net/limits.ts'
import type { Peer } from '../../../../src/net/types.ts'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { NETWORK } from '../../../support/net.ts'
import { signedRecord } from '../../../support/peer-records.ts'

const at = (last: number, port = 1): Multiaddr => multiaddr(`/ip4/8.8.8.${last}/tcp/${port}`)
const peerOf = (name: string): Peer => peerOfPublicKey(signedRecord(name).record.peer)
const SELF = peerOf('self')
const HOUR = 3_600_000

const bookOf = (extra: Partial<ConstructorParameters<typeof PeerBook>[0]> = {}): PeerBook =>
  new PeerBook({ self: SELF, allowPrivate: false, random: () => 0.5, ...extra })
const judged = (name: string, sequence: number, addresses: readonly Multiaddr[]): JudgedRecord =>
  signedRecord(name, { sequence, addresses: addresses.map(({ bytes }) => bytes) })

describe('peer book', () => {
  it('DIS-12: a peer that is full again and again is left alone longer and longer, bootstrap peers too', () => {
    const book = bookOf()
    book.learnBootstrap(peerOf('a'), [at(1)], 0)
    const pauses: number[] = []
    for (let times = 0; times < 8; times++) {
      // It lets us in, each time, and then has no place.
      book.met(peerOf('a'), at(1), 'outbound', 0)
      pauses.push(book.full(peerOf('a'), 0))
      assert.equal(book.get(peerOf('a'))?.nextMs, pauses.at(-1))
    }
    assert.deepEqual(
      pauses,
      [10, 20, 40, 80, 160, 320, 320, 320].map((seconds) => 1_000 * seconds)
    )
    book.hurry()
    assert.equal(book.get(peerOf('a'))?.nextMs, 0)
    assert.equal(book.full(peerOf('a'), 0), 10_000)
    assert.equal(book.full(peerOf('unknown'), 5), 10_005)
  })

  it('DIS-5: the own id is never in it, nor somebody without an address that may be used', () => {
    const book = bookOf()
    assert.equal(book.learn('mdns', SELF, [at(1)], 0), undefined)
    assert.equal(book.learnRecord('self', judged('self', 1, [at(1)]), 0), false)
    assert.equal(book.learn('mdns', peerOf('a'), [multiaddr('/ip4/10.0.0.1/tcp/1')], 0), undefined)
    assert.equal(book.learn('mdns', peerOf('a'), [], 0), undefined)
    assert.equal(book.size, 0)
    assert.ok(
      bookOf({ allowPrivate: true }).learn('mdns', peerOf('a'), [multiaddr('/ip4/10.0.0.1/tcp/1')], 0)
    )
  })

  it('DIS-5: one source tells of so many and not one more; another may still tell of them', () => {
    const book = bookOf({ mostPerSource: 2 })
    const [liar, honest] = [peerOf('liar'), peerOf('honest')]
    for (const name of ['a', 'b', 'c']) book.learn(liar, peerOf(name), [at(1)], 0)
    assert.equal(book.toldBy(liar), 2)
    assert.equal(book.get(peerOf('c')), undefined)
    assert.ok(book.learn(honest, peerOf('c'), [at(1)], 0))
    book.forget(peerOf('a'))
    assert.ok(book.learn(liar, peerOf('d'), [at(1)], 0))
  })

  it('DIS-5: a full book gives way to a peer that was met, and to a source that has told of fewer', () => {
    const book = bookOf({ most: 3, mostPerSource: 9 })
    const [many, few] = [peerOf('many'), peerOf('few')]
    for (const name of ['a', 'b', 'c']) book.learn(many, peerOf(name), [at(1)], 0)
    assert.equal(book.learn(many, peerOf('d'), [at(1)], 0), undefined)
    assert.ok(book.learn(few, peerOf('d'), [at(1)], 0))
    assert.equal(book.size, 3)
    book.met(peerOf('e'), at(1), 'inbound', 0)
    assert.ok(book.get(peerOf('e')))
    assert.equal(book.size, 3)
    for (const name of ['x', 'y', 'z']) book.met(peerOf(name), at(1), 'inbound', 0)
    assert.equal(book.size, 3)
  })

  it('DIS-6: nobody but the peer itself moves it; a newer record replaces an older one, never the other way', () => {
    const book = bookOf()
    const peer = peerOf('a')
    assert.equal(book.learnRecord(peerOf('b'), judged('a', 10, [at(1)]), 0), true)
    book.learn(peerOf('c'), peer, [at(66)], 1)
    assert.deepEqual(book.get(peer)?.addresses, [String(at(1))])
    assert.equal(book.learnRecord(peerOf('c'), judged('a', 10, [at(2)]), 1), false)
    assert.equal(book.learnRecord(peerOf('c'), judged('a', 9, [at(2)]), 1), false)
    assert.equal(
      book.learnRecord(peerOf('c'), judged('a', 11, [at(2), multiaddr('/ip4/127.0.0.1/tcp/1')]), 1),
      true
    )
    assert.deepEqual(book.get(peer)?.addresses, [String(at(2))])
  })

  it('DIS-7: a peer is verified when it answers, or comes from the host, where its record says; moving ends it', () => {
    const book = bookOf()
    const peer = peerOf('a')
    book.learnRecord('self', judged('a', 1, [at(1)]), 0)
    assert.equal(book.get(peer)?.isVerified, false)
    book.met(peer, at(2), 'inbound', 0)
    assert.equal(book.get(peer)?.isVerified, false)
    book.met(peer, at(1, 50_000), 'inbound', 0)
    assert.equal(book.get(peer)?.isVerified, true)
    book.met(peer, at(1, 50_000), 'outbound', 0)
    assert.equal(book.get(peer)?.isVerified, false)
    book.met(peer, at(1), 'outbound', 0)
    assert.equal(book.get(peer)?.isVerified, true)
    book.learnRecord('self', judged('a', 2, [at(9)]), 0)
    assert.equal(book.get(peer)?.isVerified, false)
  })

  it('DIS-9: score: 50, +30 within a day of a success, +10 within three, −10 a failure down to −40; bootstrap 100', () => {
    const book = bookOf()
    const peer = peerOf('a')
    const known = () => book.get(peer)!
    book.learn('mdns', peer, [at(1)], 0)
    assert.equal(book.score(known(), 0), 50)
    book.met(peer, at(1), 'outbound', 0)
    const ages = [0, 24 * HOUR - 1, 24 * HOUR, 72 * HOUR - 1, 72 * HOUR]
    assert.deepEqual(
      ages.map((age) => book.score(known(), age)),
      [80, 80, 60, 60, 50]
    )
    const scores = Array.from({ length: 5 }, () => {
      book.failed(peer, 0)
      return book.score(known(), 0)
    })
    assert.deepEqual(scores, [70, 60, 50, 40, 40])
    book.met(peer, at(1), 'outbound', 0)
    assert.equal(known().failures, 0)
    book.learnBootstrap(peerOf('b'), [at(1)], 0)
    for (let i = 0; i < 20; i++) book.failed(peerOf('b'), 0)
    assert.equal(book.score(book.get(peerOf('b'))!, 90 * 24 * HOUR), 100)
  })

  it('DIS-9: back-off doubles from the first to the longest, with half to one and a half of it at random', () => {
    const pace = { firstMs: 100, mostMs: 1_000 }
    const middle = (failures: number): number => backoffMs(pace, failures, () => 0.5)
    assert.deepEqual([0, 1, 2, 3, 4, 5, 99].map(middle), [100, 100, 200, 400, 800, 1_000, 1_000])
    assert.equal(
      backoffMs(pace, 1, () => 0),
      50
    )
    assert.equal(
      backoffMs(pace, 9, () => 1),
      1_500
    )
    const book = bookOf()
    const peer = peerOf('a')
    book.met(peer, at(1), 'outbound', 0)
    book.failed(peer, 1_000)
    assert.equal(book.get(peer)?.nextMs, 1_000 + NET_LIMITS.redialMinMs)
    for (let i = 0; i < 40; i++) book.failed(peer, 1_000)
    assert.equal(book.get(peer)?.nextMs, 1_000 + DISCOVERY_LIMITS.redialSeldomMs)
    book.learnBootstrap(peerOf('b'), [at(1)], 0)
    for (let i = 0; i < 40; i++) book.failed(peerOf('b'), 1_000)
    assert.equal(book.get(peerOf('b'))?.nextMs, 1_000 + NET_LIMITS.redialMaxMs)
    book.hurry()
    assert.equal(book.get(peer)?.nextMs, 0)
  })

  it('DIS-9: who was never met goes after so many failures or an hour, who was met after three days, bootstrap never', () => {
    const book = bookOf()
    book.learn('mdns', peerOf('a'), [at(1)], 0)
    for (let i = 1; i < DISCOVERY_LIMITS.redialsUnmet; i++) book.failed(peerOf('a'), 0)
    assert.ok(book.get(peerOf('a')))
    book.failed(peerOf('a'), 0)
    assert.equal(book.get(peerOf('a')), undefined)
    book.learn('mdns', peerOf('stranger'), [at(1)], 0)
    book.met(peerOf('friend'), at(1), 'outbound', 0)
    book.met(peerOf('here'), at(1), 'outbound', 0)
    book.learnBootstrap(peerOf('boot'), [at(1)], 0)
    const left = (nowMs: number): boolean[] => {
      book.expire(nowMs, (peer) => peer === peerOf('here'))
      return ['stranger', 'friend', 'here', 'boot'].map((name) => book.get(peerOf(name)) !== undefined)
    }
    assert.deepEqual(left(FORGET_UNREACHED_MS), [true, true, true, true])
    assert.deepEqual(left(FORGET_UNREACHED_MS + 1), [false, true, true, true])
    assert.deepEqual(left(FORGET_REACHED_MS), [false, true, true, true])
    assert.deepEqual(left(FORGET_REACHED_MS + 1), [false, false, true, true])
  })

  it('DIS-9: those that were met are there after a restart, with their records, best first', () => {
    const book = bookOf()
    book.learn('mdns', peerOf('stranger'), [at(1)], 0)
    book.met(peerOf('a'), at(1), 'outbound', 5)
    book.met(peerOf('b'), at(2), 'outbound', 5)
    book.failed(peerOf('a'), 5)
    book.learnRecord('self', judged('b', 7, [at(3)]), 6)
    const rows = rowsOf(book, 10)
    const again = bookOf()
    assert.equal(readRows(again, NETWORK, rows), 2)
    assert.deepEqual(
      [...again.all()].map(({ peer }) => peer),
      [peerOf('b'), peerOf('a')]
    )
    assert.deepEqual(again.get(peerOf('b'))?.addresses, [String(at(3))])
    assert.equal(again.get(peerOf('b'))?.signed?.record.sequence, 7)
    assert.equal(again.get(peerOf('a'))?.metMs, 5)
    assert.equal(readRows(bookOf(), NETWORK, [[rows[0]![0], Uint8Array.of(1)]]), 0)
    // A record of somebody else in the row is not taken.
    const swapped = bookOf()
    readRows(swapped, NETWORK, [[rows[1]![0], rows[0]![1]]])
    assert.equal(swapped.get(peerOf('a'))?.signed, undefined)
  })

  it('DIS-15: the DHT’s word that a peer follows a shard is kept, so many of them', () => {
    const book = bookOf()
    book.hint(peerOf('a'), shardId(1))
    book.learn('mdns', peerOf('a'), [at(1)], 0)
    for (let shard = 0; shard <= DISCOVERY_LIMITS.hintsPerPeer; shard++)
      book.hint(peerOf('a'), shardId(shard))
    assert.equal(book.get(peerOf('a'))?.hinted.size, DISCOVERY_LIMITS.hintsPerPeer)
  })
})
