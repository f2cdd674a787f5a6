import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { MuxerClosedError } from '@libp2p/interface'
import type { Connection } from '@libp2p/interface'
import type { NetContext } from '../../../src/net/context.ts'
import { NET_LIMITS } from '../../../src/net/limits.ts'
import { Pings } from '../../../src/net/pings.ts'

const nothing = (): void => undefined

type Kind = 'answers' | 'silent' | 'resets' | 'lost'

/** A stream of the ping protocol whose other side answers, says nothing, or resets it. */
class PingStream extends EventTarget {
  readonly #kind: Kind

  constructor(kind: Kind) {
    super()
    this.#kind = kind
  }

  send(): boolean {
    if (this.#kind === 'lost') throw new RangeError('the stream is closed')
    if (this.#kind === 'silent') return true
    queueMicrotask(() => this.dispatchEvent(new Event(this.#kind === 'answers' ? 'message' : 'close')))
    return true
  }

  abort(): void {
    return undefined
  }

  async close(): Promise<void> {
    return Promise.resolve()
  }
}

/** A clock that the test moves, looking as often as the node does. */
class World {
  nowMs = 0
  pinged = 0
  endedMs: number | undefined
  readonly connection: Connection
  readonly pings: Pings
  readonly stopping = new AbortController()

  constructor(kind: Kind | 'refuses' | 'closed') {
    this.connection = {
      status: 'open',
      newStream: async () => {
        this.pinged += 1
        if (kind === 'refuses') throw new RangeError('protocol not supported')
        if (kind === 'closed') throw new MuxerClosedError()
        return Promise.resolve(new PingStream(kind))
      },
      abort: () => {
        this.endedMs = this.nowMs
      }
    } as unknown as Connection
    const host = { getConnections: () => (this.endedMs === undefined ? [this.connection] : []) }
    const context = { host, log: nothing, signal: this.stopping.signal } as unknown as NetContext
    this.pings = new Pings(context, () => this.nowMs)
  }

  async until(ms: number, each: () => void = nothing): Promise<void> {
    while (this.nowMs < ms) {
      this.nowMs += NET_LIMITS.watchdogMs
      mock.timers.tick(NET_LIMITS.watchdogMs)
      each()
      this.pings.look()
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    }
  }
}

describe('net: pings', () => {
  const { pingIntervalMs, pingTimeoutMs, statusRefreshMs, watchdogMs } = NET_LIMITS
  beforeEach(() => mock.timers.enable({ apis: ['AbortSignal.timeout' as 'setTimeout'] }))
  afterEach(() => mock.timers.reset())

  it('REQ-3: a connection on which a status comes on its interval is never pinged', async () => {
    const world = new World('answers')
    let toldMs = 0
    await world.until(10 * pingIntervalMs, () => {
      if (world.nowMs - toldMs < statusRefreshMs) return
      toldMs = world.nowMs
      world.pings.heard(world.connection)
    })
    assert.equal(world.pinged, 0)
  })

  it('REQ-3: pingIntervalMs: a silent connection is pinged then, not before, and again after an answer', async () => {
    const world = new World('answers')
    await world.until(watchdogMs)
    await world.until(watchdogMs + pingIntervalMs - 1 - watchdogMs)
    assert.equal(world.pinged, 0)
    await world.until(watchdogMs + pingIntervalMs)
    assert.equal(world.pinged, 1)
    await world.until(watchdogMs + 2 * pingIntervalMs)
    assert.equal(world.pinged, 2)
    assert.equal(world.endedMs, undefined)
  })

  it('REQ-3: pingTimeoutMs: a connection that does not answer ends then, after one ping', async () => {
    const world = new World('silent')
    const askedMs = watchdogMs + pingIntervalMs
    await world.until(askedMs + pingTimeoutMs - watchdogMs)
    assert.equal(world.endedMs, undefined)
    await world.until(askedMs + pingTimeoutMs + watchdogMs)
    assert.equal(world.pinged, 1)
    assert.equal(world.endedMs, askedMs + pingTimeoutMs)
    assert.ok(world.endedMs <= 48_000)
  })

  for (const kind of ['resets', 'refuses'] as const)
    it(`REQ-3: who ${kind} the ping lives: its connection stays`, async () => {
      const world = new World(kind)
      await world.until(3 * (pingIntervalMs + pingTimeoutMs))
      assert.ok(world.pinged > 1)
      assert.equal(world.endedMs, undefined)
    })

  it('REQ-3: a connection that takes no stream any more, and is still there, ends', async () => {
    const world = new World('closed')
    await world.until(pingIntervalMs + 2 * NET_LIMITS.watchdogMs)
    assert.equal(world.pinged, 1)
    assert.ok(world.endedMs !== undefined)
  })

  it('a stream that is lost before the ping is sent leaves nothing behind that fails when the network stops', async () => {
    const world = new World('lost')
    await world.until(watchdogMs + pingIntervalMs)
    assert.equal(world.pinged, 1)
    world.stopping.abort()
    // An unhandled rejection would end the process.
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(world.endedMs, undefined)
  })

  it('the stop of the network ends no connection', async () => {
    const world = new World('silent')
    await world.until(watchdogMs + pingIntervalMs)
    assert.equal(world.pinged, 1)
    world.stopping.abort()
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    assert.equal(world.endedMs, undefined)
  })
})
