/**
 * The node database (D8): journal and sign guard, which must share it (C11), local transactions and the peer book.
 */
import { utf8 } from '../primitives/bytes.ts'
import { NODE_BUCKETS as B, bucketKey, bucketRange, decodeStored } from './buckets.ts'
import { checkIdentity, checkSchema } from './identity.ts'
import { HeldEvidence } from './held-evidence.ts'
import { Journal } from './journal.ts'
import { LocalTransactions } from './local-transactions.ts'
import type { KeyValueStore, Write } from './ports.ts'
import { NODE_SCHEMA, NodeIdentityType } from './records.ts'

const IDENTITY_KEY = bucketKey(B.meta, utf8('identity'))
/** Peers remembered across restarts, of each kind of row. */
export const PEER_BOOK_MAX = 1024
/** First byte of a key in the bucket `peer`: what the row tells of the peer. A number is never given a second meaning. */
export const PEER_ROWS = { known: 1, ban: 2 } as const
export type PeerRowKind = keyof typeof PEER_ROWS
export type PeerRecord = readonly [id: Uint8Array, record: Uint8Array]

export class NodeStore {
  readonly journal: Journal
  readonly localTransactions: LocalTransactions
  readonly evidence: HeldEvidence
  /** For the guard, which is opened with a key (`openGuard`). */
  readonly database: KeyValueStore

  private constructor(
    database: KeyValueStore,
    parts: Pick<NodeStore, 'journal' | 'localTransactions' | 'evidence'>
  ) {
    this.database = database
    this.journal = parts.journal
    this.localTransactions = parts.localTransactions
    this.evidence = parts.evidence
  }

  /**
   * A new database is given its identity; nothing else tells it from one that lost it, so open it with `isNew` only once.
   * @throws StoreError STORE_VERSION_NEWER, STORE_NETWORK_DIFFERS, STORE_CORRUPT
   */
  static async open(database: KeyValueStore, network: Uint8Array): Promise<NodeStore> {
    const bytes = database.get(IDENTITY_KEY)
    if (bytes === undefined) {
      const value = NodeIdentityType.serialize({ schema: NODE_SCHEMA, network })
      await database.batch([{ type: 'put', key: IDENTITY_KEY, value }], { sync: true })
    } else {
      checkSchema(bytes, NODE_SCHEMA, B.meta, IDENTITY_KEY)
      checkIdentity(decodeStored(NodeIdentityType, bytes, B.meta, IDENTITY_KEY), { network })
    }
    return new NodeStore(database, {
      journal: await Journal.open(database),
      localTransactions: await LocalTransactions.open(database),
      evidence: await HeldEvidence.open(database)
    })
  }

  /** Rows of one kind by peer id, as last saved. */
  async peers(kind: PeerRowKind): Promise<PeerRecord[]> {
    const found: PeerRecord[] = []
    const range = bucketRange(B.peer, Uint8Array.of(PEER_ROWS[kind]))
    for await (const [key, record] of this.database.range(range)) found.push([key.slice(2), record])
    return found
  }

  /**
   * Replaces all rows of the kind; of a longer list the first PEER_BOOK_MAX stay, so put the best first.
   * Unsynced: a book that is a little old serves as well.
   */
  async savePeers(kind: PeerRowKind, rows: readonly PeerRecord[]): Promise<void> {
    const keyOf = (id: Uint8Array): Uint8Array => bucketKey(B.peer, Uint8Array.of(PEER_ROWS[kind]), id)
    const writes: Write[] = []
    for (const [id] of await this.peers(kind)) writes.push({ type: 'del', key: keyOf(id) })
    for (const [id, value] of rows.slice(0, PEER_BOOK_MAX))
      writes.push({ type: 'put', key: keyOf(id), value })
    await this.database.batch(writes, { sync: false })
  }
}
