/** Retention (`--retention N`): what goes, what stays, what a crash leaves, and how much room it gives back. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/app/clock.ts'
import { checkDirectories } from '../../../src/check/index.ts'
import { TransactionType, transactionId } from '../../../src/codec/transaction.ts'
import { dataPaths } from '../../../src/node/data-dir.ts'
import { Retention } from '../../../src/node/retention.ts'
import { networkId } from '../../../src/params/genesis.ts'
import { u64be } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { CHAIN_BUCKETS as B, bucketKey, bucketRange } from '../../../src/store/buckets.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { openLevel } from '../../../src/store/level.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore, Write } from '../../../src/store/ports.ts'
import type { HeldSnapshot } from '../../../src/store/state-snapshots.ts'
import { copyHistory, makeHistory } from '../../../src/testing/index.ts'
import type { History } from '../../../src/testing/index.ts'
import { eventually } from '../../support/eventually.ts'

const SHARD = shardId(0)
const EVERYTHING = { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) }
const KEEP = 20
const TIP = 60

async function copyRows(from: KeyValueStore, to: KeyValueStore): Promise<void> {
  let writes: Write[] = []
  for await (const [key, value] of from.range(EVERYTHING)) {
    writes.push({ type: 'put', key, value })
    if (writes.length < 500) continue
    await to.batch(writes, { sync: false })
    writes = []
  }
  await to.batch(writes, { sync: true })
}

/** @param failed where failures go; without it one is thrown */
const retentionOf = (stores: ReadonlyMap<ChainId, ChainStore>, keep = KEEP, failed?: unknown[]): Retention =>
  new Retention({
    clock: systemClock,
    stores,
    snapshots: new Map(),
    keep,
    onFailed: (error) => {
      if (failed === undefined) throw error
      failed.push(error)
    }
  })

const bytesIn = (directory: string): number =>
  readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)

