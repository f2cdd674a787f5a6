import assert from 'node:assert/strict'
import type { NetContext } from '../../../src/net/context.ts'
import { NET_LIMITS } from '../../../src/net/limits.ts'
import { silentMetrics } from '../../../src/net/metrics.ts'
import { Sessions } from '../../../src/net/sessions.ts'
import type { Session } from '../../../src/net/sessions.ts'
import type { Peer } from '../../../src/net/types.ts'
import { Watchdog } from '../../../src/net/watchdog.ts'
import { statusOf } from '../../support/net.ts'

const LOOKS = 4
const nothing = (): void => undefined

/** A clock that the test moves, looking as often as the node does. */
class World {
  nowMs = 0
  readonly hungUp: string[] = []
  readonly facts: string[] = []
  readonly deaf = new Set<Peer>()
  readonly sessions = new Sessions({ opened: nothing, closed: nothing })
  readonly #watchdog: Watchdog

  constructor() {
    const context = {
      metrics: { ...silentMetrics, peerFact: (fact: string) => void this.facts.push(fact) },
      log: nothing,
      host: {
        hangUp: async (id: unknown) => {
          this.hungUp.push(`${String(id)}@${this.nowMs}`)
          this.sessions.close(String(id) as Peer)
        }
      }
    } as unknown as NetContext
    this.#watchdog = new Watchdog(
      context,
      this.sessions,
      (peer) => this.deaf.has(peer),
      () => this.nowMs
    )
  }

  hear(name: string): void {
    const peer = name as Peer
    this.sessions.open({
      peer,
      id: name as unknown as Session['id'],
      address: '',
      direction: 'inbound',
      sinceMs: this.nowMs,
      heardMs: this.nowMs,
      agent: '',
      status: statusOf()
    })
  }

  async until(ms: number, each: () => void = nothing): Promise<void> {
    while (this.nowMs < ms) {
      this.nowMs += NET_LIMITS.watchdogMs
      each()
      this.#watchdog.look()
      await Promise.resolve()
    }
  }
}

describe('watchdog', () => {
  it('REQ-3: a peer that says nothing is hung up on within 60 s, one that tells its status stays', async () => {
    const world = new World()
    world.hear('silent')
    world.hear('alive')
    let heardMs = 0
    await world.until(180_000, () => {
      if (world.nowMs - heardMs < NET_LIMITS.statusRefreshMs) return
      heardMs = world.nowMs
      world.hear('alive')
    })
    assert.equal(world.hungUp.length, 1)
    const [name, atMs] = world.hungUp[0]!.split('@')
    assert.equal(name, 'silent')
    assert.ok(Number(atMs) <= 60_000, atMs)
    assert.ok(Number(atMs) > NET_LIMITS.silentPeerMs)
    assert.deepEqual(world.facts, [], 'it costs nothing')
  })

  it('REQ-3: after a pause of our own the first status that is read keeps the peer', async () => {
    const world = new World()
    world.hear('alive')
    world.nowMs = 300_000
    await world.until(world.nowMs + (LOOKS - 1) * NET_LIMITS.watchdogMs)
    world.hear('alive')
    await world.until(world.nowMs + NET_LIMITS.silentPeerMs)
    assert.deepEqual(world.hungUp, [])
  })

  it('D11: a peer without gossip streams is hung up on after some looks in a row, not before', async () => {
    const world = new World()
    world.hear('deaf')
    world.deaf.add('deaf' as Peer)
    await world.until((LOOKS - 1) * NET_LIMITS.watchdogMs)
    world.deaf.clear()
    await world.until(world.nowMs + NET_LIMITS.watchdogMs)
    world.deaf.add('deaf' as Peer)
    await world.until(world.nowMs + (LOOKS - 1) * NET_LIMITS.watchdogMs)
    assert.deepEqual(world.hungUp, [])
    await world.until(world.nowMs + NET_LIMITS.watchdogMs)
    assert.equal(world.hungUp.length, 1)
  })
})
