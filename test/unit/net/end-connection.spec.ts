import assert from 'node:assert/strict'
import { mock } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { endConnection } from '../../../src/net/host.ts'
import { NET_LIMITS } from '../../../src/net/limits.ts'

/** A connection that somebody is closing, which waits for what was written to leave. */
class Closing extends EventTarget {
  status = 'closing'
  readonly abort = mock.fn(() => this.#end('aborted'))
  readonly isWatched: Promise<void>
  readonly #watched: () => void

  constructor() {
    super()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.isWatched = promise
    this.#watched = resolve
  }

  /** As the library has it: nothing to do while another call is at it. */
  async close(): Promise<void> {
    this.#watched()
    return Promise.resolve()
  }

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    super.addEventListener(...args)
    this.#watched()
  }

  leave(): void {
    this.#end('closed')
  }

  #end(status: string): void {
    this.status = status
    this.dispatchEvent(new Event('close'))
  }
}

describe('net: the end of a connection', () => {
  beforeEach(() => mock.timers.enable({ apis: ['AbortSignal.timeout' as 'setTimeout'] }))
  afterEach(() => mock.timers.reset())

  it('lastWordsMs: a connection whose closing does not come to an end is aborted', async () => {
    const connection = new Closing()
    const ended = endConnection(connection as unknown as Connection, 'test')
    await connection.isWatched
    mock.timers.tick(NET_LIMITS.lastWordsMs - 1)
    assert.equal(connection.status, 'closing')
    mock.timers.tick(1)
    await ended
    assert.equal(connection.status, 'aborted')
  })

  it('a closing that comes to its end is not disturbed', async () => {
    const connection = new Closing()
    const ended = endConnection(connection as unknown as Connection, 'test')
    await connection.isWatched
    connection.leave()
    await ended
    mock.timers.tick(2 * NET_LIMITS.lastWordsMs)
    assert.equal(connection.status, 'closed')
    assert.equal(connection.abort.mock.callCount(), 0)
  })
})
