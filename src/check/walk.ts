/**
 * One chain of one directory from genesis upwards: every block is linked, judged and executed, or known from another
 * directory; what the directory derives from it (results, indexes) is compared with what execution gave.
 * Signatures of the next blocks are verified by the pool while a block is executed.
 */
import { ZERO_HASH, concat, equal, toHex, u16be, u64be } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { readDelivery } from '../chain/delivery.ts'
import type { ReadEvidence } from '../chain/evidence.ts'
import type { ReadDelivery } from '../chain/judge.ts'
import type { Block, Header } from '../codec/block.ts'
import { sha256 } from '../crypto/hash.ts'
import { isBoundary } from '../sharding/epochs.ts'
import { readBlocks } from './block-rows.ts'
import type { StoredBlock } from './block-rows.ts'
import type { SignatureCheck } from './certificates.ts'
import type { StoppedDatabase } from './database.ts'
import type { KnownEpochs } from './epochs.ts'
import type { Report } from './findings.ts'
import type { ChainHistory, Prepared } from './history.ts'
import { CHAIN_ROWS } from './layout.ts'
import type { BlockFacts } from './replay.ts'

/** Blocks, and signatures in them, that may wait for execution. */
const AHEAD_BLOCKS = 8
const AHEAD_SIGNATURES = 20_000
const PROGRESS_BLOCKS = 64

export interface PlacedBlock {
  readonly hash: Uint8Array
  readonly epoch: number
  readonly view: number
  readonly stateRoot: Uint8Array
  readonly isBoundary: boolean
}

/** What a walk found of a chain in one directory. */
export interface WalkedChain {
  readonly chain: ChainId
  /** By height: blocks that have the hash they are stored under and are linked to the one below. */
  readonly blocks: readonly (PlacedBlock | undefined)[]
  /** Height of the oldest block: above 0, where the state was taken from a snapshot, blocks are not executed. */
  readonly earliest: number
  /** Highest height up to which every block was executed, or linked; -1 if not even the genesis is the network's. */
  readonly verified: number
  /** Transactions up to it. */
  readonly transactions: number
  /** Runs of receipts delivered up to it. */
  readonly received: number
  /** Nothing stopped the walk. */
  readonly isComplete: boolean
}

export interface WalkInit {
  readonly directory: string
  readonly chain: ChainId
  readonly database: StoppedDatabase
  readonly history: ChainHistory
  readonly signatures: SignatureCheck
  readonly epochs: KnownEpochs
  /** What the database says of its oldest block. */
  readonly earliest: number
  /** The coordination chain of the same directory; undefined for that chain itself. */
  readonly coord: WalkedChain | undefined
  readonly report: Report
  readonly onProgress: (height: number) => void
}

interface Waiting {
  readonly block: Block
  readonly prepared: Promise<Prepared> | undefined
}

export async function walkChain(init: WalkInit): Promise<WalkedChain> {
  return new Walk(init).run()
}

class Walk {
  readonly #init: WalkInit
  readonly #blocks: (PlacedBlock | undefined)[] = []
  readonly #window: Waiting[] = []
  #ahead = 0
  #verified = -1
  #transactions = 0
  #received = 0
  #isStopped = false

  constructor(init: WalkInit) {
    this.#init = init
  }

