import assert from 'node:assert/strict'
import {
  BAN_FIRST_MS,
  BAN_LONGEST_MS,
  HALF_LIFE_MS,
  PeerLedger,
  SCORE_MIN
} from '../../../src/net/peer-ledger.ts'
import type { Peer, PeerFact } from '../../../src/net/types.ts'

const peer = (name: string): Peer => name as Peer
const alice = peer('alice')

describe('peer ledger', () => {
  it('D14: only invalid and broken-promise cost score', () => {
    const costs: [PeerFact, number][] = [
      ['lacks', 0],
      ['limited', 0],
      ['slow', 0],
      ['our-fault', 0],
      ['broken-promise', -10],
      ['invalid', -50]
    ]
    for (const [fact, score] of costs) {
      const ledger = new PeerLedger()
      ledger.record(alice, fact, 'why', 0)
      assert.equal(ledger.score(alice, 0), score, fact)
    }
  })

  it('D14: a score halves in ten minutes, and time never goes back', () => {
    const ledger = new PeerLedger()
    ledger.record(alice, 'invalid', 'x', 1_000)
    assert.equal(ledger.score(alice, 1_000 + HALF_LIFE_MS), -25)
    assert.equal(ledger.score(alice, 1_000 + 2 * HALF_LIFE_MS), -12.5)
    assert.equal(ledger.score(alice, 0), -50)
    assert.equal(ledger.score(peer('bob'), 0), 0)
  })

  it('D14: disconnects below -20, not at it; bans below -50, not at it', () => {
    const ledger = new PeerLedger()
    assert.equal(ledger.record(alice, 'broken-promise', '1', 0), 'none')
    assert.equal(ledger.record(alice, 'broken-promise', '2', 0), 'none')
    assert.equal(ledger.record(alice, 'broken-promise', '3', 0), 'disconnect')
    assert.equal(ledger.record(alice, 'slow', '4', 0), 'none')
    const bob = peer('bob')
    assert.equal(ledger.record(bob, 'invalid', '1', 0), 'disconnect')
    assert.equal(ledger.bannedUntil(bob, 0), undefined)
    assert.equal(ledger.record(bob, 'broken-promise', '2', 0), 'ban')
    assert.equal(ledger.bannedUntil(bob, 0), BAN_FIRST_MS)
  })

  it('D14: bans double up to a day and end', () => {
    const ledger = new PeerLedger()
    let now = 0
    const lengths: number[] = []
    for (let i = 0; i < 8; i++) {
      ledger.record(alice, 'invalid', 'x', now)
      assert.equal(ledger.record(alice, 'invalid', 'x', now), 'ban')
      const until = ledger.bannedUntil(alice, now)!
      assert.equal(ledger.bannedUntil(alice, until), undefined)
      assert.equal(ledger.bannedUntil(alice, until - 1), until)
      lengths.push(until - now)
      now = until
    }
    const doubled = lengths.map((_, i) => Math.min(BAN_LONGEST_MS, BAN_FIRST_MS * 2 ** i))
    assert.deepEqual(lengths, doubled)
    assert.equal(lengths.at(-1), BAN_LONGEST_MS)
  })

  it('D14: a second offence during a ban does not prolong it', () => {
    const ledger = new PeerLedger()
    ledger.record(alice, 'invalid', 'x', 0)
    ledger.record(alice, 'invalid', 'x', 0)
    ledger.record(alice, 'invalid', 'x', 5)
    assert.equal(ledger.bannedUntil(alice, 5), BAN_FIRST_MS)
    assert.equal(ledger.score(alice, 5) >= SCORE_MIN, true)
  })

  it('D14: costs are configurable', () => {
    const ledger = new PeerLedger({ costs: { invalid: -10 } })
    assert.equal(ledger.record(alice, 'invalid', 'x', 0), 'none')
    assert.equal(ledger.score(alice, 0), -10)
  })

  it('D14: why lists the last 16 facts, oldest first', () => {
    const ledger = new PeerLedger()
    for (let i = 0; i < 20; i++) ledger.record(alice, 'slow', `n${i}`, i)
    const why = ledger.why(alice)
    assert.equal(why.length, 16)
    assert.deepEqual(why[0], { atMs: 4, fact: 'slow', why: 'n4' })
    assert.equal(why.at(-1)!.why, 'n19')
    assert.deepEqual(ledger.why(peer('bob')), [])
  })

  it('D14: what cost score stays while facts that cost nothing come', () => {
    const ledger = new PeerLedger()
    ledger.record(alice, 'invalid', 'a forged vote', 0)
    for (let i = 0; i < 40; i++) ledger.record(alice, 'slow', `slow ${i}`, i)
    const events = ledger.why(alice)
    assert.deepEqual(
      events.map(({ why }) => why),
      ['a forged vote', ...Array.from({ length: 15 }, (_, i) => `slow ${25 + i}`)]
    )
    for (let i = 0; i < 20; i++) ledger.record(alice, 'broken-promise', `promise ${i}`, 100)
    assert.deepEqual(ledger.why(alice)[0]?.why, 'promise 4')
  })

  it('is bounded: the longest forgotten peer goes first, a banned one last', () => {
    const ledger = new PeerLedger({ peersMax: 3 })
    const banned = peer('banned')
    ledger.record(banned, 'invalid', 'x', 0)
    ledger.record(banned, 'invalid', 'x', 0)
    for (const name of ['a', 'b', 'c']) ledger.record(peer(name), 'broken-promise', 'x', 1)
    assert.equal(ledger.size, 3)
    assert.equal(ledger.score(peer('a'), 1), 0)
    assert.notEqual(ledger.bannedUntil(banned, 1), undefined)
    assert.equal(ledger.score(peer('b'), 1), -10)
  })

  it('D14: bans have a reason, are listed the longest first, and end', () => {
    const ledger = new PeerLedger()
    for (let i = 0; i < 2; i++) ledger.record(alice, 'invalid', `proof ${i}`, 0)
    ledger.ban(peer('bob'), 'by hand', BAN_FIRST_MS + 1, 0)
    assert.deepEqual(ledger.bans(0), [
      { peer: 'bob', untilMs: BAN_FIRST_MS + 1, reason: 'by hand', bans: 1 },
      { peer: 'alice', untilMs: BAN_FIRST_MS, reason: 'proof 1', bans: 1 }
    ])
    assert.deepEqual(
      ledger.bans(BAN_FIRST_MS).map((ban) => ban.peer),
      ['bob']
    )
    assert.equal(ledger.score(peer('bob'), 0), 0, 'a ban by hand is no score')
  })

  it('D14: who is forgiven has neither ban nor score, but his next ban is longer', () => {
    const ledger = new PeerLedger()
    for (let i = 0; i < 2; i++) ledger.record(alice, 'invalid', 'x', 0)
    assert.equal(ledger.unban(alice, 1), true)
    assert.equal(ledger.unban(alice, 1), false)
    assert.equal(ledger.unban(peer('nobody'), 1), false)
    assert.deepEqual([ledger.score(alice, 1), ledger.bannedUntil(alice, 1)], [0, undefined])
    for (let i = 0; i < 2; i++) ledger.record(alice, 'invalid', 'x', 1)
    assert.equal(ledger.bannedUntil(alice, 1), 1 + 2 * BAN_FIRST_MS)
  })

  it('D14: a ban of an earlier run goes on, and counts for the next one', () => {
    const ledger = new PeerLedger()
    ledger.restore({ peer: alice, untilMs: 100, reason: 'before', bans: 3 }, 0)
    assert.deepEqual(ledger.bans(99), [{ peer: alice, untilMs: 100, reason: 'before', bans: 3 }])
    assert.deepEqual(ledger.bans(100), [])
    for (let i = 0; i < 2; i++) ledger.record(alice, 'invalid', 'x', 200)
    assert.equal(ledger.bannedUntil(alice, 200), 200 + 8 * BAN_FIRST_MS)
  })
})
