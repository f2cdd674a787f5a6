/** Catching up over real libp2p: from nothing among peers that lie and stall, and after a long absence. */
import assert from 'node:assert/strict'
import type { Node } from '../../src/app/node.ts'
import { exitCodeOf } from '../../src/cli/cli-error.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { SYNC_LIMITS } from '../../src/sync/limits.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { ChainStore } from '../../src/store/chain-store.ts'
import { createSwarm } from '../../src/testing/index.ts'
import { historyScene, storeOf } from '../support/made-history.ts'
import { finalHeight } from '../support/swarm.ts'

describe('sync over libp2p', function () {
  this.timeout(120_000)
  const scene = historyScene()

  const isSynced = (node: Node): boolean =>
    [...scene.history.tips].every(([chain, { height }]) => finalHeight(node, chain) >= height) &&
    node.chains!.list.every(({ sync }) => !sync.active)

  /** While a block is written, the root is already the next one's. */
  const isSettled = (store: ChainStore): boolean =>
    toHex(store.root) === toHex(store.header(store.final.height)!.stateRoot)

  it('SYN-5, SYN-6: from nothing to the head beside a liar and a staller; the roots are equal, the liar alone is charged', async () => {
    scene.swarm = await createSwarm({ history: scene.history, nodes: 6, holders: 3 })
    await scene.swarm.start([1, 2])
    const [liar, staller] = [scene.swarm.node(1), scene.swarm.node(2)]
    let lies = 0
    // On disk nothing is wrong: it is what leaves the node that is.
    storeOf(liar).body = (height) => new Uint8Array(300).fill(height + lies++)
    storeOf(staller).certificateAtOrAbove = async () => new Promise(() => undefined)
    await scene.swarm.start([5])
    const late = scene.swarm.node(5)
    // Beside an honest peer that answers faster it might never be asked.
    await scene.swarm.until(() => lies > 0, { timeoutMs: 30_000, what: 'the liar was asked for bodies' })
    await scene.swarm.start([0])
    await scene.swarm.until(() => isSynced(late), {
      timeoutMs: 90_000,
      what: 'the late node is live at the head'
    })
    for (const [chain, { height }] of scene.history.tips) {
      assert.deepEqual(
        storeOf(late, chain).hashAt(height),
        storeOf(scene.swarm.node(0), chain).hashAt(height)
      )
      // The chain goes on, and every block changes the state: what is held is compared with its own header.
      await scene.swarm.until(() => isSettled(storeOf(late, chain)), {
        timeoutMs: 10_000,
        what: 'a moment between two commits'
      })
    }
    const trust = late.port!.sync().find(({ chain }) => chain === COORD)?.trust
    assert.equal(
      trust,
      'genesis-unvouched',
      'SYN-14: three epochs without a checkpoint, and two can be punished'
    )
    const score = (of: Node): number => late.network!.standing(of.network!.self).score
    assert.equal(score(scene.swarm.node(0)), 0)
    assert.equal(score(staller), 0)
    assert(score(liar) < 0, 'a liar that was asked is charged')
    assert.deepEqual(scene.swarm.members[5]!.failures, [])
  })

  it('SYN-11: a chain that contradicts the checkpoint ends the node with exit code 4; the right one is reported', async () => {
    scene.swarm = await createSwarm({ history: scene.history, nodes: 6, holders: 1 })
    await scene.swarm.start([0])
    const height = 100
    const hash = storeOf(scene.swarm.node(0), COORD).hashAt(height)!
    await scene.swarm.restart(5, { checkpoint: { height, hash: new Uint8Array(32).fill(7) } })
    const { failures } = scene.swarm.members[5]!
    await scene.swarm.until(() => failures.length > 0, {
      timeoutMs: 60_000,
      what: 'the wrong checkpoint is noticed'
    })
    assert.equal(exitCodeOf(failures[0]), 4)
    assert(finalHeight(scene.swarm.node(5), COORD) < height)
    await scene.swarm.restart(5, { checkpoint: { height, hash } })
    const node = scene.swarm.node(5)
    await scene.swarm.until(() => isSynced(node), { timeoutMs: 60_000, what: 'the right checkpoint' })
    const coord = node.port!.sync().find(({ chain }) => chain === COORD)
    assert.equal(coord?.trust, 'checkpoint')
    assert(coord.trustAgeMs !== undefined && coord.trustAgeMs > 0)
  })

  it('SYN-8, C23: a validator that was away for many epochs catches up, signs nothing meanwhile, and votes again', async () => {
    scene.swarm = await createSwarm({ nodes: 4, shards: 1 })
    await scene.swarm.start()
    await scene.swarm.reached(COORD, 5, { timeoutMs: 30_000 })
    await scene.swarm.stopNode(3)
    const away = finalHeight(scene.swarm.node(0), COORD) + SYNC_LIMITS.nearBlocks + 40
    await scene.swarm.reached(COORD, away, { timeoutMs: 90_000 })
    await scene.swarm.restart(3)
    const node = scene.swarm.node(3)
    const { driver, sync } = node.chains!.coord
    let synced = false
    await scene.swarm.until(
      () => {
        synced ||= sync.active
        assert(!sync.active || driver.queued === 0, 'consensus takes nothing while the chain syncs')
        return synced && !sync.active && finalHeight(node, COORD) >= away
      },
      { timeoutMs: 60_000, what: 'it syncs' }
    )
    const { publicKey } = node.validator!
    await scene.swarm.until(
      async () => {
        const { chains } = scene.swarm!.node(0)
        const { certificate } = chains!.coord
        const own = certificate && chains!.epochs.memberIndex(COORD, certificate.epoch, publicKey)
        return own !== undefined && certificate!.signers.get(own)
      },
      { timeoutMs: 60_000, what: 'its vote stands in a certificate' }
    )
    assert.deepEqual(scene.swarm.members[3]!.failures, [])
  })
})
