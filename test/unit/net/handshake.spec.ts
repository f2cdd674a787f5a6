import assert from 'node:assert/strict'
import { mock } from 'node:test'
import type { Connection } from '@libp2p/interface'
import type { NetContext } from '../../../src/net/context.ts'
import { Handshake } from '../../../src/net/handshake.ts'
import { NET_LIMITS } from '../../../src/net/limits.ts'
import { silentMetrics } from '../../../src/net/metrics.ts'
import { Sessions } from '../../../src/net/sessions.ts'
import type { Session } from '../../../src/net/sessions.ts'
import type { Peer } from '../../../src/net/types.ts'
import { statusOf } from '../../support/net.ts'

const PEER = 'a' as Peer
const nothing = (): void => undefined

/** Somebody has connected and says nothing. */
class World {
  readonly told: string[] = []
  readonly sessions = new Sessions({ opened: nothing, closed: nothing })
  readonly stopping = new AbortController()
  /** How it ended: this connection alone, or every one of the peer. */
  readonly ended: Promise<'alone' | 'all'>
  readonly #connection: Connection
  readonly #handshake: Handshake

  constructor() {
    const { promise, resolve } = Promise.withResolvers<'alone' | 'all'>()
    this.ended = promise
    const context = {
      host: { getConnections: () => [], hangUp: async () => Promise.resolve(resolve('all')) },
      metrics: { ...silentMetrics, handshake: (outcome: string) => void this.told.push(outcome) },
      log: nothing,
      report: (_: Peer, fact: string) => void this.told.push(fact),
      signal: this.stopping.signal
    } as unknown as NetContext
    this.#handshake = new Handshake(context, {
      localStatus: () => statusOf(),
      sessions: this.sessions,
      hasRoom: () => true,
      onRefused: (_, reason) => void this.told.push(`refused ${reason}`),
      heard: nothing
    })
    this.#connection = {
      status: 'open',
      direction: 'inbound',
      remotePeer: { toString: () => PEER },
      addEventListener: nothing,
      newStream: async () => Promise.reject(new RangeError('no stream')),
      close: async () => Promise.resolve(resolve('alone'))
    } as unknown as Connection
  }

  begin(): void {
    this.#handshake.onConnection(this.#connection)
  }

  /** By another connection. */
  hasSession(): void {
    const session = { peer: PEER, address: '', direction: 'inbound', agent: '', sinceMs: 0, heardMs: 0 }
    this.sessions.open({ ...session, id: PEER as unknown as Session['id'], status: statusOf() } as Session)
  }
}

describe('net: handshake', () => {
  const { statusTimeoutMs } = NET_LIMITS
  let world: World
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    world = new World()
  })
  afterEach(() => {
    world.stopping.abort()
    mock.timers.reset()
  })

  it('REQ-3: an inbound connection without a handshake in time is refused, and its peer hung up on', async () => {
    world.begin()
    mock.timers.tick(statusTimeoutMs - 1)
    assert.deepEqual(world.told, [])
    mock.timers.tick(1)
    assert.equal(await world.ended, 'all')
    assert.deepEqual(world.told, ['no-handshake', 'refused no-handshake'])
  })

  it('REQ-3: a further connection of a peer, without a handshake in time, ends alone and counts for nothing', async () => {
    world.hasSession()
    world.begin()
    mock.timers.tick(statusTimeoutMs)
    mock.timers.reset()
    assert.equal(await world.ended, 'alone')
    assert.deepEqual(world.told, [])
    assert.equal(world.sessions.size, 1)
  })
})
