/** Snapshots of a stopped node as a file, and a data directory that begins with one (`icn snapshot`). */
import { existsSync } from 'node:fs'
import { equal, toHex } from '../../primitives/bytes.ts'
import { COORD, chainName, chainsOf, shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Refusal, Verdict } from '../../primitives/result.ts'
import { buildChainGenesis } from '../../chain/genesis-block.ts'
import { judgeManifest } from '../../chain/light.ts'
import type { JudgedManifest } from '../../chain/light.ts'
import { bodyHash } from '../../codec/block.ts'
import { EpochStepType, SnapshotManifestType } from '../../codec/state-snapshot.ts'
import { decode } from '../../codec/ssz.ts'
import type { Verifier } from '../../crypto/ports.ts'
import { networkId } from '../../params/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import { computeSnapshot } from '../../sharding/snapshot.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'
import { ChainImport } from '../../store/chain-import.ts'
import { ChainStore } from '../../store/chain-store.ts'
import { openLevel } from '../../store/level.ts'
import { NodeStore } from '../../store/node-store.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { isMoving, openStaging, placeStaging } from '../../store/staging.ts'
import { StateSnapshots } from '../../store/state-snapshots.ts'
import type { HeldSnapshot } from '../../store/state-snapshots.ts'
import { dataPaths } from '../data-dir.ts'
import type { Clock } from '../ports.ts'
import type { ChunkVerifier } from './chunk-verifier.ts'
import { LightWalk } from './light-walk.ts'
import { putEpochs } from './put-epochs.ts'
import { serveEpochs } from './serve.ts'
import {
  FRAME_BODY,
  FRAME_CHAIN,
  FRAME_CHUNK,
  FRAME_END,
  FRAME_MANIFEST,
  FRAME_STEP,
  FrameReader,
  FrameWriter
} from './snapshot-file.ts'

const MAGIC = 'icn-snapshot-1\n'
/** Chunks of a file that are under way at once. */
const TAKEN_TOGETHER = 8

export interface TransferInit {
  readonly data: string
  readonly genesis: Genesis
  readonly file: string
  readonly verifier: Verifier
  readonly chunks: ChunkVerifier
  readonly clock: Clock
  readonly onProgress: (text: string, done: number, all: number) => void
}

export interface Transferred {
  readonly chain: 'coord' | number
  readonly height: number
  readonly stateRoot: string
  readonly bytes: number
}

export type TransferCode = 'no-snapshot' | 'not-empty' | 'file-refused'

const labelOf = (chain: ChainId): 'coord' | number => (chain === COORD ? 'coord' : chain)

interface OpenChain {
  readonly chain: ChainId
  readonly database: KeyValueStore
  readonly store: ChainStore
  readonly snapshots: StateSnapshots
}

/** @throws StoreError, and what the system says of the file */
export async function exportSnapshots(init: TransferInit): Promise<Verdict<Transferred[], TransferCode>> {
  const network = networkId(init.genesis)
  const moving = await movingChain(init)
  if (moving !== undefined) return refuse('no-snapshot', moving)
  const chains = await openChains(init, network)
  try {
    const chosen = choose(chains)
    if (chosen === undefined) return refuse('no-snapshot', 'no snapshot is held of every chain here')
    const writer = await FrameWriter.create(init.file, MAGIC, network)
    const written: Transferred[] = []
    for (const one of chosen) written.push(await writeChain(writer, one, init.onProgress))
    await writer.write(FRAME_END, new Uint8Array())
    await writer.close()
    return accept(written)
  } finally {
    for (const { database } of chains) await database.close()
  }
}

/** @returns what to do about a chain that would be left out: it lies under another name */
export async function movingChain({
  data,
  genesis
}: Pick<TransferInit, 'data' | 'genesis'>): Promise<string | undefined> {
  for (const chain of chainsOf(genesis.shards)) {
    if (!(await isMoving(dataPaths(data).chainDatabase(chain)))) continue
    const what = `chain ${chainName(chain)} of ${data} was about to take its place when the node was killed`
    return `${what}: start the node once, and stop it`
  }
  return undefined
}

async function openChains({ data, genesis }: TransferInit, network: Uint8Array): Promise<OpenChain[]> {
  const paths = dataPaths(data)
  const opened: OpenChain[] = []
  for (const chain of [COORD, ...Array.from({ length: genesis.shards }, (_, index) => shardId(index))]) {
    const path = paths.chainDatabase(chain)
    if (!existsSync(path)) continue
    const database = await openLevel(path, { isNew: false })
    const store = ChainStore.open(database, { network, chain })
    opened.push({ chain, database, store, snapshots: await StateSnapshots.open(database) })
  }
  return opened
}

type Chosen = OpenChain & { readonly held: HeldSnapshot }

