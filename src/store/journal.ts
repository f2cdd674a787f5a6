/**
 * What consensus must not lose above the last final block (C10, C11): blocks, own proposals, certificates, own votes.
 * It shares the node database with the sign guard, so a vote, all that stands behind it and the guard's memory of it
 * become durable in one write. Rows are dropped once a later final block and its state are in the chain store.
 */
import { concat, equal, u64be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { unreachable } from '../primitives/errors.ts'
import { BodyType, blockHash, bodyHash } from '../codec/block.ts'
import type { Block } from '../codec/block.ts'
import { BlockEnvelopeType } from '../codec/messages.ts'
import { ProposalType } from '../codec/proposal.ts'
import type { Proposal } from '../codec/proposal.ts'
import { CertificateType, VoteType } from '../codec/statement.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import { NODE_BUCKETS as B, bucketKey, bucketRange, corrupt, decodeStored } from './buckets.ts'
import { chainBytes } from './guard-records.ts'
import type { KeyValueStore, Write } from './ports.ts'
import type { GuardUpdate } from './sign-guard.ts'

/** A proposal holds its block, so its leader journals no block of its own next to it. */
export type JournalRecord =
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'proposal'; readonly proposal: Proposal }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'vote'; readonly vote: Vote }

/** The order within a view: what a vote stands on comes before the vote. */
const BLOCK = 1
const PROPOSAL = 2
const CERTIFICATE = 3
const VOTE = 4

interface Row {
  readonly chain: ChainId
  readonly epoch: number
  readonly view: number
  readonly kind: number
  readonly name: Uint8Array
  readonly value: Uint8Array
}

/** Keys in order, so that dropping needs no scan of the blocks behind them. */
type KeyIndex = Map<ChainId, Map<string, JournalKey>>
interface JournalKey {
  readonly epoch: number
  readonly view: number
  readonly key: Uint8Array
}

export class Journal {
  readonly #store: KeyValueStore
  readonly #keys: KeyIndex
  /** Of drops, by key: as many as there are rows on disk, and the guard's bounds of each chain. */
  readonly #due = new Map<string, Write>()

  private constructor(store: KeyValueStore, keys: KeyIndex) {
    this.#store = store
    this.#keys = keys
  }

  static async open(store: KeyValueStore): Promise<Journal> {
    const journal = new Journal(store, new Map())
    for await (const [key] of store.range(bucketRange(B.journal))) journal.#note(key)
    return journal
  }

  /** One synced batch. When it resolves, everything in it may leave the node. What was dropped before goes along. */
  async write(records: readonly JournalRecord[], update?: GuardUpdate): Promise<void> {
    if (records.length === 0 && (update?.writes ?? []).length === 0) return
    const writes: Write[] = [...this.#due.values(), ...(update?.writes ?? [])]
    this.#due.clear()
    for (const record of records) {
      const { chain, epoch, view, kind, name, value } = rowOf(record)
      const key = bucketKey(
        B.journal,
        chainBytes(chain),
        u64be(epoch),
        u64be(view),
        Uint8Array.of(kind),
        name
      )
      writes.push({ type: 'put', key, value })
      this.#note(key)
    }
    await this.#store.batch(writes, { sync: true })
  }

  /** By epoch, then view, then kind: block, proposal, certificate, vote. @throws StoreError STORE_CORRUPT */
  async load(chain: ChainId): Promise<JournalRecord[]> {
    const records: JournalRecord[] = []
    for await (const [key, value] of this.#store.range(bucketRange(B.journal, chainBytes(chain)))) {
      if (!this.#due.has(key.join())) records.push(decodeRow(key, value))
    }
    return records
  }

  /**
   * Forgets views at or below a final one (C11). Call it after the chain store has the block. On disk it goes with the
   * next write: a write of its own that is not synced could be lost although that one is there, and then the guard
   * would find statements outside its bounds. What a crash brings back is dropped again.
   */
  drop(chain: ChainId, epoch: number, throughView: number, update?: GuardUpdate): void {
    this.#dropWhere(chain, (key) => key.epoch === epoch && key.view <= throughView, update)
  }

  /** Forgets an ended epoch, and what is left of older ones. */
  dropEpoch(chain: ChainId, epoch: number, update?: GuardUpdate): void {
    this.#dropWhere(chain, (key) => key.epoch <= epoch, update)
  }

  #dropWhere(chain: ChainId, isOver: (key: JournalKey) => boolean, update?: GuardUpdate): void {
    for (const write of update?.writes ?? []) this.#due.set(write.key.join(), write)
    const keys = this.#keys.get(chain) ?? new Map<string, JournalKey>()
    for (const [name, entry] of keys) {
      if (!isOver(entry)) continue
      keys.delete(name)
      this.#due.set(name, { type: 'del', key: entry.key })
    }
  }

  #note(key: Uint8Array): void {
    const { chain, epoch, view } = readKey(key)
    const keys = this.#keys.get(chain) ?? new Map<string, JournalKey>()
    keys.set(key.join(), { epoch, view, key })
    this.#keys.set(chain, keys)
  }
}

