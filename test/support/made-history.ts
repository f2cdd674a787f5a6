/** A made history of one shard for a spec file, and the swarm of the test at hand. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node } from '../../src/app/node.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import type { ChainStore } from '../../src/store/chain-store.ts'
import { makeHistory } from '../../src/testing/index.ts'
import type { History, Swarm } from '../../src/testing/index.ts'

export const SHARD = shardId(0)
/** Of the shard and of coordination, over three epochs. */
export const BLOCKS = 400

export interface HistoryScene {
  history: History
  /** Stopped after each test. */
  swarm: Swarm | undefined
}

/** Called inside `describe`: the history is there when the first test begins. */
export function historyScene(): HistoryScene {
  const scene: Partial<HistoryScene> = {}
  let directory: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'icn-history-'))
    scene.history = await makeHistory({
      out: join(directory, 'history'),
      preset: 'minimal',
      shards: 1,
      blocks: BLOCKS,
      transfers: 2,
      epochs: 3,
      overrides: { unbondingEpochs: 2 },
      threads: 0
    })
  })
  after(() => rmSync(directory, { recursive: true, force: true }))
  afterEach(async () => {
    await scene.swarm?.stop()
    scene.swarm = undefined
  })
  return scene as HistoryScene
}

export const storeOf = (node: Node, chain: ChainId = SHARD): ChainStore => node.chains!.get(chain)!.store
