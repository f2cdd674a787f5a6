import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { MuxerClosedError, StreamResetError, UnsupportedProtocolError } from '@libp2p/interface'
import type { Connection } from '@libp2p/interface'
import type { NetContext } from '../../../src/net/context.ts'
import { NET_LIMITS } from '../../../src/net/limits.ts'
import { Pings } from '../../../src/net/pings.ts'

const nothing = (): void => undefined

type Kind = 'answers' | 'clings' | 'ends' | 'silent' | 'resets' | 'lost'

/**
 * A stream of the ping protocol: the other side answers and closes after us, answers and never closes, closes its end
 * instead of an answer, says nothing, or resets it; or it is lost before anything is sent.
 */
class PingStream extends EventTarget {
  status = 'open'
  readonly #kind: Kind

  constructor(kind: Kind) {
    super()
    this.#kind = kind
  }

  send(): boolean {
    if (this.#kind === 'lost') throw new RangeError('the stream is closed')
    queueMicrotask(() => this.#react())
    return true
  }

  abort(): void {
    if (this.status === 'open') this.#end('aborted')
  }

  async close(): Promise<void> {
    if (this.#kind !== 'clings') queueMicrotask(() => this.#end('closed'))
    return Promise.resolve()
  }

  #react(): void {
    if (this.#kind === 'answers' || this.#kind === 'clings') this.dispatchEvent(new Event('message'))
    if (this.#kind === 'ends') this.dispatchEvent(new Event('remoteCloseWrite'))
    if (this.#kind === 'resets') this.#end('reset', new StreamResetError())
  }

  #end(status: string, error?: Error): void {
    this.status = status
    this.dispatchEvent(Object.assign(new Event('close'), { error }))
  }
}

/** A clock that the test moves, looking as often as the node does. */
class World {
  nowMs = 0
  pinged = 0
  endedMs: number | undefined
  readonly streams: PingStream[] = []
  readonly connection: Connection
  readonly pings: Pings
  readonly stopping = new AbortController()

  /** What the other side does from now on. */
  kind: Kind | 'refuses' | 'closed' | 'fails'

  constructor(kind: World['kind']) {
    this.kind = kind
    this.connection = {
      status: 'open',
      newStream: async () => {
        this.pinged += 1
        if (this.kind === 'refuses') throw new UnsupportedProtocolError()
        if (this.kind === 'closed') throw new MuxerClosedError()
        if (this.kind === 'fails') throw new RangeError('no stream today')
        const stream = new PingStream(this.kind)
        this.streams.push(stream)
        return Promise.resolve(stream)
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

  for (const kind of ['resets', 'refuses', 'ends'] as const)
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

  for (const kind of ['lost', 'fails'] as const)
    it(`REQ-3: a ping that ${kind} is no sign of life: one is sent at each look, and in time the connection ends`, async () => {
      const world = new World(kind)
      const dueMs = watchdogMs + pingIntervalMs + pingTimeoutMs
      await world.until(dueMs - watchdogMs)
      assert.equal(world.endedMs, undefined)
      await world.until(dueMs)
      assert.equal(world.pinged, 1 + pingTimeoutMs / watchdogMs)
      assert.equal(world.endedMs, dueMs)
    })

  it('REQ-3: a sign of life between pings that fail counts as one', async () => {
    const world = new World('fails')
    await world.until(watchdogMs + pingIntervalMs)
    world.kind = 'answers'
    await world.until(world.nowMs + watchdogMs)
    world.kind = 'fails'
    const answeredMs = world.nowMs
    await world.until(answeredMs + pingIntervalMs + pingTimeoutMs)
    assert.equal(world.endedMs, answeredMs + pingIntervalMs + pingTimeoutMs)
  })

  it('REQ-3: who answers and leaves its end open is asked again, and holds few streams', async () => {
    const world = new World('clings')
    const open = (): number => world.streams.filter(({ status }) => status === 'open').length
    await world.until(20 * pingIntervalMs, () => assert.ok(open() <= 1 + pingTimeoutMs / pingIntervalMs))
    assert.equal(world.endedMs, undefined)
    assert.ok(world.pinged >= 19)
    // It is gone as soon after its last answer as any other.
    world.kind = 'silent'
    const heardMs = world.nowMs
    await world.until(heardMs + 48_000)
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
