/**
 * One chain executed again from genesis, in memory: the state after the last block, and for every block that passed
 * what a data directory must say about it. Execution is `judgeBlock` (C7) over `applyBlock`, nothing of the node's
 * drivers.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { recordAttendance } from '../chain/attendance.ts'
import type { AttendanceBook } from '../chain/attendance.ts'
import type { ReadEvidence } from '../chain/evidence.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { judgeBlock } from '../chain/judge.ts'
import type { Judgement, ReadDelivery } from '../chain/judge.ts'
import type { Block, Header } from '../codec/block.ts'
import { encodeResults } from '../codec/results.ts'
import { sha256 } from '../crypto/hash.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { genesisShare, sumOfAccounts } from '../params/supply.ts'
import type { TokenAmounts } from '../params/supply.ts'
import { epochFrozenAt, isBoundary, nextEpoch } from '../sharding/epochs.ts'
import { computeSnapshot } from '../sharding/snapshot.ts'
import type { StateChanges, StateView } from '../state/ports.ts'
import { issuedBy, readTotals } from '../state/supply.ts'
import type { ReceiptResult } from '../state/types.ts'
import type { CheckedTransaction } from '../state/types.ts'
import { Epoch } from './epochs.ts'
import type { KnownEpochs } from './epochs.ts'

/** What execution of a block established. Equal for every directory that holds the block. */
export interface BlockFacts {
  readonly header: Header
  readonly hash: Uint8Array
  /** undefined: it was not executed. */
  readonly resultsHash: Uint8Array | undefined
  /** Transaction ids, 32 bytes each, in block order. */
  readonly ids: Uint8Array
  /** Receipts it delivered, one run of each source. */
  readonly received: readonly ReceivedRun[]
  /** The epoch that this coordination block froze. */
  readonly frozen: Epoch | undefined
}

/** Consecutive receipts of one lane. */
export interface ReceivedRun {
  readonly source: ChainId
  readonly first: number
  readonly count: number
}

/** What a block is judged with besides the chain itself. */
export interface Surroundings {
  readonly epochs: KnownEpochs
  /** Hash of the coordination block at the reference; zero on `coord`. */
  readonly coordHash: Uint8Array
  readonly parentCertificateValid: boolean
  readonly lateVotesValid: boolean
  readonly deliveries: readonly ReadDelivery[]
  readonly evidence: readonly ReadEvidence[]
  readonly transactions: readonly CheckedTransaction[]
}

class ReplayedState implements StateView {
  root: Uint8Array
  readonly #values = new Map<Hex, Uint8Array>()
  readonly #pages = new Map<Hex, Uint8Array>()

  constructor(genesis: StateChanges) {
    this.root = genesis.root
    this.apply(genesis)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(toHex(key))
  }

  page(path: Hex): Uint8Array | undefined {
    return this.#pages.get(path)
  }

