/** Joining at a snapshot over real libp2p, with what may be missing and what goes on meanwhile. */
import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Logger } from 'pino'
import type { Node } from '../../src/app/node.ts'
import { exitCodeOf } from '../../src/cli/cli-error.ts'
import { RETENTION_MIN } from '../../src/node/config-retention.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { SYNC_LIMITS } from '../../src/sync/limits.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { BLOCKS, SHARD, historyScene, storeOf } from '../support/made-history.ts'
import { finalHeight } from '../support/swarm.ts'

const WAIT = { timeoutMs: 150_000 }

describe('fast start over libp2p', function () {
  this.timeout(400_000)
  const scene = historyScene()

  const validators = () => scene.history.genesis.validators.map((_, index) => index)
  const holdsSnapshots = (node: Node): boolean =>
    [...node.chains!.snapshots.values()].every(({ held }) => held.length > 0)
  const isSynced = (node: Node): boolean =>
    node.chains!.list.every(({ chain, sync }) => !sync.active && finalHeight(node, chain) > BLOCKS)

  async function running(own: Swarm, indexes = validators()): Promise<Swarm> {
    scene.swarm = own
    await own.start(indexes)
    await own.until(() => own.running.every(holdsSnapshots), { ...WAIT, what: 'snapshots are made' })
    return own
  }
  const withHistory = async (log?: Logger) =>
    createSwarm({ history: scene.history, nodes: validators().length + 1, ...(log && { log }) })

  function assertSameState(late: Node, holder: Node): void {
    for (const chain of [COORD, SHARD]) {
      const height = finalHeight(late, chain)
      assert.deepEqual(storeOf(late, chain).hashAt(height), storeOf(holder, chain).hashAt(height))
    }
  }

  it('SNAP-8: begins both chains at a snapshot and follows them on, while retention drops blocks', async () => {
    const own = await running(await withHistory())
    const index = validators().length
    await own.restart(index, { sync: 'snapshot', retention: RETENTION_MIN })
    const late = own.node(index)
    await own.until(() => isSynced(late), { ...WAIT, what: 'it is live' })
    for (const chain of [COORD, SHARD]) assert(storeOf(late, chain).earliest > BLOCKS / 2)
    assertSameState(late, own.node(0))
    assert.deepEqual(own.members[index]!.failures, [])
  })

  it('SNAP-8: on disks in memory too, and a power cut afterwards finds the chain that began there', async () => {
    const own = await running(
      await createSwarm({
        nodes: 3,
        validators: 2,
        shards: 1,
        storage: 'memory',
        overrides: { minBlockIntervalMs: 10, idleIntervalMs: 20 }
      }),
      [0, 1]
    )
    await own.reached(COORD, SYNC_LIMITS.snapshotBlocks + 40, WAIT)
    await own.restart(2, { sync: 'snapshot', shards: 'none' })
    const begun = await own.until(() => storeOf(own.node(2), COORD).earliest, {
      ...WAIT,
      what: 'it has begun'
    })
    await own.crash(2)
    await own.restart(2)
    assert.equal(storeOf(own.node(2), COORD).earliest, begun)
  })

  /** Nobody holds the first blocks of a chain any more. */
  async function pruned(): Promise<Swarm> {
    const own = await running(await withHistory())
    for (const index of validators()) {
      await own.stopNode(index)
      await own.restart(index, { retention: RETENTION_MIN })
    }
    const holdsLittle = (node: Node): boolean => node.chains!.list.every(({ store }) => store.earliest > 1)
    await own.until(() => own.running.every(holdsLittle), { ...WAIT, what: 'old blocks are gone' })
    for (const { chains } of own.running)
      for (const { chain, store } of chains!.list)
        assert(
          store.earliest <= chains!.snapshots.get(chain)!.held[0]!.height,
          'SNAP-9: what follows a snapshot stays'
        )
    return own
  }

  it('SYN-10: joins at a snapshot where nobody holds the blocks above genesis any more', async () => {
    const own = await pruned()
    const index = validators().length
    const { height } = storeOf(own.node(0), COORD).boundary(0)!.header
    const checkpoint = { height, hash: new Uint8Array(32).fill(7) }
    await own.restart(index, { sync: 'snapshot', checkpoint })
    const { failures } = own.members[index]!
    await own.until(() => failures.length > 0, { ...WAIT, what: 'SYN-11: the wrong checkpoint is noticed' })
    assert.equal(exitCodeOf(failures[0]), 4)
    await own.restart(index, { sync: 'snapshot', checkpoint: undefined })
    await own.until(() => isSynced(own.node(index)), { ...WAIT, what: 'it is live' })
    assertSameState(own.node(index), own.node(0))
    assert.equal(failures.length, 1)
  })

  it('SNAP-10: a shard without a snapshot is executed from genesis, with one warning, although coordination began at one', async () => {
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) })
    const own = await running(await withHistory(log))
    const lacks = { result: 'lacks', frames: [] } as const
    for (const { chains } of own.running) chains!.snapshots.get(SHARD)!.serve = () => lacks
    const index = validators().length
    await own.restart(index, { sync: 'snapshot' })
    const late = own.node(index)
    await own.until(() => isSynced(late), { ...WAIT, what: 'it is live' })
    assert.equal(storeOf(late).earliest, 0)
    assert.equal(storeOf(late, COORD).earliest, 1)
    assert.equal(lines.filter((line) => line.includes('no snapshot that fits')).length, 1)
    assertSameState(late, own.node(0))
    assert.deepEqual(own.members[index]!.failures, [])
  })
})
