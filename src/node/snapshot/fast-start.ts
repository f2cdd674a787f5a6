/**
 * Fast start of one chain (SNAP-7, SNAP-8): committees epoch by epoch, a manifest that one of them certified, its
 * chunks from whoever has it, each verified before it is kept, and at the end one replacement of the chain's database.
 * Every stage is durable, so a kill in the middle costs what was in flight.
 */
import { equal, toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { judgeEpochStep, judgeManifest } from '../../chain/light.ts'
import type { JudgedManifest, LightContext, LightStep } from '../../chain/light.ts'
import { bodyHash } from '../../codec/block.ts'
import {
  EPOCH_STEPS_MAX,
  EpochStepType,
  EpochsRequestType,
  SnapshotManifestType,
  SnapshotRequestType
} from '../../codec/state-snapshot.ts'
import type { EpochStep, SnapshotManifest } from '../../codec/state-snapshot.ts'
import type { Certificate } from '../../codec/statement.ts'
import { decode } from '../../codec/ssz.ts'
import { certificateJobs } from '../../consensus/certificate-check.ts'
import type { Verifier } from '../../crypto/ports.ts'
import type { Network, Peer } from '../../net/types.ts'
import { encodeSnapshot } from '../../sharding/snapshot.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'
import { verifyChunk } from '../../state/chunk.ts'
import { ChainImport } from '../../store/chain-import.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { createDownload } from '../../sync/chunk-download.ts'
import type { Clock, FastStartProgress } from '../ports.ts'
import { Download } from './download.ts'

export interface FastStartComponents {
  readonly network: Pick<Network, 'peers' | 'request' | 'report'>
  readonly clock: Clock
  readonly verifier: Verifier
  /** Epochs known here: of the genesis, of the coordination chain's store. */
  readonly snapshot: (epoch: number) => EpochSnapshot | undefined
  /** Whether a snapshot suits the rest of the node: a shard's must not refer below the oldest coordination block here. */
  readonly suits: (manifest: JudgedManifest) => boolean
  readonly onProgress?: (progress: FastStartProgress) => void
}

export interface FastStartInit {
  readonly chain: ChainId
  readonly network: Uint8Array
  /** Hash of the coordination chain's genesis block. */
  readonly genesisHash: Uint8Array
  readonly shards: number
  /** A snapshot at or below this height is of no use. */
  readonly above: number
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
  /** Epochs that were verified here, above those known. */
  readonly #epochs = new Map<number, EpochSnapshot>()
  readonly #steps = new Map<number, EpochStep>()
  #bytes = 0
  #stopped = false
  #wake: () => void = () => undefined

  constructor(components: FastStartComponents, init: FastStartInit) {
    this.#c = components
    this.#init = init
  }

  stop(): void {
    this.#stopped = true
    this.#wake()
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
    if (chosen === undefined || this.#stopped) return undefined
    const { manifest } = chosen.judged
    const target =
      going !== undefined && begun !== undefined
        ? begun
        : await ChainImport.begin(staging, identity, manifest)
    await this.#putEpochs(target, chosen.judged)
    if (!(await this.#download(target, chosen))) return undefined
    this.#tell('switch', target, chosen.judged)
    if ((await target.finish()) === undefined) {
      for (const peer of chosen.peers)
        this.#c.network.report(peer, 'invalid', 'snapshot: its chunks are another state')
      return undefined
    }
    return manifest
  }

  /** C32: from the newest epoch known here upwards, as long as some peer leads on. */
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

  #nextEpoch(): number {
    let epoch = -1
    for (const known of this.#steps.keys()) epoch = Math.max(epoch, known)
    return epoch + 1
  }

  async #askEpochs(peer: Peer, chain: ChainId): Promise<boolean> {
    const from = this.#nextEpoch()
    const body = EpochsRequestType.serialize({ chain, from, limit: EPOCH_STEPS_MAX })
    const { result, frames } = await this.#c.network.request(peer, 'epochs', body)
    if (result !== 'ok' || this.#stopped) return false
    for (const frame of frames) {
      const step = decode(EpochStepType, frame)
      const judged = step.ok ? judgeEpochStep(step.value, this.#nextEpoch(), this.#context()) : step
      if (!judged.ok || !step.ok) {
        // A shard's epoch may be one that coordination has not frozen here yet: nobody's fault.
        const isAhead = !judged.ok && judged.code === 'light-epoch' && chain !== COORD
        if (!isAhead && !judged.ok) this.#c.network.report(peer, 'invalid', `epochs: ${judged.detail}`)
        return false
      }
      const holds = await this.#allHold(judged.value)
      if (holds !== true) {
        if (holds === false) this.#c.network.report(peer, 'invalid', 'epochs: a certificate does not hold')
        return false
      }
      this.#steps.set(judged.value.epoch, step.value)
      if (judged.value.next !== undefined) this.#epochs.set(judged.value.next.epoch, judged.value.next)
    }
    return frames.length > 0
  }

  async #allHold({ certificates, epoch }: LightStep): Promise<boolean | undefined> {
    for (const certificate of certificates) {
      const holds = await this.#holds(certificate, epoch)
      if (holds !== true) return holds
    }
    return true
  }

  /** undefined: the epoch is not known, which proves nothing against anybody. */
  async #holds(certificate: Certificate, epoch: number): Promise<boolean | undefined> {
    const committee = this.#snapshot(epoch)?.committees.get(this.#init.chain)
    if (committee === undefined) return undefined
    const jobs = certificateJobs(this.#init.network, committee, certificate)
    if (!jobs.ok) return false
    const valid = await this.#c.verifier.verify(jobs.value)
    return valid.every(Boolean)
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
      .filter(({ judged }) => judged.height > above && this.#c.suits(judged))
      .sort((a, b) => b.judged.height - a.judged.height)
  }

  async #consider(peer: Peer, frame: Uint8Array, found: Map<Hex, Candidate>): Promise<void> {
    const decoded = decode(SnapshotManifestType, frame)
    if (!decoded.ok) {
      this.#c.network.report(peer, 'invalid', `snapshot: ${decoded.detail}`)
      return
    }
    const judged = judgeManifest(decoded.value, this.#context())
    if (!judged.ok) {
      // An epoch that is unknown here may be true, only too new.
      if (judged.code !== 'light-epoch') this.#c.network.report(peer, 'invalid', `snapshot: ${judged.detail}`)
      return
    }
    const holds = await this.#holds(decoded.value.tip.certificate, judged.value.epoch)
    if (holds === false) this.#c.network.report(peer, 'invalid', 'snapshot: the certificate does not hold')
    if (holds !== true || this.#snapshot(judged.value.next) === undefined) return
    const known = found.get(toHex(judged.value.hash))
    if (known === undefined) found.set(toHex(judged.value.hash), { judged: judged.value, peers: [peer] })
    else if (!known.peers.includes(peer)) known.peers.push(peer)
  }

  /** Everything that is kept for ever: boundaries of this chain, and on coord the snapshots with their proofs. */
  async #putEpochs(target: ChainImport, { epoch, next }: JudgedManifest): Promise<void> {
    const steps = [...this.#steps].filter(([of]) => of <= epoch).sort(([a], [b]) => a - b)
    const snapshots: Parameters<ChainImport['putEpochs']>[1][number][] = []
    if (this.#init.chain === COORD) {
      for (let of = 0; of <= next; of++) {
        const snapshot = this.#snapshot(of)
        const proof = this.#steps.get(of - 1)?.next[0]
        if (snapshot === undefined) continue
        const bytes = encodeSnapshot(snapshot)
        snapshots.push(proof === undefined ? { epoch: of, bytes } : { epoch: of, bytes, proof })
      }
    }
    await target.putEpochs(
      steps.map(([, { boundary }]) => boundary),
      snapshots
    )
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
    const verdict = verifyChunk(bytes, { bits: judged.bits, index }, hash)
    if (!verdict.ok) return verdict.detail
    if (!target.done.has(index)) await target.putChunk(index, verdict.value)
    this.#bytes += bytes.length
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

  #snapshot(epoch: number): EpochSnapshot | undefined {
    return this.#epochs.get(epoch) ?? this.#c.snapshot(epoch)
  }

  #context(): LightContext {
    const { network, chain, genesisHash, shards } = this.#init
    return { network, chain, genesisHash, shards, snapshot: (epoch) => this.#snapshot(epoch) }
  }

  #peers(): Peer[] {
    return this.#c.network
      .peers(this.#init.chain)
      .map(({ peer }) => peer)
      .slice(0, PEERS_ASKED)
  }
}

const sameTip = (a: SnapshotManifest, b: SnapshotManifest): boolean =>
  equal(a.tip.header.stateRoot, b.tip.header.stateRoot) && a.tip.header.height === b.tip.header.height