  apply({ values, pages, root }: StateChanges): void {
    for (const [key, value] of values) write(this.#values, key, value)
    for (const [path, page] of pages) write(this.#pages, path, page)
    this.root = root
  }
}

function write(map: Map<Hex, Uint8Array>, key: Hex, value: Uint8Array | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

/** All that a chain holds, which no block changes (D3, invariant 4). */
export function issued(genesis: Genesis, chain: ChainId): TokenAmounts {
  const { accounts, reserve } = genesisShare(genesis, chain)
  const held = sumOfAccounts(accounts)
  return {
    consumer: held.consumer + reserve.consumer,
    industrial: held.industrial + reserve.industrial
  }
}

export class Replay {
  readonly genesisFacts: BlockFacts
  readonly #genesis: Genesis
  readonly #chain: ChainId
  readonly #network: Uint8Array
  readonly #issued: TokenAmounts
  readonly #state: ReplayedState
  #tip: { readonly header: Header; readonly hash: Uint8Array }
  /** C28: what the tip and its ancestors record. */
  #attendance: AttendanceBook = []

  constructor(genesis: Genesis, chain: ChainId) {
    const { block, changes } = buildChainGenesis(genesis, chain)
    this.#genesis = genesis
    this.#chain = chain
    this.#network = networkId(genesis)
    this.#issued = issued(genesis, chain)
    this.#state = new ReplayedState(changes)
    this.#tip = block
    const frozen =
      chain === COORD ? new Epoch(computeSnapshot(this.#state, 0, block.hash, genesis.shards)) : undefined
    const { header, hash } = block
    this.genesisFacts = {
      header,
      hash,
      frozen,
      resultsHash: sha256(new Uint8Array(0)),
      ids: new Uint8Array(0),
      received: []
    }
  }

  get tip(): { readonly header: Header; readonly hash: Uint8Array } {
    return this.#tip
  }

  /** Judges a child of the tip and moves on to it. */
  extend(block: Block, around: Surroundings): Verdict<BlockFacts> {
    const { header } = this.#tip
    const epochs = around.epochs
    const parentEpoch = epochs.get(header.epoch)
    if (parentEpoch === undefined) return refuse('unknown-epoch', `epoch ${header.epoch} was never frozen`)
    const { epochLength } = parentEpoch.snapshot.params
    const ended = isBoundary(header, header.epoch, epochLength)
    const expected = ended ? nextEpoch(header, epochLength) : header.epoch
    if (block.header.epoch !== expected) {
      return refuse('wrong-epoch', `epoch ${block.header.epoch} where epoch ${expected} runs`)
    }
    const epoch = epochs.get(expected)
    if (epoch === undefined) return refuse('unknown-epoch', `epoch ${expected} was never frozen`)
    const judged = judgeBlock(block, this.#judgement(epoch, around))
    if (!judged.ok) return judged
    this.#state.apply(judged.value.changes)
    this.#tip = block
    this.#attendance = recordAttendance(this.#attendance, block)
    const held = issuedBy(readTotals(this.#state))
    if (held.consumer !== this.#issued.consumer || held.industrial !== this.#issued.industrial) {
      const text = `invariant 4: the chain holds ${held.consumer} and ${held.industrial} instead of ${this.#issued.consumer} and ${this.#issued.industrial}`
      return refuse('wrong-supply', text)
    }
    return accept({
      header: block.header,
      hash: block.hash,
      resultsHash: sha256(encodeResults(judged.value)),
      ids: joinIds(around.transactions),
      received: runsOf(judged.value.received),
      frozen: this.#freeze(epoch)
    })
  }

  #judgement(epoch: Epoch, around: Surroundings): Judgement {
    const { header, hash } = this.#tip
    const { params, committees } = epoch.snapshot
    return {
      network: this.#network,
      epoch: epoch.snapshot.epoch,
      shards: this.#genesis.shards,
      params,
      committee: must(committees.get(this.#chain), `a committee of ${chainName(this.#chain)}`),
      schedule: epoch.schedule(this.#chain),
      parent: { header, hash, isBase: header.height === 0 || header.epoch < epoch.snapshot.epoch },
      view: this.#state,
      coordHash: around.coordHash,
      parentCertificateValid: around.parentCertificateValid,
      lateVotesValid: around.lateVotesValid,
      attendance: this.#attendance,
      deliveries: around.deliveries,
      evidence: around.evidence,
      transactions: around.transactions
    }
  }

  /** C2: snapshot(e) is a function of coordination state after height e·L − F. */
  #freeze(epoch: Epoch): Epoch | undefined {
    if (this.#chain !== COORD) return undefined
    const frozen = epochFrozenAt(this.#tip.header.height, epoch.snapshot.params)
    if (frozen === undefined) return undefined
    return new Epoch(computeSnapshot(this.#state, frozen, this.genesisFacts.hash, this.#genesis.shards))
  }

  isAt(hash: Uint8Array): boolean {
    return equal(this.#tip.hash, hash)
  }
}

function joinIds(transactions: readonly CheckedTransaction[]): Uint8Array {
  const ids = new Uint8Array(32 * transactions.length)
  for (const [index, { id }] of transactions.entries()) ids.set(id, 32 * index)
  return ids
}

function runsOf(received: readonly ReceiptResult[]): ReceivedRun[] {
  return [...Map.groupBy(received, ({ source }) => source)].map(([source, results]) => ({
    source,
    first: results[0]?.sequence ?? 0,
    count: results.length
  }))
}
