/** What the node remembers of peers: the book (kind 1) and bans (kind 2). Nothing else depends on these rows. */
import { StoredBanType } from '../codec/peer-ban.ts'
import { StoredPeerType } from '../codec/stored-peer.ts'
import { decode } from '../codec/ssz.ts'
import { equal, toHex } from '../primitives/bytes.ts'
import { NODE_ROWS } from './layout.ts'
import type { NodeRows } from './node-scope.ts'

const KNOWN = 1
const BANNED = 2
/** Rows of one kind. */
const ROWS_MAX = 1_024
/** An Ed25519 peer id: identity hash of a key of 32 bytes. */
const PEER_ID_HEAD = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const PEER_ID_BYTES = PEER_ID_HEAD.length + 32

export async function checkPeers({ database, report }: NodeRows): Promise<void> {
  const counts = new Map<number, number>()
  for await (const [key, bytes] of database.rows(NODE_ROWS.peer)) {
    const [kind = 0] = key
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    const why = isPeerId(key.subarray(1)) ? faultOf(kind, bytes, key) : 'its key is no peer id'
    if (why !== undefined) report('peer', toHex(key), why)
  }
  for (const [kind, count] of counts) {
    if (count > ROWS_MAX) report('peer', String(kind), `${count} rows of one kind, limit ${ROWS_MAX}`)
  }
}

const isPeerId = (id: Uint8Array): boolean =>
  id.length === PEER_ID_BYTES && equal(id.subarray(0, PEER_ID_HEAD.length), PEER_ID_HEAD)

function faultOf(kind: number, bytes: Uint8Array, key: Uint8Array): string | undefined {
  if (kind === KNOWN) {
    const known = decode(StoredPeerType, bytes)
    if (!known.ok) return 'what is known cannot be decoded'
    const peer = key.subarray(1 + PEER_ID_HEAD.length)
    return known.value.signed.every(({ record }) => equal(record.peer, peer))
      ? undefined
      : 'the record is another peer’s'
  }
  if (kind !== BANNED) return `kind ${kind} is none`
  const ban = decode(StoredBanType, bytes)
  if (!ban.ok) return 'the ban cannot be decoded'
  return ban.value.bans > 0 ? undefined : 'a ban that is none'
}
