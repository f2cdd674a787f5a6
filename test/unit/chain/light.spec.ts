import { deepEqual, equal, ok } from 'node:assert/strict'
import { endsInterval, judgeEpochStep, judgeManifest } from '../../../src/chain/light.ts'
import type { LightContext } from '../../../src/chain/light.ts'
import { buildChainGenesis } from '../../../src/chain/genesis-block.ts'
import { EpochStepType, SnapshotManifestType } from '../../../src/codec/state-snapshot.ts'
import type { EpochStep, SnapshotManifest } from '../../../src/codec/state-snapshot.ts'
import { systemClock } from '../../../src/app/clock.ts'
import { SnapshotMaker } from '../../../src/node/snapshot/maker.ts'
import { networkId } from '../../../src/params/genesis.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { computeSnapshot, encodeSnapshot } from '../../../src/sharding/snapshot.ts'
import type { EpochSnapshot } from '../../../src/sharding/types.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import { StateSnapshots } from '../../../src/store/state-snapshots.ts'
import { GrowingChain, checkGenesisOf } from '../../support/data-directory.ts'

const HEIGHTS = 14
const GENESIS = checkGenesisOf(4)

describe('light verification', () => {
  const made = buildChainGenesis(GENESIS, COORD)
  const first = computeSnapshot(
    { get: (key) => made.changes.values.get(toHex(key)) },
    0,
    made.block.hash,
    GENESIS.shards
  )
  let store: ChainStore
  let snapshots: StateSnapshots
  let known: Map<number, EpochSnapshot>
  let context: LightContext

  before(async () => {
    const disk = new MemoryDisk().open()
    const identity = { network: networkId(GENESIS), chain: COORD }
    store = await ChainStore.create(disk, identity, { ...made, snapshots: [[0, encodeSnapshot(first)]] })
    snapshots = await StateSnapshots.open(disk)
    const maker = new SnapshotMaker({ clock: systemClock, store, database: disk, snapshots })
    const init = { genesis: GENESIS, validators: 4, coord: HEIGHTS, shard: 0 }
    const chain = new GrowingChain(store, maker, init, { snapshots: new Map([[0, first]]), coordHashes: [] })
    for (let height = 1; height <= HEIGHTS; height++) await chain.grow()
  })

  beforeEach(() => {
    known = new Map([[0, first]])
    context = {
      network: networkId(GENESIS),
      chain: COORD,
      genesisHash: made.block.hash,
      shards: GENESIS.shards,
      snapshot: (epoch) => known.get(epoch)
    }
  })

  async function stepOf(epoch: number): Promise<EpochStep> {
    const [boundary] = await store.boundaries(epoch, 1)
    const step = { boundary: boundary!, next: [store.epochProof(epoch + 1)!] }
    return EpochStepType.deserialize(EpochStepType.serialize(step))
  }
  const manifest = (): SnapshotManifest => SnapshotManifestType.deserialize(snapshots.held[0]!.bytes)
  const codeOf = (step: EpochStep, from = 0): string => {
    const verdict = judgeEpochStep(step, from, context)
    return verdict.ok ? 'accepted' : verdict.code
  }

  it('SNAP-7, C32: from genesis each step gives the snapshot that the chain itself computed', async () => {
    for (let epoch = 0; epoch < 3; epoch++) {
      const verdict = judgeEpochStep(await stepOf(epoch), epoch, context)
      ok(verdict.ok, verdict.ok ? '' : verdict.detail)
      const { next, certificates } = verdict.value
      equal(certificates.length, 2)
      ok(next !== undefined)
      deepEqual(encodeSnapshot(next), store.snapshot(epoch + 1))
      known.set(epoch + 1, next)
    }
  })

  it('SNAP-7: refuses a step of another epoch, before its committee is known, or without its proof', async () => {
    equal(codeOf(await stepOf(1)), 'light-epoch')
    equal(codeOf(await stepOf(0), 1), 'light-epoch')
    equal(codeOf({ ...(await stepOf(0)), next: [] }), 'light-epoch')
  })

  it('SNAP-7: refuses headers that do not link, another freeze height, and records that the state does not hold', async () => {
    const step = await stepOf(0)
    const [proof] = step.next
    const freeze = proof!.headers[0]!
    equal(codeOf({ ...step, next: [{ ...proof!, headers: [freeze, freeze] }] }), 'light-links')
    equal(codeOf({ ...step, next: [{ ...proof!, headers: [] }] }), 'light-epoch')
    equal(codeOf({ ...step, next: [{ ...proof!, headers: [store.header(2)!] }] }), 'light-records')
    const [params, validators, cooperatives] = proof!.records
    const other = { ...validators!, value: Uint8Array.from(validators!.value, (byte) => byte ^ 1) }
    equal(
      codeOf({ ...step, next: [{ ...proof!, records: [params!, other, cooperatives!] }] }),
      'light-records'
    )
    equal(codeOf({ ...step, next: [{ ...proof!, records: [params!] }] }), 'light-records')
    const moved = { ...freeze, timeMs: freeze.timeMs + 1 }
    equal(codeOf({ ...step, next: [{ ...proof!, headers: [moved] }] }), 'light-certificate')
  })

  it('SNAP-7: refuses a header of another chain or network, one inside its epoch, and a certificate of another block', async () => {
    const step = await stepOf(0)
    const { header, certificate } = step.boundary
    const withHeader = (changed: Partial<typeof header>): EpochStep => ({
      ...step,
      boundary: { header: { ...header, ...changed }, certificate }
    })
    equal(codeOf(withHeader({ network: new Uint8Array(32) })), 'light-other-chain')
    equal(codeOf(withHeader({ height: 3 })), 'light-not-boundary')
    equal(codeOf(withHeader({ timeMs: 1 })), 'light-certificate')
    const stale = { ...step, boundary: { header, certificate: { ...certificate, epoch: 1 } } }
    equal(codeOf(stale), 'light-certificate')
  })

  it('SNAP-2: a manifest that a node made is accepted by whoever knows its epoch', async () => {
    const verdict = judgeManifest(manifest(), context)
    equal(verdict.ok ? '' : verdict.code, 'light-epoch')
    for (let epoch = 0; epoch < 3; epoch++) {
      const step = judgeEpochStep(await stepOf(epoch), epoch, context)
      ok(step.ok && step.value.next !== undefined)
      known.set(epoch + 1, step.value.next)
    }
    const judged = judgeManifest(manifest(), context)
    ok(judged.ok, judged.ok ? '' : judged.detail)
    equal(judged.value.height, 12)
    equal(judged.value.next, 3)
    ok(judged.value.stateBytes > 100)
    deepEqual(
      snapshots.held.map(({ height }) => height),
      [12, 8]
    )
  })

  it('SNAP-5: refuses a manifest with other hashes, more of them, other totals or another version', async () => {
    for (let epoch = 0; epoch < 3; epoch++) {
      const step = judgeEpochStep(await stepOf(epoch), epoch, context)
      ok(step.ok && step.value.next !== undefined)
      known.set(epoch + 1, step.value.next)
    }
    const sound = manifest()
    const code = (changed: Partial<SnapshotManifest>): string => {
      const verdict = judgeManifest({ ...sound, ...changed }, context)
      return verdict.ok ? 'accepted' : verdict.code
    }
    equal(code({}), 'accepted')
    equal(code({ hashes: [new Uint8Array(32)] }), 'manifest-hashes')
    equal(code({ hashes: [...sound.hashes, new Uint8Array(32)] }), 'manifest-hashes')
    equal(code({ totals: Uint8Array.from(sound.totals, (byte) => byte ^ 1) }), 'manifest-totals')
    equal(code({ version: 2 }), 'manifest-version')
  })

  it('SNAP-1: the epochs whose boundary crosses a multiple of the interval in coordination heights', () => {
    const params = { ...GENESIS.params, epochLength: 20, snapshotInterval: 50 }
    const coord = (epoch: number) => ({ chain: COORD, epoch, height: (epoch + 1) * 20, coordHeight: 0 })
    const kept = [0, 1, 2, 3, 4, 5, 6, 7].filter((epoch) => endsInterval(coord(epoch), params))
    deepEqual(kept, [2, 4, 7])
    ok(!endsInterval({ ...coord(2), height: 59 }, params))
    const shard = { chain: 0 as typeof COORD, epoch: 1, height: 7, coordHeight: 59 }
    ok(!endsInterval(shard, params))
    ok(endsInterval({ ...shard, coordHeight: 60 }, params))
  })
})
