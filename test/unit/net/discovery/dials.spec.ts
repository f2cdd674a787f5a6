import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import type { NetContext } from '../../../../src/net/context.ts'
import { dialOutcome } from '../../../../src/net/discovery/dial-outcome.ts'
import { Dials } from '../../../../src/net/discovery/dials.ts'
import { DISCOVERY_LIMITS } from '../../../../src/net/discovery/limits.ts'
import { PeerBook } from '../../../../src/net/discovery/peer-book.ts'
import { silentMetrics } from '../../../../src/net/metrics.ts'
import type { Sessions } from '../../../../src/net/sessions.ts'
import { eventually } from '../../../support/eventually.ts'
import { signedRecord } from '../../../support/peer-records.ts'

const MOST = DISCOVERY_LIMITS.dialsAtOnce
const FRESH = DISCOVERY_LIMITS.dialsFresh

function setUp() {
  const pending: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  const outcomes: string[] = []
  const book = new PeerBook({ self: signedRecord('self').peer, allowPrivate: false, random: () => 0.5 })
  const host = {
    getConnections: () => [],
    dial: async (addresses: { toString(): string }[]) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      pending.push({ resolve, reject })
      await promise
      return { remotePeer: { toString: () => String(addresses[0]).split('/p2p/')[1] } }
    }
  }
  const context = {
    host,
    signal: new AbortController().signal,
    log: () => undefined,
    metrics: { ...silentMetrics, dialled: (outcome: string) => outcomes.push(outcome) }
  } as unknown as NetContext
  const sessions = { get: () => undefined, ready: async () => true } as unknown as Sessions
  const dials = new Dials({
    context,
    sessions,
    book,
    bootstrap: [],
    random: () => 0.5,
    onEnd: () => undefined
  })
  const peers = Array.from({ length: MOST + 2 }, (_, index) => {
    const { peer } = signedRecord(`p${index}`)
    book.learn('mdns', peer, [multiaddr(`/ip4/8.8.8.${index}/tcp/1`)], 0)
    return peer
  })
  return { book, dials, peers, pending, outcomes }
}

describe('dials', () => {
  it('DIS-10: so many dials are under way at once, and the next begins when one ends', async () => {
    const { dials, peers, pending, outcomes } = setUp()
    dials.want(peers)
    dials.tick(0, false)
    assert.equal(pending.length, FRESH)
    assert.equal(dials.isBusyWith, FRESH)
    dials.tick(0, false)
    assert.equal(pending.length, FRESH)
    pending[0]!.resolve()
    await eventually('one ended', () => dials.isBusyWith === FRESH - 1)
    dials.tick(0, false)
    assert.equal(pending.length, FRESH + 1)
    assert.deepEqual(outcomes, ['connected'])
  })

  it('DIS-10: whoever takes long holds up nobody, until so many do', () => {
    const { dials, peers, pending } = setUp()
    const now = mock.method(performance, 'now', () => 0)
    try {
      dials.want(peers)
      for (let round = 1; round <= 4; round++) {
        dials.tick(0, false)
        assert.equal(pending.length, Math.min(MOST, round * FRESH))
        now.mock.mockImplementation(() => round * DISCOVERY_LIMITS.dialFreshMs)
      }
    } finally {
      now.mock.restore()
    }
  })

  it('DIS-9: a dial that fails is counted with its cause, and its peer waits', async () => {
    const { book, dials, peers, pending, outcomes } = setUp()
    dials.want(peers.slice(0, 1))
    dials.tick(0, false)
    pending[0]!.reject(new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]))
    await eventually('ended', () => dials.isBusyWith === 0)
    assert.deepEqual(outcomes, ['refused'])
    assert.equal(book.get(peers[0]!)?.failures, 1)
    assert.ok(book.get(peers[0]!)!.nextMs > Date.now())
  })

  it('D13: an outcome names the true cause, however deep it is wrapped', () => {
    const named = (name: string): Error => Object.assign(new Error('x'), { name })
    assert.equal(dialOutcome(named('TimeoutError')), 'timeout')
    assert.equal(dialOutcome(new Error('all failed', { cause: named('UnexpectedPeerError') })), 'other-peer')
    assert.equal(dialOutcome(new AggregateError([new Error('y'), named('DialDeniedError')])), 'denied')
    assert.equal(dialOutcome(named('NoValidAddressesError')), 'no-address')
    assert.equal(dialOutcome(Object.assign(new Error('x'), { code: 'EHOSTUNREACH' })), 'unreachable')
    assert.equal(dialOutcome(new Error('connect ECONNREFUSED 127.0.0.1:1')), 'refused')
    assert.equal(dialOutcome('text'), 'failed')
    const endless: Error = new Error('x')
    endless.cause = endless
    assert.equal(dialOutcome(endless), 'failed')
  })
})
