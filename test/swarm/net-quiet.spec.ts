/** What the libraries would do again and again, and no peer needs. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { Cleanup, rawConnect } from '../support/net.ts'

const PINGS = 20
/** Identify gathers changes for a second before it tells them. */
const PUSHED_BY_MS = 1_500

describe('swarm: quiet libraries', function () {
  this.timeout(20_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  it('a message that arrives costs no exception', async () => {
    const node = await cleanup.node({ name: 'a' })
    const connection = await rawConnect(await cleanup.rawHost('raw'), node)
    const stream = await connection.newStream('/ipfs/ping/1.0.0')
    const known = globalThis.RangeError
    const thrown: string[] = []
    globalThis.RangeError = new Proxy(known, {
      apply: (target, self, [message]: [string]) => {
        thrown.push(message)
        return Reflect.apply(target, self, [message]) as RangeError
      }
    })
    try {
      for (let ping = 0; ping < PINGS; ping++) {
        const pong = new Promise((resolve) => stream.addEventListener('message', resolve, { once: true }))
        stream.send(new Uint8Array(32).fill(ping))
        await pong
      }
    } finally {
      globalThis.RangeError = known
    }
    assert.deepEqual(thrown, [])
  })

  it('a node that has started tells nobody again what it told when they connected', async () => {
    const node = await cleanup.node({ name: 'a' })
    const host = await cleanup.rawHost('raw')
    let pushed = 0
    await host.unhandle('/ipfs/id/push/1.0.0')
    await host.handle('/ipfs/id/push/1.0.0', async (stream) => {
      pushed += 1
      await stream.close()
    })
    await rawConnect(host, node)
    await delay(PUSHED_BY_MS)
    assert.equal(pushed, 0)
  })
})
