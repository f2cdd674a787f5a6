/** Blocks of a file, executed into new chains by the importer that also takes them from peers (SYN-6). */
import { existsSync } from 'node:fs'
import { equal, toHex } from '../../primitives/bytes.ts'
import { COORD, chainName } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import { buildChainGenesis } from '../../chain/genesis-block.ts'
import { bodyHash } from '../../codec/block.ts'
import type { Header } from '../../codec/block.ts'
import { FINALISE } from '../../codec/statement.ts'
import type { Certificate } from '../../codec/statement.ts'
import { certificateJobs } from '../../consensus/certificate-check.ts'
import { VerifiedCache } from '../../mempool/verified-cache.ts'
import { networkId } from '../../params/genesis.ts'
import { ChainStore } from '../../store/chain-store.ts'
import { openLevel } from '../../store/level.ts'
import { NodeStore } from '../../store/node-store.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import type { LinkedHeader } from '../../sync/header-run.ts'
import { BlockTree } from '../chain/block-tree.ts'
import type { CoordinationView } from '../chain/coordination-view.ts'
import { EpochBook } from '../chain/epoch-book.ts'
import { Executor } from '../chain/executor.ts'
import { Finaliser } from '../chain/finaliser.ts'
import { createGenesis, freezer, loadSnapshot } from '../chain/genesis-chain.ts'
import { dataPaths } from '../data-dir.ts'
import type { ChainEvents } from '../ports.ts'
import { Importer } from '../sync/importer.ts'
import type { TransferInit, Transferred } from './transfer.ts'

interface Running {
  readonly store: ChainStore
  readonly importer: Importer
  bytes: number
  headers: LinkedHeader[]
  bodies: Uint8Array[]
}

type ExecutionCode = 'wrong-chain' | 'wrong-block' | 'wrong-certificate' | 'unproven'

/** Nobody waits here: what a chain says of itself is in the store. */
const nothing = (): void => undefined
const SILENT: ChainEvents = {
  final: nothing,
  entered: nothing,
  nullified: nothing,
  invalidBlock: nothing,
  evidence: nothing,
  halted: nothing,
  guardRefusal: nothing,
  signingStopped: nothing,
  failed: (error) => {
    throw error
  }
}
/** Certificates come at the latest after so many blocks. */
const UNPROVEN_MAX = 4_096
/** Each transaction comes once: nothing is worth remembering. */
const VERIFIED_MAX = 2

export class Execution {
  readonly #init: TransferInit
  readonly #network: Uint8Array
  readonly #genesisHash: Uint8Array
  readonly #nodeStore: NodeStore
  readonly #databases: KeyValueStore[]
  #coord: ChainStore | undefined
  #epochs = new EpochBook(() => undefined)
  #running: Running | undefined

  private constructor(init: TransferInit, nodeStore: NodeStore, database: KeyValueStore) {
    this.#init = init
    this.#network = networkId(init.genesis)
    this.#genesisHash = buildChainGenesis(init.genesis, COORD).block.hash
    this.#nodeStore = nodeStore
    this.#databases = [database]
  }

  /** @throws StoreError */
  static async open(init: TransferInit): Promise<Execution> {
    const { nodeDatabase } = dataPaths(init.data)
    const database = await openLevel(nodeDatabase, { isNew: !existsSync(nodeDatabase) })
    const nodeStore = await NodeStore.open(database, networkId(init.genesis))
    return new Execution(init, nodeStore, database)
  }

