/** Catching up over real libp2p: from nothing among peers that lie and stall, and after a long absence. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node } from '../../src/app/node.ts'
import { exitCodeOf } from '../../src/cli/cli-error.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { SYNC_LIMITS } from '../../src/sync/limits.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { createSwarm, makeHistory } from '../../src/testing/index.ts'
import type { History, Swarm } from '../../src/testing/index.ts'
import { finalHeight } from '../support/swarm.ts'

const SHARD = shardId(0)
const BLOCKS = 400

describe('sync over libp2p', function () {
  this.timeout(120_000)
  let directory: string
  let history: History
  let swarm: Swarm | undefined

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'icn-sync-'))
    history = await makeHistory({
      out: join(directory, 'history'),
      preset: 'minimal',
      shards: 1,
      blocks: BLOCKS,
      transfers: 2,
      epochs: 3,
      threads: 0
    })
  })
  after(() => rmSync(directory, { recursive: true, force: true }))
  afterEach(async () => {
    await swarm?.stop()
    swarm = undefined
  })

  const storeOf = (node: Node, chain = SHARD) => node.chains!.get(chain)!.store
  const isSynced = (node: Node): boolean =>
    [...history.tips].every(([chain, { height }]) => finalHeight(node, chain) >= height) &&
    node.chains!.list.every(({ sync }) => !sync.active)

  it('SYN-5, SYN-6: from nothing to the head beside a liar and a staller; the roots are equal, the liar alone is charged', async () => {
    swarm = await createSwarm({ history, nodes: 6, holders: 3 })
    await swarm.start([0, 1, 2])
    const [liar, staller] = [swarm.node(1), swarm.node(2)]
    // On disk nothing is wrong: it is what leaves the node that is.
    storeOf(liar).body = (height) => new Uint8Array(300).fill(height)
    storeOf(staller).certificateAtOrAbove = async () => new Promise(() => undefined)
    await swarm.start([5])
    const late = swarm.node(5)
    await swarm.until(() => isSynced(late), { timeoutMs: 90_000, what: 'the late node is live at the head' })
    for (const [chain, { height }] of history.tips) {
      assert.deepEqual(storeOf(late, chain).hashAt(height), storeOf(swarm.node(0), chain).hashAt(height))
      assert.equal(toHex(storeOf(late, chain).root), toHex(storeOf(swarm.node(0), chain).root))
    }
    const score = (of: Node): number => late.network!.standing(of.network!.self).score
    assert.equal(score(swarm.node(0)), 0)
    assert.equal(score(staller), 0)
    assert(score(liar) < 0, 'a liar that was asked is charged')
    assert.deepEqual(swarm.members[5]!.failures, [])
  })

  it('SYN-11: a chain that contradicts the checkpoint ends the node with exit code 4; the right one is reported', async () => {
    swarm = await createSwarm({ history, nodes: 6, holders: 1 })
    await swarm.start([0])
    const height = 100
    const hash = storeOf(swarm.node(0), COORD).hashAt(height)!
    await swarm.restart(5, { checkpoint: { height, hash: new Uint8Array(32).fill(7) } })
    const { failures } = swarm.members[5]!
    await swarm.until(() => failures.length > 0, {
      timeoutMs: 60_000,
      what: 'the wrong checkpoint is noticed'
    })
    assert.equal(exitCodeOf(failures[0]), 4)
    assert(finalHeight(swarm.node(5), COORD) < height)
    await swarm.restart(5, { checkpoint: { height, hash } })
    const node = swarm.node(5)
    await swarm.until(() => isSynced(node), { timeoutMs: 60_000, what: 'the right checkpoint' })
    const coord = node.port!.sync().find(({ chain }) => chain === COORD)
    assert.equal(coord?.trust, 'checkpoint')
    assert(coord.trustAgeMs !== undefined && coord.trustAgeMs > 0)
  })

  it('SYN-8, C23: a validator that was away for many epochs catches up, signs nothing meanwhile, and votes again', async () => {
    swarm = await createSwarm({ nodes: 4, shards: 1 })
    await swarm.start()
    await swarm.reached(COORD, 5, { timeoutMs: 30_000 })
    await swarm.stopNode(3)
    const away = finalHeight(swarm.node(0), COORD) + SYNC_LIMITS.nearBlocks + 40
    await swarm.reached(COORD, away, { timeoutMs: 90_000 })
    await swarm.restart(3)
    const node = swarm.node(3)
    const { driver, sync } = node.chains!.coord
    let synced = false
    await swarm.until(
      () => {
        synced ||= sync.active
        assert(!sync.active || driver.queued === 0, 'consensus takes nothing while the chain syncs')
        return synced && !sync.active && finalHeight(node, COORD) >= away
      },
      { timeoutMs: 60_000, what: 'it syncs' }
    )
    const { publicKey } = node.validator!
    await swarm.until(
      async () => {
        const { chains } = swarm!.node(0)
        const { certificate } = chains!.coord
        const own = certificate && chains!.epochs.memberIndex(COORD, certificate.epoch, publicKey)
        return own !== undefined && certificate!.signers.get(own)
      },
      { timeoutMs: 60_000, what: 'its vote stands in a certificate' }
    )
    assert.deepEqual(swarm.members[3]!.failures, [])
  })
})
