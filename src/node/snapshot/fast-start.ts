/**
 * Fast start of one chain (SNAP-7, SNAP-8): committees epoch by epoch, a manifest that one of them certified, its
 * chunks from whoever has it, each verified before it is kept, and at the end one replacement of the chain's database.
 * Every stage is durable, so a kill in the middle costs what was in flight.
 */
import { equal, toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { judgeManifest } from '../../chain/light.ts'
import type { JudgedManifest } from '../../chain/light.ts'
import { bodyHash } from '../../codec/block.ts'
import {
  EPOCH_STEPS_MAX,
  EpochStepType,
  EpochsRequestType,
  SnapshotManifestType,
  SnapshotRequestType
} from '../../codec/state-snapshot.ts'
import type { SnapshotManifest } from '../../codec/state-snapshot.ts'
import { decode } from '../../codec/ssz.ts'
import type { Verifier } from '../../crypto/ports.ts'
import type { Network, Peer } from '../../net/types.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'
import { StateError } from '../../state/errors.ts'
import { CHAIN_BUCKETS, corrupt } from '../../store/buckets.ts'
import { ChainImport, discardImport } from '../../store/chain-import.ts'
import { pageKey } from '../../store/chain-writes.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { createDownload } from '../../sync/chunk-download.ts'
import { refuseContradiction } from '../checkpoint.ts'
import type { Clock, FastStartProgress } from '../ports.ts'
import type { Checkpoint } from '../sync/sync-facts.ts'
import { provenHash } from './checkpoint-proof.ts'
import type { ChunkVerifier } from './chunk-verifier.ts'
import { Download } from './download.ts'
import { LightWalk } from './light-walk.ts'
import { putEpochs } from './put-epochs.ts'

export interface FastStartComponents {
  readonly network: Pick<Network, 'peers' | 'request' | 'report'>
  readonly clock: Clock
  readonly verifier: Verifier
  readonly chunks: ChunkVerifier
  /** Epochs known here: of the genesis, of the coordination chain's store. */
  readonly snapshot: (epoch: number) => EpochSnapshot | undefined
  /** The newest of them. @default 0 */
  readonly latest?: () => number
  /** Whether a snapshot suits the rest of the node: a shard's must not refer below the oldest coordination block here. */
  readonly suits: (manifest: JudgedManifest) => boolean
  readonly onProgress?: (progress: FastStartProgress) => void
  /** No peer proves what the block at the checkpoint's height is, so no snapshot above it is taken. */
  readonly onUnproven?: (checkpoint: Checkpoint) => void
}

export interface FastStartInit {
  readonly chain: ChainId
  readonly network: Uint8Array
  /** Hash of the coordination chain's genesis block. */
  readonly genesisHash: Uint8Array
  readonly shards: number
  /** A snapshot at or below this height is of no use: the own final block. */
  readonly above: () => number
  /** SYN-11: a block that has to be an ancestor of the snapshot's. */
  readonly checkpoint?: Checkpoint | undefined
}

interface Candidate {
  readonly judged: JudgedManifest
  readonly peers: Peer[]
}

const PEERS_ASKED = 8
const ZERO = new Uint8Array(32)

export class FastStart {
  readonly #c: FastStartComponents
  readonly #init: FastStartInit
  #walk: LightWalk
  #bytes = 0
  #stopped = false
  #wake: () => void = () => undefined

  constructor(components: FastStartComponents, init: FastStartInit) {
    this.#c = components
    this.#init = init
    this.#walk = this.#createWalk(0)
  }

  #createWalk(first: number): LightWalk {
    const { chain, network, genesisHash, shards } = this.#init
    const { verifier, snapshot } = this.#c
    return new LightWalk({ chain, network, genesisHash, shards }, verifier, snapshot, first)
  }

  stop(): void {
    this.#stopped = true
    this.#wake()
  }

  /**
   * SYN-10. From the newest epoch known here on: somebody who claims to be far ahead must not have all epochs verified
   * again and again. @returns the height of the highest certified snapshot that peers state
   */
  async prove(): Promise<number | undefined> {
    this.#walk = this.#createWalk(this.#c.latest?.() ?? 0)
    await this.#learnEpochs()
    const [highest] = await this.#candidates()
    return highest?.judged.height
  }

  /**
   * Fills `staging` with a certified state, or goes on with the one that a crash interrupted there.
   * @returns the manifest once the database is a chain at its height; undefined when no such snapshot was to be had
   */
  async run(staging: KeyValueStore): Promise<SnapshotManifest | undefined> {
    await this.#learnEpochs()
    const candidates = await this.#candidates()
    const identity = { network: this.#init.network, chain: this.#init.chain }
    const begun = await ChainImport.resume(staging, identity)
    const going = candidates.find(
      ({ judged }) => begun !== undefined && sameTip(judged.manifest, begun.manifest)
    )
    const chosen = going ?? candidates[0]
    if (chosen === undefined || this.#stopped || !(await this.#isVouchedFor(chosen))) return undefined
    // While the staging is prepared and the first chunks come, those who verify them get ready.
    const release = this.#c.chunks.hold()
    try {
      const target =
        going !== undefined && begun !== undefined
          ? begun
          : await ChainImport.begin(staging, identity, chosen.judged.manifest)
      await putEpochs(target, this.#walk, chosen.judged)
      return await this.#fill(staging, target, chosen)
    } finally {
      release()
    }
  }

  async #fill(
    staging: KeyValueStore,
    target: ChainImport,
    chosen: Candidate
  ): Promise<SnapshotManifest | undefined> {
    if (!(await this.#download(target, chosen))) return undefined
    this.#tell('switch', target, chosen.judged)
    await finish(target, staging)
    return chosen.judged.manifest
  }

  /** C32: upwards, as long as some peer leads on. */
  async #learnEpochs(): Promise<void> {
    const { chain } = this.#init
    for (let progress = true; progress && !this.#stopped;) {
      progress = false
      for (const peer of this.#peers()) {
        if (await this.#askEpochs(peer, chain)) {
          progress = true
          break
        }
      }
    }
  }

  async #askEpochs(peer: Peer, chain: ChainId): Promise<boolean> {
    const from = this.#walk.nextEpoch
    const body = EpochsRequestType.serialize({ chain, from, limit: EPOCH_STEPS_MAX })
    const { result, frames } = await this.#c.network.request(peer, 'epochs', body)
    if (result !== 'ok' || this.#stopped) return false
    for (const frame of frames) {
      const step = decode(EpochStepType, frame)
      const taken = step.ok ? await this.#walk.take(step.value) : step
      if (taken.ok) continue
      // A shard's epoch may be one that coordination has not frozen here yet: nobody's fault.
      const isAhead = taken.code === 'light-epoch' && chain !== COORD
      if (!isAhead) this.#c.network.report(peer, 'invalid', `epochs: ${taken.detail}`)
      return false
    }
    return frames.length > 0
  }

  /** What peers state, verified, the highest first. */
  async #candidates(): Promise<Candidate[]> {
    const { chain, above } = this.#init
    const found = new Map<Hex, Candidate>()
    const body = SnapshotRequestType.serialize({ chain, hash: ZERO, index: 0 })
    await Promise.all(
      this.#peers().map(async (peer) => {
        const { result, frames } = await this.#c.network.request(peer, 'snapshot', body)
        if (result !== 'ok') return
        for (const frame of frames) await this.#consider(peer, frame, found)
      })
    )
    return [...found.values()]
      .filter(({ judged }) => judged.height > above() && this.#c.suits(judged))
      .sort((a, b) => b.judged.height - a.judged.height)
  }

  async #consider(peer: Peer, frame: Uint8Array, found: Map<Hex, Candidate>): Promise<void> {
    const decoded = decode(SnapshotManifestType, frame)
    if (!decoded.ok) {
      this.#c.network.report(peer, 'invalid', `snapshot: ${decoded.detail}`)
      return
    }
    const judged = judgeManifest(decoded.value, this.#walk.context)
    if (!judged.ok) {
      // An epoch that is unknown here may be true, only too new.
      if (judged.code !== 'light-epoch') this.#c.network.report(peer, 'invalid', `snapshot: ${judged.detail}`)
      return
    }
    const holds = await this.#walk.holds(decoded.value.tip.certificate, judged.value.epoch)
    if (holds === false) this.#c.network.report(peer, 'invalid', 'snapshot: the certificate does not hold')
    if (holds !== true || this.#walk.snapshot(judged.value.next) === undefined) return
    const known = found.get(toHex(judged.value.hash))
    if (known === undefined) found.set(toHex(judged.value.hash), { judged: judged.value, peers: [peer] })
    else if (!known.peers.includes(peer)) known.peers.push(peer)
  }

  /** SYN-11. @throws CheckpointError when a certificate proves another block at that height */
  async #isVouchedFor({ judged, peers }: Candidate): Promise<boolean> {
    const { checkpoint, chain, network } = this.#init
    if (checkpoint === undefined || checkpoint.height > judged.height) return true
    const { height } = checkpoint
    const asked = [...new Set([...peers, ...this.#peers()])]
    const hash =
      height === judged.height
        ? judged.hash
        : await provenHash(this.#c.network, this.#walk, { chain, network, height }, asked)
    refuseContradiction(checkpoint, hash)
    if (hash === undefined) this.#c.onUnproven?.(checkpoint)
    return hash !== undefined && !this.#stopped
  }

  /** @returns whether everything is here. */
  async #download(target: ChainImport, chosen: Candidate): Promise<boolean> {
    const { clock } = this.#c
    const { hashes } = chosen.judged.manifest
    const missing = hashes.map((_, index) => index).filter((index) => !target.done.has(index))
    // The chunk behind the last one is the block's body.
    if (!target.hasBody) missing.push(hashes.length)
    this.#tell('chunks', target, chosen.judged)
    const download = new Download(
      {
        clock,
        network: this.#c.network,
        take: async (index, bytes) => this.#take(target, chosen.judged, index, bytes)
      },
      { chain: this.#init.chain, hash: chosen.judged.hash, peers: chosen.peers },
      createDownload(missing, clock.monoMs())
    )
    this.#wake = () => download.stop()
    if (this.#stopped) download.stop()
    return download.run()
  }

  /** @returns what is wrong with it; nothing: it is verified and stored. */
  async #take(
    target: ChainImport,
    judged: JudgedManifest,
    index: number,
    bytes: Uint8Array
  ): Promise<string | undefined> {
    const { hashes, tip } = judged.manifest
    const hash = hashes[index]
    if (hash === undefined) {
      if (!equal(bodyHash(bytes), tip.header.bodyHash)) return 'it is not the body of the block'
      await target.putBody(bytes)
      return undefined
    }
    const { length } = bytes
    const verdict = await this.#c.chunks.verify(bytes, { bits: judged.bits, index }, hash)
    if (!verdict.ok) return verdict.detail
    if (!target.done.has(index)) await target.putChunk(index, verdict.value)
    this.#c.chunks.reuse(verdict.value.pages)
    this.#bytes += length
    this.#tell('chunks', target, judged)
    return undefined
  }

  #tell(
    stage: FastStartProgress['stage'],
    { done }: ChainImport,
    { height, manifest }: JudgedManifest
  ): void {
    const chunks = manifest.hashes.length
    this.#c.onProgress?.({ stage, height, chunks, done: done.size, bytes: this.#bytes })
  }

  #peers(): Peer[] {
    return this.#c.network
      .peers(this.#init.chain)
      .map(({ peer }) => peer)
      .slice(0, PEERS_ASKED)
  }
}

/**
 * Manifest and chunks were verified before they were stored (SNAP-5), so what does not make the state of the header was
 * spoilt on this disk. It goes, since whoever goes on with it would end here again, and no peer is to blame for it.
 * @throws StateError, StoreError STORE_CORRUPT, STORE_IO
 */
async function finish(target: ChainImport, staging: KeyValueStore): Promise<void> {
  try {
    if ((await target.finish()) !== undefined) return
  } catch (error) {
    if (error instanceof StateError) await discardImport(staging)
    throw error
  }
  await discardImport(staging)
  throw corrupt(CHAIN_BUCKETS.page, pageKey('' as Hex))
}

const sameTip = (a: SnapshotManifest, b: SnapshotManifest): boolean =>
  equal(a.tip.header.stateRoot, b.tip.header.stateRoot) && a.tip.header.height === b.tip.header.height