  async run(): Promise<WalkedChain> {
    const { database, report, onProgress, chain, earliest } = this.#init
    this.#blocks.length = earliest
    for await (const stored of readBlocks(database, report, earliest)) {
      if (stored.height % PROGRESS_BLOCKS === 0) onProgress(stored.height)
      await this.#take(stored)
    }
    await this.#settle(0, 0)
    if (this.#blocks.length === earliest) report('header', '', 'no block, not even the oldest')
    return {
      chain,
      earliest,
      blocks: this.#blocks,
      verified: this.#verified,
      transactions: this.#transactions,
      received: this.#received,
      isComplete: !this.#isStopped
    }
  }

  async #take({ height, header, hash, block, linked }: StoredBlock): Promise<void> {
    // Behind a missing height nothing has a place: the final mark says that blocks are missing.
    if (height === this.#blocks.length) {
      this.#blocks.push(linked && header !== undefined ? placed(header, hash) : undefined)
    }
    if (block === undefined || !linked) {
      await this.#settle(0, 0)
      this.#isStopped = true
    }
    if (this.#isStopped || block === undefined) return
    const { history } = this.#init
    const isKnown = history.facts(hash) !== undefined || this.#init.earliest > 0
    const prepared = isKnown ? undefined : history.prepare(block)
    // A failure of the verifier surfaces when its turn comes, not as a lost rejection before.
    prepared?.catch(() => undefined)
    this.#window.push({ block, prepared })
    this.#ahead += block.body.transactions.length
    await this.#settle(AHEAD_BLOCKS, AHEAD_SIGNATURES)
  }

  /** Judges the oldest waiting blocks until no more than so many wait. */
  async #settle(blocks: number, signatures: number): Promise<void> {
    while (this.#window.length > blocks || this.#ahead > signatures) {
      const next = this.#window.shift()
      if (next === undefined) return
      this.#ahead -= next.block.body.transactions.length
      if (this.#isStopped) continue
      const facts = await this.#judge(next)
      if (facts === undefined) this.#isStopped = true
      else this.#accept(facts)
    }
  }

  async #judge({ block, prepared }: Waiting): Promise<BlockFacts | undefined> {
    const { report, history } = this.#init
    const { header } = block
    if (this.#init.earliest > 0) return history.facts(block.hash) ?? this.#linkedOnly(block)
    const coordHash = this.#coordHash(header)
    if (coordHash === undefined || !equal(coordHash, header.coordHash)) {
      // Genesis of a shard refers to the coordination chain's, so this judges height 0 too.
      const what =
        coordHash === undefined ? 'which could not be verified' : 'where another block is final here'
      report('header', header.height, `it refers to coordination height ${header.coordHeight}, ${what}`)
      return undefined
    }
    const known = history.facts(block.hash)
    if (known !== undefined) return known
    if (header.height === 0) {
      report('header', 0, 'it is not the genesis block of this network')
      return undefined
    }
    return this.#execute(block, await (prepared ?? history.prepare(block)), coordHash)
  }

  /**
   * The state below was never here, so the block cannot be executed: it is the child of the one below, and a certificate
   * above makes it final. What it says of coordination is compared where that block is here.
   */
  #linkedOnly({ header, hash }: Block): BlockFacts | undefined {
    const { chain, coord, report } = this.#init
    const referred = chain === COORD ? undefined : coord?.blocks[header.coordHeight]
    if (referred !== undefined && !equal(referred.hash, header.coordHash)) {
      report(
        'header',
        header.height,
        `it refers to another block at coordination height ${header.coordHeight}`
      )
      return undefined
    }
    return { header, hash, resultsHash: undefined, ids: new Uint8Array(0), received: [], frozen: undefined }
  }