/** The newest hand-over of which every chain holds a snapshot. */
function choose(chains: readonly OpenChain[]): Chosen[] | undefined {
  const [coord] = chains
  if (coord?.chain !== COORD) return undefined
  for (const { epoch } of coord.snapshots.held) {
    const chosen = chains.flatMap((one) => {
      const held = one.snapshots.held.find((each) => each.epoch === epoch)
      return held === undefined ? [] : [{ ...one, held }]
    })
    if (chosen.length === chains.length) return chosen
  }
  return undefined
}

async function writeChain(
  writer: FrameWriter,
  { chain, store, snapshots, held }: Chosen,
  onProgress: TransferInit['onProgress']
): Promise<Transferred> {
  const manifest = SnapshotManifestType.deserialize(held.bytes)
  await writer.write(FRAME_CHAIN, Uint8Array.of(chain >> 8, chain & 255))
  for (let from = 0; from <= held.epoch;) {
    const { frames } = await serveEpochs(store, { chain, from, limit: 16 })
    const steps = frames.map((frame) => ({
      frame,
      epoch: EpochStepType.deserialize(frame).boundary.header.epoch
    }))
    const wanted = steps.filter(({ epoch }) => epoch <= held.epoch)
    for (const { frame } of wanted) await writer.write(FRAME_STEP, frame)
    if (wanted.length < steps.length || steps.length === 0) break
    from = (steps.at(-1)?.epoch ?? from) + 1
  }
  await writer.write(FRAME_MANIFEST, held.bytes)
  let bytes = 0
  for (let index = 0; index <= held.chunks; index++) {
    const chunk = snapshots.chunk(held.height, index) ?? new Uint8Array()
    await writer.write(index < held.chunks ? FRAME_CHUNK : FRAME_BODY, chunk)
    bytes += chunk.length
    onProgress(`chain ${chainName(chain)}`, index, held.chunks)
  }
  const stateRoot = toHex(manifest.tip.header.stateRoot)
  return { chain: labelOf(chain), height: held.height, stateRoot, bytes }
}

/** Into a directory without chains. Nothing of it is a chain before everything in the file was verified. */
export async function importSnapshots(init: TransferInit): Promise<Verdict<Transferred[], TransferCode>> {
  const { data, genesis, file } = init
  const paths = dataPaths(data)
  const network = networkId(genesis)
  const filled = await filledWith(init)
  if (filled !== undefined) return refuse('not-empty', filled)
  const reader = await FrameReader.open(file, MAGIC, network)
  if (!reader.ok) return refuse('file-refused', reader.detail)
  const imported: Transferred[] = []
  const places: string[] = []
  try {
    const reading = new FileImport(init, reader.value, network)
    for (;;) {
      const one = await reading.nextChain()
      if (!one.ok) return one
      if (one.value === undefined) break
      imported.push(one.value.transferred)
      places.push(paths.chainDatabase(one.value.chain))
    }
  } finally {
    await reader.value.close()
  }
  // The coordination chain last: with it the directory counts as filled.
  for (const path of places.toReversed()) await placeStaging(path)
  const database = await openLevel(paths.nodeDatabase, { isNew: !existsSync(paths.nodeDatabase) })
  await NodeStore.open(database, network)
  await database.close()
  return accept(imported)
}

/**
 * Any chain beside a node's database is in use. Without one, shards alone are what a kill between the last renames left
 * of this same command, which may begin again: the coordination chain comes last.
 */
async function filledWith(init: TransferInit): Promise<string | undefined> {
  const paths = dataPaths(init.data)
  const isInUse = existsSync(paths.nodeDatabase)
  for (const chain of isInUse ? chainsOf(init.genesis.shards) : [COORD]) {
    if (existsSync(paths.chainDatabase(chain))) return `${init.data} holds chain ${chainName(chain)} already`
  }
  return isInUse ? movingChain(init) : undefined
}

class FileImport {
  readonly #init: TransferInit
  readonly #reader: FrameReader
  readonly #network: Uint8Array
  readonly #genesisHash: Uint8Array
  readonly #first: EpochSnapshot
  #coord: LightWalk | undefined

  constructor(init: TransferInit, reader: FrameReader, network: Uint8Array) {
    this.#init = init
    this.#reader = reader
    this.#network = network
    const { block, changes } = buildChainGenesis(init.genesis, COORD)
    this.#genesisHash = block.hash
    const view = { get: (key: Uint8Array) => changes.values.get(toHex(key)) }
    this.#first = computeSnapshot(view, 0, block.hash, init.genesis.shards)
  }

