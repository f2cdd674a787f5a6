/** A coordination chain with snapshots in memory, and peers that serve it or lie about it. */
import { systemClock } from '../../src/app/clock.ts'
import { buildChainGenesis } from '../../src/chain/genesis-block.ts'
import { EpochsRequestType, SnapshotRequestType } from '../../src/codec/state-snapshot.ts'
import type { SnapshotRequest } from '../../src/codec/state-snapshot.ts'
import { decode } from '../../src/codec/ssz.ts'
import { HeaderRangeType } from '../../src/codec/sync-messages.ts'
import type { RequestProtocol, Response } from '../../src/net/types.ts'
import { SnapshotMaker } from '../../src/node/snapshot/maker.ts'
import { serveEpochs, serveSnapshot } from '../../src/node/snapshot/serve.ts'
import { serveHeaders } from '../../src/node/sync/serve.ts'
import { networkId } from '../../src/params/genesis.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { computeSnapshot, encodeSnapshot } from '../../src/sharding/snapshot.ts'
import type { EpochSnapshot } from '../../src/sharding/types.ts'
import { ChainStore } from '../../src/store/chain-store.ts'
import { MemoryDisk } from '../../src/store/memory.ts'
import type { KeyValueStore } from '../../src/store/ports.ts'
import { StateSnapshots } from '../../src/store/state-snapshots.ts'
import { GrowingChain } from './data-directory.ts'

export type Answer = (protocol: RequestProtocol, body: Uint8Array) => Promise<Response>

export class SnapshotSource {
  readonly genesis: Genesis
  readonly store: ChainStore
  readonly database: KeyValueStore
  readonly snapshots: StateSnapshots
  readonly first: EpochSnapshot
  readonly genesisHash: Uint8Array

  private constructor(
    init: Pick<SnapshotSource, 'genesis' | 'store' | 'database' | 'snapshots' | 'first' | 'genesisHash'>
  ) {
    this.genesis = init.genesis
    this.store = init.store
    this.database = init.database
    this.snapshots = init.snapshots
    this.first = init.first
    this.genesisHash = init.genesisHash
  }

  static async make(genesis: Genesis, validators: number, heights: number): Promise<SnapshotSource> {
    const made = buildChainGenesis(genesis, COORD)
    const view = { get: (key: Uint8Array) => made.changes.values.get(toHex(key)) }
    const first = computeSnapshot(view, 0, made.block.hash, genesis.shards)
    const database = new MemoryDisk().open()
    const identity = { network: networkId(genesis), chain: COORD }
    const store = await ChainStore.create(database, identity, {
      ...made,
      snapshots: [[0, encodeSnapshot(first)]]
    })
    const snapshots = await StateSnapshots.open(database)
    const maker = new SnapshotMaker({ clock: systemClock, store, database, snapshots })
    const init = { genesis, validators, coord: heights, shard: 0 }
    const chain = new GrowingChain(store, maker, init, { snapshots: new Map([[0, first]]), coordHashes: [] })
    for (let height = 1; height <= heights; height++) await chain.grow()
    return new SnapshotSource({ genesis, store, database, snapshots, first, genesisHash: made.block.hash })
  }

  /** What an honest peer answers. */
  readonly honest: Answer = async (protocol, body) => {
    if (protocol === 'epochs') {
      const request = decode(EpochsRequestType, body)
      return request.ok ? serveEpochs(this.store, request.value) : { result: 'invalid', frames: [] }
    }
    if (protocol === 'headers') return serveHeaders(this.store, HeaderRangeType.deserialize(body))
    const request = decode(SnapshotRequestType, body)
    return request.ok ? serveSnapshot(this.snapshots, request.value) : { result: 'invalid', frames: [] }
  }

  /** Honest but for what `change` makes of the answers to requests for chunks, or for manifests. */
  lying(
    of: 'chunks' | 'manifests' | 'epochs',
    change: (frames: readonly Uint8Array[], request: SnapshotRequest | undefined) => Response
  ): Answer {
    return async (protocol, body) => {
      const answer = await this.honest(protocol, body)
      const asked = decode(SnapshotRequestType, body)
      const request = protocol === 'snapshot' && asked.ok ? asked.value : undefined
      const isManifest = request !== undefined && request.hash.every((byte) => byte === 0)
      const kind = protocol === 'epochs' ? 'epochs' : isManifest ? 'manifests' : 'chunks'
      return kind === of ? change(answer.frames, request) : answer
    }
  }
}