function rowOf(record: JournalRecord): Row {
  switch (record.kind) {
    case 'block': {
      const { header, bodyBytes, hash } = record.block
      const value = BlockEnvelopeType.serialize({ header, body: bodyBytes })
      return { chain: header.chain, epoch: header.epoch, view: header.view, kind: BLOCK, name: hash, value }
    }
    case 'proposal': {
      const { chain, epoch, view } = record.proposal.vote
      const value = ProposalType.serialize(record.proposal)
      return { chain, epoch, view, kind: PROPOSAL, name: new Uint8Array(0), value }
    }
    case 'certificate': {
      const { chain, epoch, view, kind } = record.certificate
      const value = CertificateType.serialize(record.certificate)
      return { chain, epoch, view, kind: CERTIFICATE, name: Uint8Array.of(kind), value }
    }
    case 'vote': {
      const { chain, epoch, view, kind } = record.vote
      return {
        chain,
        epoch,
        view,
        kind: VOTE,
        name: Uint8Array.of(kind),
        value: VoteType.serialize(record.vote)
      }
    }
    default:
      return unreachable(record)
  }
}

function decodeRow(key: Uint8Array, value: Uint8Array): JournalRecord {
  const record = decodeRecord(key, value)
  const { chain, epoch, view, kind, name } = rowOf(record)
  const expected = concat(chainBytes(chain), u64be(epoch), u64be(view), Uint8Array.of(kind), name)
  // The row repeats its key; for a block the key ends with the hash of what the row holds.
  if (!equal(key.subarray(1), expected)) throw corrupt(B.journal, key)
  return record
}

function decodeRecord(key: Uint8Array, value: Uint8Array): JournalRecord {
  switch (readKey(key).kind) {
    case BLOCK: {
      const { header, body: bodyBytes } = decodeStored(BlockEnvelopeType, value, B.journal, key)
      if (!equal(bodyHash(bodyBytes), header.bodyHash)) throw corrupt(B.journal, key)
      const body = decodeStored(BodyType, bodyBytes, B.journal, key)
      return { kind: 'block', block: { header, hash: blockHash(header), bodyBytes, body } }
    }
    case PROPOSAL:
      return { kind: 'proposal', proposal: decodeStored(ProposalType, value, B.journal, key) }
    case CERTIFICATE:
      return { kind: 'certificate', certificate: decodeStored(CertificateType, value, B.journal, key) }
    case VOTE:
      return { kind: 'vote', vote: decodeStored(VoteType, value, B.journal, key) }
    default:
      throw corrupt(B.journal, key)
  }
}

function readKey(key: Uint8Array): { chain: ChainId; epoch: number; view: number; kind: number } {
  if (key.length < 20) throw corrupt(B.journal, key)
  const fields = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return {
    chain: fields.getUint16(1) as ChainId,
    epoch: Number(fields.getBigUint64(3)),
    view: Number(fields.getBigUint64(11)),
    kind: fields.getUint8(19)
  }
}