  async close(): Promise<void> {
    await this.#running?.importer.settled()
    for (const database of this.#databases) await database.close()
  }

  /** The coordination chain first: shards refer to it. */
  async begin(number: number): Promise<Verdict<void, ExecutionCode>> {
    const { genesis, data, verifier, clock } = this.#init
    const chain = number as ChainId
    const isDue =
      chain === COORD ? this.#coord === undefined : this.#coord !== undefined && chain < genesis.shards
    const path = dataPaths(data).chainDatabase(chain)
    if (!isDue || existsSync(path)) return refuse('wrong-chain', `chain ${number} does not come here`)
    const database = await openLevel(path, { isNew: true })
    this.#databases.push(database)
    const begin = createGenesis(genesis, chain, this.#genesisHash)
    const store = await ChainStore.create(database, { network: this.#network, chain }, begin)
    const coord = chain === COORD ? store : must(this.#coord, 'coordination comes first')
    this.#coord = coord
    if (chain === COORD) this.#epochs = new EpochBook((epoch) => loadSnapshot(store, epoch))
    const freeze = chain === COORD ? freezer(this.#epochs, this.#genesisHash, genesis.shards) : () => []
    const tree = new BlockTree(begin.block, store)
    const shared = { clock, verifier, store, tree, epochs: this.#epochs, events: SILENT, freeze }
    const finaliser = new Finaliser(
      {
        ...shared,
        journal: this.#nodeStore.journal,
        validator: undefined,
        onSettled: nothing,
        onFinalBlock: nothing
      },
      chain
    )
    const { shards, params } = genesis
    const constants = { network: this.#network, shards, payloadBytesMax: params.payloadBytesMax }
    const parts = { ...shared, coord: viewOf(coord) }
    const executor = new Executor(
      { ...parts, verified: new VerifiedCache(VERIFIED_MAX), known: () => undefined },
      constants
    )
    const importer = new Importer({ ...parts, constants, finaliser, executor }, chain)
    this.#running = { store, importer, bytes: 0, headers: [], bodies: [] }
    return accept(undefined)
  }

  block(header: Header, hash: Uint8Array, body: Uint8Array): Verdict<void, ExecutionCode> {
    const running = this.#running
    if (running === undefined) return refuse('wrong-block', 'a block of no chain')
    const { store, headers, bodies } = running
    const below = headers.at(-1)
    const parent = below?.hash ?? store.final.hash
    const height = (below?.header.height ?? store.final.height) + 1
    const isNext = header.height === height && header.chain === store.chain && equal(header.parent, parent)
    const wrong = (what: string) =>
      refuse('wrong-block', `chain ${chainName(store.chain)}, height ${height}: ${what}`)
    if (!isNext) return wrong('another block comes there')
    if (!equal(bodyHash(body), header.bodyHash)) return wrong('the body is not the one of the header')
    if (below !== undefined && below.header.epoch !== header.epoch)
      return wrong('an epoch ended without a certificate')
    if (headers.length >= UNPROVEN_MAX) return wrong('no certificate for too long')
    headers.push({ header, hash })
    bodies.push(body)
    running.bytes += body.length
    return accept(undefined)
  }

  /** Executes and stores the blocks since the last certificate. */
  async certified(certificate: Certificate): Promise<Verdict<void>> {
    const running = this.#running
    const last = running?.headers.at(-1)
    if (running === undefined || last === undefined)
      return refuse('wrong-certificate', 'a certificate of no block')
    const { store, importer, headers, bodies } = running
    const { epoch, height } = last.header
    const where = `chain ${chainName(store.chain)}, height ${height}`
    const isOver =
      certificate.kind === FINALISE &&
      certificate.chain === store.chain &&
      certificate.epoch === epoch &&
      equal(certificate.hash, last.hash)
    if (!isOver || !(await this.#holds(certificate))) {
      return refuse('wrong-certificate', `${where}: the certificate does not hold`)
    }
    const from = store.final.height + 1
    const run = {
      from,
      to: height,
      parent: store.final.hash,
      headers,
      parts: [{ epoch, to: height, certificate }]
    }
    importer.prepare(from, run, bodies)
    const outcome = await importer.import(from, run, { epoch, to: height, certificate })
    if (outcome === undefined)
      return refuse('wrong-block', `${where}: its coordination block is not in the file`)
    if (!outcome.ok) return refuse(outcome.code, `${where}: ${outcome.detail}`)
    await outcome.value.stored
    running.headers = []
    running.bodies = []
    return accept(undefined)
  }

  chainEnded(): Verdict<Transferred | undefined, ExecutionCode> {
    const running = this.#running
    if (running === undefined) return accept(undefined)
    const { store, headers, bytes } = running
    if (headers.length > 0)
      return refuse('unproven', `chain ${chainName(store.chain)} ends without a certificate`)
    this.#running = undefined
    const chain = store.chain === COORD ? ('coord' as const) : store.chain
    return accept({ chain, height: store.final.height, stateRoot: toHex(store.root), bytes })
  }

  async #holds(certificate: Certificate): Promise<boolean> {
    const committee = this.#epochs.committee(certificate.chain, certificate.epoch)
    if (committee === undefined) return false
    const jobs = certificateJobs(this.#network, committee, certificate)
    return jobs.ok && (await this.#init.verifier.verify(jobs.value)).every(Boolean)
  }
}

const viewOf = (coord: ChainStore): CoordinationView => ({
  finalHeight: () => coord.final.height,
  hashAt: (height) => Promise.resolve(coord.hashAt(height)),
  tip: () => ({ height: coord.final.height, hash: coord.final.hash }),
  proof: () => undefined,
  hint: nothing,
  onFinal: nothing
})