describe('retention', function () {
  this.timeout(120_000)
  let directory: string
  let history: History
  const rows = new Map<ChainId, MemoryDisk>()

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'icn-retention-'))
    const out = join(directory, 'history')
    history = await makeHistory({
      out,
      preset: 'minimal',
      shards: 1,
      blocks: TIP,
      transfers: 3,
      epochs: 3,
      threads: 0
    })
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  /** The chain of the history on a disk of its own. */
  async function diskOf(chain: ChainId): Promise<MemoryDisk> {
    const known = rows.get(chain)
    const source =
      known?.open() ?? (await openLevel(dataPaths(history.data).chainDatabase(chain), { isNew: false }))
    const disk = new MemoryDisk()
    const copy = disk.open()
    await copyRows(source, copy)
    await Promise.all([source.close(), copy.close()])
    if (known === undefined) rows.set(chain, disk)
    return known === undefined ? diskOf(chain) : disk
  }

  const storeOn = (kv: KeyValueStore, chain: ChainId): ChainStore =>
    ChainStore.open(kv, { network: networkId(history.genesis), chain })

  function idsOf(store: ChainStore, height: number): Uint8Array[] {
    const transactions = store.block(height)?.body.transactions ?? []
    return transactions.map((bytes) => transactionId(store.network, TransactionType.deserialize(bytes)))
  }

  async function countOf(kv: KeyValueStore, bucket: (typeof B)[keyof typeof B]): Promise<number> {
    let count = 0
    for await (const _row of kv.range(bucketRange(bucket))) count += 1
    return count
  }

  it('a dropped block leaves no row; boundaries, snapshots, their proofs and the state stay', async () => {
    const kv = (await diskOf(COORD)).open()
    const coord = storeOn(kv, COORD)
    const kept = [B.boundary, B.snapshot, B.epochProof, B.state, B.page]
    const before = await Promise.all(kept.map(async (bucket) => countOf(kv, bucket)))
    await coord.dropBelow(40)
    assert.deepEqual(await Promise.all(kept.map(async (bucket) => countOf(kv, bucket))), before)
    assert.ok(before.every((count) => count > 0))

    const shardKv = (await diskOf(SHARD)).open()
    const store = storeOn(shardKv, SHARD)
    const [gone, held] = [idsOf(store, 39), idsOf(store, 40)]
    const goneHash = store.hashAt(39)!
    const bytes = await store.dropBelow(40)
    assert.ok(bytes > 40 * 3 * 200)
    assert.equal(store.earliest, 40)
    for (const bucket of [B.header, B.body, B.results, B.heightOfHash])
      assert.equal(await countOf(shardKv, bucket), TIP - 40 + 1, bucket.name)
    assert.equal(await countOf(shardKv, B.transaction), 3 * (TIP - 40 + 1))
    assert.equal(store.block(39), undefined)
    assert.equal(store.heightOfHash(goneHash), undefined)
    assert.ok(gone.length === 3 && gone.every((id) => store.placeOf(id) === undefined))
    assert.deepEqual(store.placeOf(held[2]!), { height: 40, index: 2 })
    assert.ok((await store.certificateAtOrAbove(0))!.height >= 40)
    assert.equal(storeOn(shardKv, SHARD).earliest, 40)
  })

  it('the last final block is never dropped, and nothing twice', async () => {
    const store = storeOn((await diskOf(SHARD)).open(), SHARD)
    await store.dropBelow(TIP)
    assert.equal(store.block(TIP)!.header.height, TIP)
    await assert.rejects(store.dropBelow(TIP), /always held/)
    await assert.rejects(store.dropBelow(TIP + 1), /always held/)
  })

  it('a crash at any slice leaves a chain that opens, with every block from its oldest one on', async () => {
    const slices = [9, 10, 31, 60]
    for (let kept = 0; kept <= slices.length; kept++) {
      // None of the writes completes before the crash.
      const disk = (await diskOf(SHARD)).copy({ schedule: () => undefined })
      const store = storeOn(disk.open(), SHARD)
      const dropped = slices.map(async (below) => store.dropBelow(below))
      disk.crash({ keepUnsynced: kept })
      await Promise.allSettled(dropped)
      const kv = disk.open()
      const after = storeOn(kv, SHARD)
      assert.equal(after.earliest, [0, ...slices][kept])
      for (let height = 0; height <= TIP; height++) {
        const isHeld = height >= after.earliest
        assert.equal(after.block(height) !== undefined, isHeld)
        assert.equal(after.results(height) !== undefined, isHeld)
        assert.equal(kv.get(bucketKey(B.body, u64be(height))) !== undefined, isHeld)
      }
    }
  })

  it('drops down to the number, further with every final block, and stops between slices', async () => {
    const store = storeOn((await diskOf(SHARD)).open(), SHARD)
    const stores = new Map([[SHARD, store]])
    const failed: unknown[] = []
    const retention = retentionOf(stores, KEEP, failed)
    retention.start()
    retention.advanced(SHARD)
    await eventually('it dropped', () => store.earliest === TIP - KEEP + 1)
    await retention.stop()
    const more = retentionOf(stores, TIP, failed)
    more.start()
    await more.stop()
    assert.equal(store.earliest, TIP - KEEP + 1, 'what is gone does not come back')
    const whole = storeOn((await diskOf(SHARD)).open(), SHARD)
    const stopped = retentionOf(new Map([[SHARD, whole]]))
    stopped.start()
    await stopped.stop()
    assert.equal(whole.earliest, 16, 'one slice was under way')
    assert.deepEqual(failed, [])
  })

  it('coordination keeps what the oldest block of a shard refers to', async () => {
    const [coord, shard] = [
      storeOn((await diskOf(COORD)).open(), COORD),
      storeOn((await diskOf(SHARD)).open(), SHARD)
    ]
    const stores = new Map([
      [COORD, coord],
      [SHARD, shard]
    ])
    const retention = retentionOf(stores)
    assert.equal(retention.floor(COORD), 0)
    await shard.dropBelow(30)
    assert.equal(retention.floor(COORD), shard.header(30)!.coordHeight)
    await shard.dropBelow(55)
    assert.equal(retention.floor(COORD), TIP - KEEP + 1)
    const alone = retentionOf(new Map([[COORD, coord]]))
    assert.equal(alone.floor(COORD), TIP - KEEP + 1)
  })

  it('SNAP-9: blocks above the oldest snapshot that others are given stay, and what they refer to', async () => {
    const stores = new Map([
      [COORD, storeOn((await diskOf(COORD)).open(), COORD)],
      [SHARD, storeOn((await diskOf(SHARD)).open(), SHARD)]
    ])
    const snapshots = new Map<ChainId, { held: HeldSnapshot[] }>()
    const hold = (...heights: number[]): void =>
      void snapshots.set(SHARD, { held: heights.map((height) => ({ height }) as HeldSnapshot) })
    hold(50, 25)
    const onFailed = (error: unknown): void => assert.fail(String(error))
    const retention = new Retention({ clock: systemClock, stores, snapshots, keep: KEEP, onFailed })
    assert.equal(retention.floor(SHARD), 25)
    retention.start()
    await eventually('it dropped', () => stores.get(SHARD)!.earliest === 25)
    hold(TIP - KEEP + 1)
    assert.equal(
      retention.floor(SHARD),
      TIP - KEEP + 1,
      'the first block above a snapshot is within the window'
    )
    hold(TIP - 1)
    assert.equal(retention.floor(SHARD), TIP - KEEP + 1, 'a newer snapshot drops nothing of the window')
    hold()
    assert.equal(retention.floor(SHARD), TIP - KEEP + 1)
    await retention.stop()
  })

  it('a failure of the disk is told', async () => {
    const disk = await diskOf(SHARD)
    const store = storeOn(disk.open(), SHARD)
    disk.crash()
    const failed: unknown[] = []
    const stores = new Map([[SHARD, store]])
    const retention = retentionOf(stores, KEEP, failed)
    retention.start()
    await retention.stop()
    assert.match(String(failed[0]), /STORE_CLOSED/)
    assert.equal(failed.length, 1)
  })

  it('after pruning, bytes on disk are at most 1.3 times those of the live rows, and icn check passes', async () => {
    const out = join(directory, 'large')
    const large = await makeHistory({
      out,
      preset: 'devnet',
      shards: 1,
      blocks: 900,
      transfers: 25,
      epochs: 3
    })
    const pruned = join(directory, 'pruned')
    await copyHistory(large, pruned)
    const open = new Map<ChainId, { kv: KeyValueStore; store: ChainStore }>()
    for (const chain of [COORD, SHARD]) {
      const kv = await openLevel(dataPaths(pruned).chainDatabase(chain), { isNew: false })
      open.set(chain, { kv, store: ChainStore.open(kv, { network: networkId(large.genesis), chain }) })
    }
    const stores = new Map([...open].map(([chain, { store }]) => [chain, store]))
    const retention = retentionOf(stores, 180)
    const beforeBytes = bytesIn(dataPaths(pruned).chainDatabase(SHARD))
    retention.start()
    await eventually(
      'both dropped',
      () => [...stores.values()].every(({ earliest }) => earliest === 721),
      60_000
    )
    const shard = open.get(SHARD)!
    await eventually('it is packed', () => !retention.isBusy, 60_000)
    await retention.stop()
    const live = join(directory, 'live')
    const copy = await openLevel(live, { isNew: true })
    await copyRows(shard.kv, copy)
    await copy.pack!()
    await copy.close()
    for (const { kv } of open.values()) await kv.close()
    const [onDisk, liveBytes] = [bytesIn(dataPaths(pruned).chainDatabase(SHARD)), bytesIn(live)]
    assert.ok(onDisk <= 1.3 * liveBytes, `${onDisk} bytes on disk, ${liveBytes} live`)
    assert.ok(onDisk < beforeBytes / 2)
    const report = await checkDirectories([pruned])
    assert.deepEqual(report.findings, [])
  })
})
