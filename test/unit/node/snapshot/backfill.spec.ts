import { deepEqual, equal, ok } from 'node:assert/strict'
import { BodyRangeType, HeaderRangeType } from '../../../../src/codec/sync-messages.ts'
import { decode } from '../../../../src/codec/ssz.ts'
import { inlineVerifier } from '../../../../src/crypto/inline-verifier.ts'
import { verifyHere } from '../../../../src/node/snapshot/chunk-verifier.ts'
import { EpochBook } from '../../../../src/node/chain/epoch-book.ts'
import { loadSnapshot } from '../../../../src/node/chain/genesis-chain.ts'
import { Backfill } from '../../../../src/node/snapshot/backfill.ts'
import { FastStart } from '../../../../src/node/snapshot/fast-start.ts'
import { serveBodies, serveHeaders } from '../../../../src/node/sync/serve.ts'
import { networkId } from '../../../../src/params/genesis.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import { ChainStore } from '../../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../../src/store/ports.ts'
import { FakeNetwork, peer } from '../../../support/node-fakes.ts'
import { SimClock } from '../../../support/snapshot-clock.ts'
import { SnapshotSource } from '../../../support/snapshot-source.ts'
import { checkGenesisOf } from '../../../support/data-directory.ts'

const GENESIS = checkGenesisOf(4)

describe('backfill', () => {
  let source: SnapshotSource
  let network: FakeNetwork
  let store: ChainStore
  let disk: MemoryDisk
  let database: KeyValueStore

  before(async () => {
    source = await SnapshotSource.make(GENESIS, 4, 13)
  })

  beforeEach(async () => {
    network = new FakeNetwork()
    network.connected = [peer('a')]
    disk = new MemoryDisk()
    network.answer = async (_to, protocol, body) => {
      if (protocol === 'headers') {
        const request = decode(HeaderRangeType, body)
        return request.ok ? serveHeaders(source.store, request.value) : { result: 'invalid', frames: [] }
      }
      if (protocol === 'ranges') {
        const request = decode(BodyRangeType, body)
        return request.ok ? serveBodies(source.store, request.value) : { result: 'invalid', frames: [] }
      }
      return source.honest(protocol, body)
    }
    database = disk.open()
    const { genesisHash, first } = source
    const start = new FastStart(
      {
        network,
        clock: new SimClock(),
        verifier: inlineVerifier,
        chunks: verifyHere,
        snapshot: (epoch) => (epoch === 0 ? first : undefined),
        suits: () => true
      },
      { chain: COORD, network: networkId(GENESIS), genesisHash, shards: GENESIS.shards, above: () => 0 }
    )
    ok((await start.run(database)) !== undefined)
    store = ChainStore.open(database, { network: networkId(GENESIS), chain: COORD })
  })

  const backfill = (): Backfill =>
    new Backfill({
      network,
      clock: new SimClock(),
      verifier: inlineVerifier,
      epochs: new EpochBook((epoch) => loadSnapshot(store, epoch)),
      store
    })

  it('SNAP-9: no crash leaves a gap: blocks are on the disk before those below them are written', async () => {
    await store.prepend([source.store.block(11)!])
    await database.batch([], { sync: true })
    await store.prepend([source.store.block(10)!])
    // The log of before is gone, the one that was begun with the synced write is there.
    disk.crash({ loseBehind: disk.behind, keepUnsynced: disk.unsynced })
    const after = ChainStore.open(disk.open(), { network: networkId(GENESIS), chain: COORD })
    equal(after.earliest, 10)
    for (const height of [10, 11]) deepEqual(after.block(height)?.hash, source.store.hashAt(height))
  })

  it('SNAP-9: what was dropped while blocks waited for the ones above them leaves no gap either', async () => {
    await store.prepend([source.store.block(11)!])
    const waits = store.prepend([source.store.block(10)!])
    await Promise.all([store.dropBelow(12), waits])
    equal(store.earliest, 12)
    equal(store.block(10), undefined)
  })

  it('SNAP-9: history is linked down to height 1, hashed, with certificates that hold, and survives a restart', async () => {
    equal(store.earliest, 12)
    for (let step = 0; step < 9 && store.earliest > 1; step++) await backfill().step(peer('a'))
    equal(store.earliest, 1)
    for (let height = 1; height <= 12; height++) {
      deepEqual(store.block(height)?.hash, source.store.hashAt(height))
      const found = await store.certificateAtOrAbove(height)
      ok(found !== undefined && found.height <= 12)
    }
    deepEqual(network.reports, [])
    equal(store.header(0), undefined)
  })

  it('SNAP-9: headers that are not the ancestors, and other bodies, are charged and nothing is stored', async () => {
    const honest = network.answer
    for (const lie of ['headers', 'ranges'] as const) {
      network.reports.length = 0
      network.answer = async (to, protocol, body) => {
        const answer = await honest(to, protocol, body)
        if (protocol !== lie) return answer
        const frames = answer.frames.map((frame) => {
          const bytes = frame.slice()
          bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
          return bytes
        })
        return { ...answer, frames }
      }
      await backfill().step(peer('a'))
      equal(store.earliest, 12)
      ok(lie === 'headers' || network.reports.some((report) => report.includes('invalid')), lie)
    }
  })

  it('SNAP-9: a peer that lacks the blocks changes nothing and costs nothing', async () => {
    network.answer = async () => ({ result: 'lacks', frames: [] })
    equal(await backfill().step(peer('a')), false)
    equal(store.earliest, 12)
    deepEqual(network.reports, [])
  })
})
