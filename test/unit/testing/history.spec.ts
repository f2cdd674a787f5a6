/** Made histories (`npm run history`): whole, certified, and the same for the same seed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkDirectories } from '../../../src/check/index.ts'
import { dataPaths } from '../../../src/node/data-dir.ts'
import { readKeyFile } from '../../../src/node/keys.ts'
import { networkId } from '../../../src/params/genesis.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { readTotals } from '../../../src/state/supply.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { openLevel } from '../../../src/store/level.ts'
import { StateSnapshots } from '../../../src/store/state-snapshots.ts'
import { copyHistory, makeHistory, readHistory } from '../../../src/testing/index.ts'
import type { History, HistoryOptions } from '../../../src/testing/index.ts'

const SMALL = {
  preset: 'minimal',
  shards: 2,
  blocks: 30,
  transfers: 3,
  epochs: 2,
  timeMs: 1_700_000_000_000
} as const

describe('history', function () {
  this.timeout(60_000)
  let directory: string
  let made = 0

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'icn-history-'))
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  const make = async (options: Partial<HistoryOptions> = {}): Promise<History> =>
    makeHistory({ ...SMALL, threads: 0, out: join(directory, `history-${made++}`), ...options })

  async function withStore<T>(
    history: History,
    chain: ChainId,
    look: (store: ChainStore) => Promise<T> | T
  ): Promise<T> {
    const database = await openLevel(dataPaths(history.data).chainDatabase(chain), { isNew: false })
    try {
      return await look(ChainStore.open(database, { network: networkId(history.genesis), chain }))
    } finally {
      await database.close()
    }
  }

  const hashes = ({ tips }: History): string[] =>
    [...tips].map(([chain, { hash }]) => `${chain} ${toHex(hash)}`)

  it('SNAP-1: it keeps the newest two states of every chain, of the same hand-overs, as a node would', async () => {
    const history = await make({ epochs: 3, overrides: { snapshotInterval: 5 } })
    const kept: number[][] = []
    for (const chain of history.tips.keys()) {
      const database = await openLevel(dataPaths(history.data).chainDatabase(chain), { isNew: false })
      try {
        const { held } = await StateSnapshots.open(database)
        kept.push(held.map(({ epoch }) => epoch))
      } finally {
        await database.close()
      }
    }
    assert.deepEqual(kept, [
      [2, 1],
      [2, 1],
      [2, 1]
    ])
  })

  it('icn check has no findings in it, and it crosses as many epochs as were asked for', async () => {
    const history = await make()
    const report = await checkDirectories([history.data])
    assert.deepEqual(report.findings, [])
    assert.deepEqual(
      [...history.tips].map(([chain, { height, epoch }]) => [chain, height, epoch]),
      [
        [COORD, 30, 2],
        [shardId(0), 30, 2],
        [shardId(1), 30, 2]
      ]
    )
  })

  it('C24: every boundary and every tip has its own certificate, others as often as was asked for', async () => {
    const history = await make({ certifyEvery: 7 })
    await withStore(history, shardId(1), async (store) => {
      const own: number[] = []
      for (let height = 1; height <= 30; height++)
        if ((await store.certificateAtOrAbove(height))?.height === height) own.push(height)
      assert.deepEqual(own, [7, 12, 14, 21, 24, 28, 30])
      assert.deepEqual([store.boundary(0)?.header.height, store.boundary(1)?.header.height], [12, 24])
    })
  })

  it('the same options give the same history to the byte, in threads too; another seed gives another', async () => {
    const [first, again, other] = [await make(), await make({ threads: 2 }), await make({ seed: 'other' })]
    assert.deepEqual(hashes(again), hashes(first))
    assert.notDeepEqual(hashes(other).slice(1), hashes(first).slice(1))
  })

  it('blocks hold the transfers that were asked for, none of which failed', async () => {
    const history = await make({ transfers: 5 })
    await withStore(history, shardId(0), (store) => {
      assert.equal(store.header(1)?.transactionCount, 5)
      assert.equal(store.block(30)?.body.transactions.length, 5)
    })
  })

  it('blocks are empty with no transfers, and 40 kB with 100 of the longest memo', async () => {
    const empty = await make({ transfers: 0, blocks: 12 })
    await withStore(empty, shardId(0), (store) => assert.equal(store.header(12)?.transactionCount, 0))
    const big = await make({ preset: 'devnet', transfers: 100, memoBytes: 256, blocks: 12, shards: 1 })
    await withStore(big, shardId(0), (store) => assert.ok((store.header(1)?.bodyBytes ?? 0) >= 40_000))
  })

  it('the first blocks create as many account records as were asked for', async () => {
    const without = await make({ transfers: 0, shards: 1, blocks: 12 })
    const history = await make({ accounts: 150, transfers: 0, shards: 1, blocks: 12 })
    const before = await withStore(without, shardId(0), (store) => readTotals(store).accounts)
    assert.equal(await withStore(history, shardId(0), (store) => readTotals(store).accounts), before + 150)
    assert.deepEqual((await checkDirectories([history.data])).findings, [])
  })

  it('coordination may be longer or shorter than the shards', async () => {
    for (const coordBlocks of [12, 60]) {
      const history = await make({ coordBlocks })
      assert.deepEqual((await checkDirectories([history.data])).findings, [])
      assert.deepEqual(
        [...history.tips.values()].map(({ height, epoch }) => [height, epoch]),
        [
          [coordBlocks, 2],
          [30, 2],
          [30, 2]
        ]
      )
    }
  })

  it('a copy is a directory of its own, with a node key of its own and the same chains', async () => {
    const history = await make()
    const copy = join(directory, 'copy')
    await copyHistory(await readHistory(join(history.data, '..')), copy, { validator: 1 })
    const report = await checkDirectories([history.data, copy])
    assert.deepEqual(report.findings, [])
    const [key, other] = [history.data, copy].map(
      (data) => readKeyFile(dataPaths(data).nodeKey, 'node').publicKey
    )
    assert.notDeepEqual(key, other)
    await assert.rejects(copyHistory(history, copy), /data directory already/)
    await assert.rejects(readHistory(copy), /history.json/)
    await assert.rejects(readHistory(join(directory, 'none')), /holds no history/)
  })

  it('options that make no history are refused by name, before anything is made', async () => {
    const history = await make()
    await assert.rejects(make({ out: join(history.data, '..') }), /^RangeError: out: .* exists/)
    await assert.rejects(make({ blocks: 21, epochs: 5 }), /epochs: 5 boundaries need 22 blocks/)
    await assert.rejects(make({ transfers: 65 }), /transfers: at most 64/)
    await assert.rejects(make({ accounts: 64 * 30 + 1 }), /accounts: 1921 need 31 blocks/)
    await assert.rejects(make({ overrides: { maxLifetime: 1 } }), /maxLifetime/)
  })

  it('transfers that a block cannot hold end the making, and say which', async () => {
    const options = {
      transfers: 128,
      memoBytes: 256,
      overrides: { blockTransactionsMax: 128, blockBytesMax: 33_792, maxValidators: 4 }
    }
    await assert.rejects(make(options), /0 1: \d+ of 128 transfers fit/)
  })
})
