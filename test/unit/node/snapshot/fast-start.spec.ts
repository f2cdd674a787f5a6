import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import {
  EpochStepType,
  EpochsRequestType,
  SnapshotManifestType
} from '../../../../src/codec/state-snapshot.ts'
import type { SnapshotManifest } from '../../../../src/codec/state-snapshot.ts'
import { inlineVerifier } from '../../../../src/crypto/inline-verifier.ts'
import { verifyHere } from '../../../../src/node/snapshot/chunk-verifier.ts'
import { loadSnapshot } from '../../../../src/node/chain/genesis-chain.ts'
import { FastStart } from '../../../../src/node/snapshot/fast-start.ts'
import type { FastStartComponents } from '../../../../src/node/snapshot/fast-start.ts'
import type { Checkpoint } from '../../../../src/node/sync/sync-facts.ts'
import { networkId } from '../../../../src/params/genesis.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import { CHAIN_BUCKETS, bucketRange } from '../../../../src/store/buckets.ts'
import { ChainImport } from '../../../../src/store/chain-import.ts'
import { ChainStore } from '../../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import type { KeyValueStore, Write } from '../../../../src/store/ports.ts'
import { SimClock } from '../../../support/snapshot-clock.ts'
import { FakeNetwork, peer } from '../../../support/node-fakes.ts'
import { SnapshotSource } from '../../../support/snapshot-source.ts'
import type { Answer } from '../../../support/snapshot-source.ts'
import { checkGenesisOf } from '../../../support/data-directory.ts'

const GENESIS = checkGenesisOf(4)
const LACKS = { result: 'lacks', frames: [] } as const
const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte))