  async #execute(block: Block, prepared: Prepared, coordHash: Uint8Array): Promise<BlockFacts | undefined> {
    const { report, history, database, epochs } = this.#init
    const { height } = block.header
    if (!prepared.ok) {
      report('body', height, `${prepared.code}: ${prepared.detail}`)
      return undefined
    }
    const [certificate] = block.body.attendance.parentCertificate
    const problem = certificate && (await this.#init.signatures.certificate(certificate, this.#place(height)))
    if (problem !== undefined) report('body', height, `its parent certificate: ${problem}`)
    const parentCertificateValid = certificate !== undefined && problem === undefined
    const deliveries = await this.#readDeliveries(block)
    if (deliveries === undefined) return undefined
    const evidence = await this.#readEvidence(block)
    const signatures = { parentCertificateValid, lateVotesValid: await this.#lateVotesHold(block) }
    const around = { epochs, coordHash, ...signatures, deliveries, evidence, transactions: prepared.value }
    const verdict = await history.execute(block, around, () => pastBlocks(database))
    if (verdict.ok) return verdict.value
    report('header', height, `${verdict.code}: ${verdict.detail}`)
    return undefined
  }

  /** C28: under the committee of the block's own epoch, which is the only one they may be of. */
  async #lateVotesHold({ header, body }: Block): Promise<boolean> {
    const { signatures, report } = this.#init
    let hold = true
    for (const vote of body.attendance.lateVotes) {
      const checked = await signatures.vote(vote, this.#place(header.height))
      if (!('problem' in checked)) continue
      report('body', header.height, `its late vote of member ${vote.signer}: ${checked.problem}`)
      hold = false
    }
    return hold
  }

  /** C30: under the committees of the epochs it is of; what proves nothing is for the judge to refuse. */
  async #readEvidence({ header, body }: Block): Promise<ReadEvidence[]> {
    const read: ReadEvidence[] = []
    for (const bytes of body.evidence) {
      read.push({ bytes, offence: await this.#init.signatures.evidence(bytes, this.#place(header.height)) })
    }
    return read
  }

  async #readDeliveries(block: Block): Promise<ReadDelivery[] | undefined> {
    const { height } = block.header
    const read: ReadDelivery[] = []
    for (const bytes of block.body.deliveries) {
      const delivery = readDelivery(bytes)
      if (!delivery.ok) {
        this.#init.report('body', height, `${delivery.code}: ${delivery.detail}`)
        return undefined
      }
      const [certificate] = delivery.value.certificate
      const problem =
        certificate && (await this.#init.signatures.certificate(certificate, this.#place(height)))
      if (problem !== undefined)
        this.#init.report('body', height, `the certificate of a delivery: ${problem}`)
      const certificateValid = certificate !== undefined && problem === undefined
      read.push({ bytes, delivery: delivery.value, certificateValid })
    }
    return read
  }

  /** Zero on the coordination chain, which refers to nothing. */
  #coordHash({ coordHeight }: Header): Uint8Array | undefined {
    const { chain, coord } = this.#init
    if (chain === COORD) return ZERO_HASH
    return coord !== undefined && coordHeight <= coord.verified ? coord.blocks[coordHeight]?.hash : undefined
  }

  #place(height: number) {
    const { directory, chain, epochs, report } = this.#init
    return { epochs, report, where: `${directory}: ${chainName(chain)} body ${height}` }
  }

  #accept({ header, hash, resultsHash, ids, received, frozen }: BlockFacts): void {
    const { database, report, epochs } = this.#init
    const { height, epoch } = header
    if (frozen !== undefined) epochs.add(frozen)
    const block = this.#blocks[height]
    const length = epochs.get(epoch)?.snapshot.params.epochLength
    if (block !== undefined && length !== undefined) {
      this.#blocks[height] = { ...block, isBoundary: isBoundary(header, epoch, length) }
    }
    this.#expect('heightOfHash', hash, u64be(height))
    this.#verified = height
    const results = database.get(CHAIN_ROWS.results, u64be(height))
    // Blocks of before the snapshot, and its own, have neither results nor an index.
    if (results === undefined && this.#init.earliest > 0) return
    if (results === undefined) report('results', height, 'they are missing')
    else if (resultsHash !== undefined && !equal(sha256(results), resultsHash)) {
      report('results', height, 'execution gives other results')
    }
    for (let index = 0; 32 * index < ids.length; index++) {
      const id = ids.subarray(32 * index, 32 * index + 32)
      this.#expect('transaction', id, concat(u64be(height), u64be(index)))
    }
    for (const { source, first, count } of received) {
      this.#expect('received', concat(u16be(source), u64be(first)), concat(u64be(height), u64be(count)))
    }
    this.#received += received.length
    this.#transactions += ids.length / 32
  }

  #expect(bucket: 'heightOfHash' | 'transaction' | 'received', key: Uint8Array, expected: Uint8Array): void {
    const value = this.#init.database.get(CHAIN_ROWS[bucket], key)
    if (value !== undefined && equal(value, expected)) return
    const found = value === undefined ? 'it is missing' : `it says ${toHex(value)}`
    this.#init.report(bucket, toHex(key), `${found} instead of ${toHex(expected)}`)
  }
}

/** Whether it is a boundary block is known once its epoch is. */
const placed = ({ epoch, view, stateRoot }: Header, hash: Uint8Array): PlacedBlock => ({
  hash,
  epoch,
  view,
  stateRoot,
  isBoundary: false
})

/** The blocks below the one at hand: all of them were read and reported on before. */
async function* pastBlocks(database: StoppedDatabase): AsyncIterable<Block> {
  for await (const { block } of readBlocks(database, () => undefined)) {
    if (block === undefined) return
    yield block
  }
}
