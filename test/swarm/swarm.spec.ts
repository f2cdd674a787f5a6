/** The swarm of `icn/testing` itself: whole nodes in one process, over TCP and over memory. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { Node } from '../../src/app/node.ts'
import { devnetAddress } from '../../src/params/devnet-keys.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { fromHex } from '../../src/primitives/bytes.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { finalHeight } from '../support/swarm.ts'

/** C17: its vote to nullify the current view is out, and nothing more can come of it without a quorum. */
function gaveUp(node: Node): boolean {
  const { instance } = node.chains!.coord.driver
  return instance.views.get(instance.view)?.ownNullify === true
}

/** C19: stuck for so long that it stated at least twice what it holds. */
const hasAskedAgain = (node: Node): boolean => node.chains!.coord.driver.instance.timers.resendMs > 1_000

describe('swarm', function () {
  this.timeout(60_000)
  for (const transport of ['tcp', 'memory'] as const) {
    describe(`over ${transport}`, () => {
      let swarm: Swarm

      before(async () => {
        swarm = await createSwarm({ nodes: 5, validators: 4, transport })
        await swarm.start()
      })
      after(async () => swarm.stop())

      it('finalises a transfer that entered at the follower, everywhere', async () => {
        const { id } = await swarm.submitTransfer(4, { from: 'user0', to: 'user1', amount: 5n })
        await swarm.until(
          async () => {
            const found = await Promise.all(swarm.running.map((node) => node.port!.transaction(fromHex(id))))
            return found.every(({ status }) => status === 'final')
          },
          { what: 'the transfer is final at all nodes' }
        )
        const balances = swarm.running.map(
          ({ port }) => port!.account(devnetAddress('user1'), shardId(0)).consumer
        )
        assert.equal(new Set(balances).size, 1)
      })

      it('D4: one of four crashes, the rest go on; it comes back and catches up', async () => {
        await swarm.crash(1)
        const from = finalHeight(swarm.node(0), COORD)
        await swarm.until(() => finalHeight(swarm.node(0), COORD) >= from + 3, { what: 'three go on' })
        await swarm.restart(1)
        const target = finalHeight(swarm.node(0), COORD)
        await swarm.until(() => finalHeight(swarm.node(1), COORD) >= target, { what: 'it catches up' })
      })

      it('D4: two of four are cut off: nothing becomes final; healed, it goes on', async () => {
        swarm.cut(1)
        swarm.cut(2)
        await swarm.until(() => [1, 2].every((index) => swarm.node(index).network!.peers().length === 0), {
          what: 'cut off'
        })
        await swarm.until(() => [0, 3].every((index) => gaveUp(swarm.node(index))), { what: 'both give up' })
        const before = Math.max(...[0, 3].map((index) => finalHeight(swarm.node(index), COORD)))
        await swarm.until(() => [0, 3].every((index) => hasAskedAgain(swarm.node(index))), {
          what: 'both ask again and again',
          timeoutMs: 20_000
        })
        assert(
          [0, 3].every((index) => finalHeight(swarm.node(index), COORD) <= before),
          'no quorum, no finality'
        )
        swarm.heal(1)
        swarm.heal(2)
        await swarm.until(() => swarm.running.every((node) => finalHeight(node, COORD) >= before + 3), {
          what: 'a quorum again',
          timeoutMs: 20_000
        })
        assert.deepEqual(
          swarm.members.flatMap(({ failures }) => failures),
          []
        )
      })
    })
  }

  it('stop leaves no directory', async () => {
    const swarm = await createSwarm({ nodes: 1 })
    await swarm.start()
    const { data } = swarm.members[0]!
    assert(existsSync(data))
    await swarm.stop()
    assert(!existsSync(data))
  })

  it('a node starts when those before it have their first peers', async () => {
    const LONELY = 3
    const swarm = await createSwarm({
      nodes: 5,
      validators: 1,
      transport: 'memory',
      storage: 'memory',
      startingAtOnce: 1,
      configure: (index) => (index === LONELY ? { bootstrap: [] } : {})
    })
    try {
      const started = swarm.start()
      await swarm.until(() => swarm.members[LONELY]!.node, { what: 'the one that knows nobody runs' })
      const from = finalHeight(swarm.node(0), COORD)
      await swarm.until(() => finalHeight(swarm.node(0), COORD) >= from + 5, { what: 'blocks go by' })
      assert(swarm.members[LONELY + 1]!.node === undefined)
      await swarm.node(LONELY).network!.dial(swarm.node(0).network!.addresses()[0]!)
      await started
      assert.equal(swarm.running.length, 5)
    } finally {
      await swarm.stop()
    }
  })
})
