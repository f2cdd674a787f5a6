import assert from 'node:assert/strict'
import { StoredBanType } from '../../src/codec/peer-ban.ts'
import type { BanRow, BanRows } from '../../src/net/stored-bans.ts'
import { utf8 } from '../../src/primitives/bytes.ts'
import { eventually, never } from '../support/eventually.ts'
import { addressOf, Cleanup, isUp } from '../support/net.ts'

/** The disk under a node that is started again. */
class Rows implements BanRows {
  rows: readonly BanRow[] = []
  writes = 0

  async load(): Promise<readonly BanRow[]> {
    return this.rows
  }

  async save(rows: readonly BanRow[]): Promise<void> {
    this.writes += 1
    this.rows = rows
  }
}

describe('swarm: bans', function () {
  this.timeout(30_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  it('D14: proven lies ban a peer, with reason and expiry; the ban survives a restart', async () => {
    const bans = new Rows()
    const node = await cleanup.node({ name: 'a', bans })
    const liar = await cleanup.node({ name: 'b', bootstrap: [addressOf(node)] })
    await eventually('up', () => isUp(node, liar))
    const beforeMs = Date.now()
    node.net.report(liar.net.self, 'invalid', 'first proof')
    node.net.report(liar.net.self, 'invalid', 'second proof')
    await eventually('gone', () => !isUp(node, liar))
    const { score, ban, events } = node.net.standing(liar.net.self)
    assert.equal(Math.round(score), -100)
    assert.deepEqual([ban?.reason, ban?.bans], ['second proof', 1])
    assert.ok(Math.abs((ban?.untilMs ?? 0) - beforeMs - 30 * 60_000) < 60_000)
    assert.deepEqual(
      events.map(({ why }) => why),
      ['first proof', 'second proof']
    )
    assert.ok(events.every(({ atMs }) => Math.abs(atMs - beforeMs) < 60_000))
    await node.net.stop()
    assert.equal(bans.rows.length, 1)

    const again = await cleanup.node({ name: 'a', bans })
    assert.deepEqual(
      again.net.bans().map(({ peer, reason }) => [peer, reason]),
      [[liar.net.self, 'second proof']]
    )
    liar.net.heal()
    await liar.net.dial(addressOf(again)).catch(() => undefined)
    await never('a banned peer is in', () => isUp(again, liar), 1_000)
  })

  it('D14: the operator bans and forgives; a forgiven peer may come back', async () => {
    const bans = new Rows()
    const node = await cleanup.node({ name: 'a', bans })
    const other = await cleanup.node({ name: 'b' })
    await other.net.dial(addressOf(node))
    await eventually('up', () => isUp(node, other))
    node.net.ban(other.net.self, 'too loud', 60_000)
    await eventually('gone', () => !isUp(node, other))
    assert.equal(node.net.standing(other.net.self).ban?.reason, 'too loud')
    assert.equal(node.net.unban(other.net.self), true)
    assert.equal(node.net.unban(other.net.self), false)
    await eventually('written', () => bans.rows.length === 0 && bans.writes > 0)
    await eventually('back', async () => {
      await other.net.dial(addressOf(node)).catch(() => undefined)
      return isUp(node, other)
    })
  })

  it('D14: rows of bans that are over, or that cannot be read, are passed over', async () => {
    const bans = new Rows()
    const row = (untilMs: number): Uint8Array =>
      StoredBanType.serialize({ untilMs, bans: 1, reason: utf8('row') })
    bans.rows = [
      [Uint8Array.of(1), row(Date.now() - 1)],
      [Uint8Array.of(2), row(Date.now() + 60_000)],
      [Uint8Array.of(3), Uint8Array.of(1)]
    ]
    const node = await cleanup.node({ name: 'a', bans })
    assert.deepEqual(
      node.net.bans().map(({ reason }) => reason),
      ['row']
    )
  })

  it('D14: a disk that fails costs the node nothing but the rows', async () => {
    const bans = new Rows()
    bans.save = () => Promise.reject(new Error('full'))
    const node = await cleanup.node({ name: 'a', bans })
    const other = await cleanup.node({ name: 'b', bootstrap: [addressOf(node)] })
    await eventually('up', () => isUp(node, other))
    node.net.ban(other.net.self, 'any', 60_000)
    await eventually('gone', () => !isUp(node, other))
    await node.net.stop()
  })
})