async function rowsOf(
  database: KeyValueStore,
  ...names: (keyof typeof CHAIN_BUCKETS)[]
): Promise<[string, string][]> {
  const rows: [string, string][] = []
  for (const name of names) {
    for await (const [key, value] of database.range(bucketRange(CHAIN_BUCKETS[name]))) {
      rows.push([Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')])
    }
  }
  return rows
}

describe('fast start', () => {
  let source: SnapshotSource
  let network: FakeNetwork
  let disk: MemoryDisk

  before(async () => {
    source = await SnapshotSource.make(GENESIS, 4, 13)
  })
  beforeEach(() => {
    network = new FakeNetwork()
    disk = new MemoryDisk()
  })

  const unproven: number[] = []

  function start(
    answers: Readonly<Record<string, Answer>>,
    checkpoint?: Checkpoint,
    own: Partial<FastStartComponents> = {}
  ): FastStart {
    network.connected = Object.keys(answers).map(peer)
    network.answer = async (to, protocol, body) => answers[to]!(protocol, body)
    const { genesisHash, first } = source
    return new FastStart(
      {
        network,
        clock: new SimClock(),
        verifier: inlineVerifier,
        chunks: verifyHere,
        snapshot: (epoch) => (epoch === 0 ? first : undefined),
        suits: () => true,
        onUnproven: ({ height }) => unproven.push(height),
        ...own
      },
      {
        chain: COORD,
        network: networkId(GENESIS),
        genesisHash,
        shards: GENESIS.shards,
        above: () => 0,
        checkpoint
      }
    )
  }

  const identity = { network: networkId(GENESIS), chain: COORD }
  const withManifest = (change: (manifest: SnapshotManifest) => SnapshotManifest): Answer =>
    source.lying('manifests', (frames) => ({
      result: 'ok',
      frames: frames.map((frame) =>
        SnapshotManifestType.serialize(change(SnapshotManifestType.deserialize(frame)))
      )
    }))

  it('SNAP-8: joins at the newest snapshot: state, pages, epochs and boundaries are those of the source then', async () => {
    const older = await SnapshotSource.make(GENESIS, 4, 12)
    const staging = disk.open()
    const manifest = await start({ a: source.honest, b: source.honest }).run(staging)
    equal(manifest?.tip.header.height, 12)
    const store = ChainStore.open(staging, identity)
    equal(store.final.height, 12)
    equal(store.earliest, 12)
    deepEqual(store.root, older.store.root)
    const kept = ['state', 'page', 'snapshot', 'boundary', 'epochProof'] as const
    deepEqual(await rowsOf(staging, ...kept), await rowsOf(older.database, ...kept))
    deepEqual(store.block(12)?.hash, older.store.block(12)?.hash)
    equal((await store.certificateAtOrAbove(12))?.height, 12)
    deepEqual(await rowsOf(staging, 'staged'), [])
    deepEqual(network.reports, [])
  })

  it('SNAP-5: a tampered chunk is refused, its peer alone charged, another one asked', async () => {
    const liar = source.lying('chunks', (frames) => ({
      result: 'ok',
      frames: frames.map((frame) => flip(frame, 90))
    }))
    const staging = disk.open()
    ok((await start({ liar, honest: source.honest }).run(staging)) !== undefined)
    deepEqual(ChainStore.open(staging, identity).root, source.snapshots.held[0]!.bytes && rootOf(source))
    ok(network.reports.length >= 1)
    ok(network.reports.every((report) => report.includes('liar') && report.includes('invalid')))
  })

  it('SNAP-8: from a liar alone nothing becomes a chain, and the node is told that none was to be had', async () => {
    const liar = source.lying('chunks', () => ({ result: 'ok', frames: [new Uint8Array(10)] }))
    const staging = disk.open()
    equal(await start({ liar }).run(staging), undefined)
    equal(ChainStore.exists(staging), false)
    deepEqual(await rowsOf(staging, 'state', 'page'), [])
  })

  const isContradiction = { code: 'CHECKPOINT_CONTRADICTED' }
  const FALSE_HASH = new Uint8Array(32).fill(7)
  const withoutBlocks: Answer = async (protocol, body) =>
    protocol === 'headers' ? LACKS : source.honest(protocol, body)
  const checkpointAt = (height: number): Checkpoint => ({ height, hash: source.store.hashAt(height)! })

  it('SYN-11: the end of an epoch below a snapshot is compared with the checkpoint, though nobody holds blocks', async () => {
    const boundary = source.store.boundary(0)!.header.height
    ok(boundary > 1 && boundary < 12)
    for (const height of [boundary, 12]) {
      ok((await start({ a: withoutBlocks }, checkpointAt(height)).run(new MemoryDisk().open())) !== undefined)
      await rejects(
        start({ a: withoutBlocks }, { height, hash: FALSE_HASH }).run(new MemoryDisk().open()),
        isContradiction
      )
    }
    deepEqual(network.reports, [])
  })

  it('SYN-11: any other block is asked of who holds it; where nobody does, no snapshot above it is taken', async () => {
    const height = 1
    const lying: Answer = async (protocol, body) =>
      protocol === 'headers' ? { result: 'ok', frames: [new Uint8Array(9)] } : source.honest(protocol, body)
    const staging = disk.open()
    const none = { liar: lying, a: withoutBlocks }
    equal(await start(none, checkpointAt(height)).run(staging), undefined)
    equal(ChainStore.exists(staging), false)
    deepEqual(unproven.splice(0), [height])
    deepEqual(new Set(network.reports.map((report) => report.split(' ')[0])), new Set(['liar']))
    const some = { ...none, b: source.honest }
    ok((await start(some, checkpointAt(height)).run(new MemoryDisk().open())) !== undefined)
    await rejects(start(some, { height, hash: FALSE_HASH }).run(new MemoryDisk().open()), isContradiction)
    deepEqual(unproven, [])
    const above = { height: 13, hash: FALSE_HASH }
    ok(
      (await start({ a: withoutBlocks }, above).run(new MemoryDisk().open())) !== undefined,
      'it is compared when it is reached'
    )
  })

  it('SYN-10: the highest certified snapshot is what there is, before anything of it is fetched', async () => {
    equal(await start({ a: source.honest }).prove(), 12)
    equal(await start({ a: async () => LACKS }).prove(), undefined)
    deepEqual(network.reports, [])
  })

  it('SYN-10: a proof begins with the newest epoch that is known, however many came before', async () => {
    const asked: number[] = []
    const counting: Answer = async (protocol, body) => {
      if (protocol === 'epochs') asked.push(EpochsRequestType.deserialize(body).from)
      return source.honest(protocol, body)
    }
    const learnt = start({ a: source.honest })
    const staging = new MemoryDisk().open()
    await learnt.run(staging)
    const known = (epoch: number) => loadSnapshot(ChainStore.open(staging, identity), epoch)
    ok(known(2) !== undefined)
    equal(await start({ a: counting }, undefined, { latest: () => 2, snapshot: known }).prove(), 12)
    deepEqual(asked, [2, 3])
  })

  it('SNAP-8: a peer that never answers is rescued by another', async () => {
    const silent: Answer = (protocol, body) =>
      protocol === 'epochs' || body.subarray(2, 34).every((byte) => byte === 0)
        ? source.honest(protocol, body)
        : new Promise(() => undefined)
    ok((await start({ silent, honest: source.honest }).run(disk.open())) !== undefined)
    deepEqual(network.reports, [])
  })

  it('SNAP-5: manifests with other hashes, sizes or certificates, of another network and garbage are charged and not used', async () => {
    const liars: Readonly<Record<string, Answer>> = {
      hashes: withManifest((manifest) => ({ ...manifest, hashes: [new Uint8Array(32)] })),
      sizes: withManifest((manifest) => ({ ...manifest, totals: flip(manifest.totals, 8) })),
      stale: withManifest((manifest) => ({
        ...manifest,
        tip: { ...manifest.tip, certificate: { ...manifest.tip.certificate, epoch: 1 } }
      })),
      forged: withManifest((manifest) => {
        const { certificate } = manifest.tip
        const signatures = certificate.signatures.map((signature) => flip(signature, 3))
        return { ...manifest, tip: { ...manifest.tip, certificate: { ...certificate, signatures } } }
      }),
      foreign: withManifest((manifest) => ({
        ...manifest,
        tip: { ...manifest.tip, header: { ...manifest.tip.header, network: new Uint8Array(32) } }
      })),
      garbage: source.lying('manifests', () => ({ result: 'ok', frames: [new Uint8Array(7)] }))
    }
    for (const [name, liar] of Object.entries(liars)) {
      network = new FakeNetwork()
      const manifest = await start({ [name]: liar, honest: source.honest }).run(new MemoryDisk().open())
      ok(manifest !== undefined, name)
      ok(network.reports.length > 0 && network.reports.every((report) => report.includes(name)), name)
    }
  })

  it('SNAP-7, C32: forged steps are charged and do not teach an epoch; another peer does', async () => {
    const forged = source.lying('epochs', (frames) => ({
      result: 'ok',
      frames: frames.map((frame) => {
        const step = EpochStepType.deserialize(frame)
        const { certificate } = step.boundary
        const signatures = certificate.signatures.map((signature) => flip(signature, 5))
        return EpochStepType.serialize({
          ...step,
          boundary: { ...step.boundary, certificate: { ...certificate, signatures } }
        })
      })
    }))
    ok((await start({ forged, honest: source.honest }).run(disk.open())) !== undefined)
    ok(network.reports.every((report) => report.includes('forged')))
    network = new FakeNetwork()
    equal(await start({ forged }).run(new MemoryDisk().open()), undefined)
  })

  it('SNAP-8: peers without a snapshot are nobody’s fault', async () => {
    const young = source.lying('manifests', () => LACKS)
    equal(await start({ young }).run(disk.open()), undefined)
    deepEqual(network.reports, [])
  })

  it('SNAP-8: after a kill in the middle the import goes on where its last durable chunk was', async () => {
    const manifest = SnapshotManifestType.deserialize(source.snapshots.held[0]!.bytes)
    const opened = () => disk.open()
    const kill = (keepUnsynced: number): void => disk.crash({ keepUnsynced })
    await ChainImport.begin(opened(), identity, manifest)
    kill(0)
    const begun = await ChainImport.resume(opened(), identity)
    ok(begun !== undefined && begun.done.size === 0 && !begun.hasBody)
    await begun.putBody(source.store.body(12)!)
    kill(1)
    equal((await ChainImport.resume(opened(), identity))?.hasBody, true)
    kill(0)
    const again = opened()
    equal(ChainStore.exists(again), false)
    ok((await start({ a: source.honest }).run(again)) !== undefined)
    const asked = network.requests.filter(({ protocol }) => protocol === 'snapshot').length
    equal(asked, 2, 'the list of manifests and the one chunk, not the body')
    disk.crash()
    equal(ChainStore.open(disk.open(), identity).final.height, 12)
  })

  it('SNAP-8: an import that this disk spoils ends with its code, is not gone on with, and costs no peer anything', async () => {
    const manifest = SnapshotManifestType.deserialize(source.snapshots.held[0]!.bytes)
    const chunk = source.snapshots.chunk(12, 0)
    const spoilt: readonly ((page: Uint8Array) => Uint8Array)[] = [
      (page) => flip(page, page.length - 1),
      (page) => page.subarray(1)
    ]
    for (const [at, spoil] of spoilt.entries()) {
      const database = new MemoryDisk().open()
      const begun = await ChainImport.begin(database, identity, manifest)
      const verdict = await verifyHere.verify(chunk!, { bits: 0, index: 0 }, manifest.hashes[0]!)
      ok(verdict.ok)
      await begun.putChunk(0, verdict.value)
      const writes: Write[] = []
      for await (const [key, value] of database.range(bucketRange(CHAIN_BUCKETS.page)))
        writes.push({ type: 'put', key, value: spoil(value) })
      await database.batch(writes, { sync: true })
      const code = at === 0 ? 'STORE_CORRUPT' : 'STATE_PAGE_CORRUPT'
      await rejects(start({ a: source.honest }).run(database), { code })
      deepEqual(await rowsOf(database, 'state', 'page', 'staged'), [])
      deepEqual(network.reports, [])
      ok((await start({ a: source.honest }).run(database)) !== undefined)
      deepEqual(ChainStore.open(database, identity).root, rootOf(source))
    }
  })

  it('SNAP-8: a kill between the last write and the switch leaves a whole chain that the next attempt replaces', async () => {
    ok((await start({ a: source.honest }).run(disk.open())) !== undefined)
    disk.crash()
    const again = disk.open()
    ok(ChainStore.exists(again))
    equal((await start({ a: source.honest }).run(again))?.tip.header.height, 12)
    deepEqual(ChainStore.open(again, identity).root, rootOf(source))
  })

  it('SNAP-8: a kill at any write leaves no chain or the whole one', async () => {
    for (let writes = 0; writes < 8; writes++) {
      let left = writes
      const torn = new MemoryDisk({
        schedule: (complete) => (left-- > 0 ? queueMicrotask(complete) : undefined)
      })
      const stuck = start({ a: source.honest }).run(torn.open())
      stuck.catch(() => undefined)
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      torn.crash({ keepUnsynced: writes % 3 })
      const database = torn.open()
      if (!ChainStore.exists(database)) continue
      deepEqual(ChainStore.open(database, identity).root, rootOf(source))
    }
  })
})

const rootOf = (source: SnapshotSource): Uint8Array =>
  SnapshotManifestType.deserialize(source.snapshots.held[0]!.bytes).tip.header.stateRoot