  /** @returns undefined at the end of the file. */
  async nextChain(): Promise<
    Verdict<{ readonly chain: ChainId; readonly transferred: Transferred } | undefined, TransferCode>
  > {
    const head = await this.#reader.next()
    if (!head.ok) return wrong(head.detail)
    if (head.value.kind === FRAME_END) return accept(undefined)
    const [high = 0, low = 0] = head.value.bytes
    const chain = ((high << 8) | low) as ChainId
    const isKnown = chain === COORD ? this.#coord === undefined : chain < this.#init.genesis.shards
    if (head.value.kind !== FRAME_CHAIN || head.value.bytes.length !== 2 || !isKnown)
      return wrong('a chain was expected')
    const walk = this.#walk(chain)
    const judged = await this.#manifest(walk, chain)
    if (!judged.ok) return judged
    const staging = await openStaging(dataPaths(this.#init.data).chainDatabase(chain))
    // While the staging is prepared, those who verify chunks get ready.
    const release = this.#init.chunks.hold()
    try {
      return await this.#fill(staging.database, chain, walk, judged.value)
    } finally {
      release()
      await staging.database.close()
    }
  }

  #walk(chain: ChainId): LightWalk {
    const init = {
      network: this.#network,
      chain,
      genesisHash: this.#genesisHash,
      shards: this.#init.genesis.shards
    }
    const known = (epoch: number) => (epoch === 0 ? this.#first : this.#coord?.snapshot(epoch))
    const walk = new LightWalk(init, this.#init.verifier, known)
    if (chain === COORD) this.#coord = walk
    return walk
  }

  /** The steps, then the manifest that the last of them leads to. */
  async #manifest(walk: LightWalk, chain: ChainId): Promise<Verdict<JudgedManifest, TransferCode>> {
    for (;;) {
      const frame = await this.#reader.next()
      if (!frame.ok) return wrong(frame.detail)
      if (frame.value.kind === FRAME_STEP) {
        const step = decode(EpochStepType, frame.value.bytes)
        const taken = step.ok ? await walk.take(step.value) : step
        if (!taken.ok) return wrong(`chain ${chainName(chain)}, epoch ${walk.nextEpoch}: ${taken.detail}`)
        continue
      }
      const decoded = decode(SnapshotManifestType, frame.value.bytes)
      if (frame.value.kind !== FRAME_MANIFEST || !decoded.ok) return wrong('a manifest was expected')
      const judged = judgeManifest(decoded.value, walk.context)
      if (!judged.ok) return wrong(judged.detail)
      const { certificate } = decoded.value.tip
      if ((await walk.holds(certificate, judged.value.epoch)) !== true)
        return wrong('its certificate does not hold')
      return judged
    }
  }

  async #fill(database: KeyValueStore, chain: ChainId, walk: LightWalk, judged: JudgedManifest) {
    const { manifest, height } = judged
    const { tip } = manifest
    const target = await ChainImport.begin(database, { network: this.#network, chain }, manifest)
    await putEpochs(target, walk, judged)
    const chunks = await this.#fillChunks(target, chain, judged)
    if (!chunks.ok) return chunks
    const body = await this.#reader.next()
    if (!body.ok) return wrong(body.detail)
    const isBody = body.value.kind === FRAME_BODY && equal(bodyHash(body.value.bytes), tip.header.bodyHash)
    if (!isBody) return wrong('it does not hold the body of the block')
    await target.putBody(body.value.bytes)
    if ((await target.finish()) === undefined) return wrong('its chunks make another state')
    const stateRoot = toHex(tip.header.stateRoot)
    return accept({ chain, transferred: { chain: labelOf(chain), height, stateRoot, bytes: chunks.value } })
  }

  /** Some are verified while the one before is written and the next is read. @returns their bytes */
  async #fillChunks(
    target: ChainImport,
    chain: ChainId,
    { manifest, bits }: JudgedManifest
  ): Promise<Verdict<number, TransferCode>> {
    const { hashes } = manifest
    const underWay: Promise<Refusal<TransferCode> | undefined>[] = []
    let bytes = 0
    const take = async (index: number, chunk: Uint8Array, hash: Uint8Array) => {
      const { length } = chunk
      const verdict = await this.#init.chunks.verify(chunk, { bits, index }, hash)
      if (!verdict.ok) return wrong(`chain ${chainName(chain)}, chunk ${index}: ${verdict.detail}`)
      await target.putChunk(index, verdict.value)
      this.#init.chunks.reuse(verdict.value.pages)
      bytes += length
      this.#init.onProgress(`chain ${chainName(chain)}`, target.done.size, hashes.length)
      return undefined
    }
    try {
      for (const [index, hash] of hashes.entries()) {
        const frame = await this.#reader.next()
        if (!frame.ok) return wrong(frame.detail)
        if (frame.value.kind !== FRAME_CHUNK) return wrong('a chunk was expected')
        underWay.push(take(index, frame.value.bytes, hash))
        const problem = underWay.length < TAKEN_TOGETHER ? undefined : await underWay.shift()
        if (problem !== undefined) return problem
      }
      for (const problem of await Promise.all(underWay)) if (problem !== undefined) return problem
      return accept(bytes)
    } finally {
      // Nothing of them is under way when the database closes.
      await Promise.allSettled(underWay)
    }
  }
}

const wrong = (detail: string): Refusal<TransferCode> => refuse('file-refused', detail)
