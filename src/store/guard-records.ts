/** How a guard lies on disk: an identity, bounds for each chain, and one row for each statement above the floor. */
import { equal, fromHex, fromUtf8, toHex, u64be, utf8 } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { isStatementKind } from '../codec/statement.ts'
import type { StatementKind } from '../codec/statement.ts'
import { NODE_BUCKETS as B, bucketKey, bucketRange, corrupt, decodeStored } from './buckets.ts'
import type { GuardState } from './guard-rules.ts'
import type { KeyValueStore, Write } from './ports.ts'
import { GuardBoundsType, GuardIdentityType, GuardStatementType } from './records.ts'

export interface GuardIdentity {
  /** The random id that binds guard and key. */
  readonly id: Hex
  /** Adoption: no statement on any chain in an epoch below. */
  readonly fromEpoch: number
  /** Not empty: nothing is signed. */
  readonly haltReason: string
}

export type GuardStates = ReadonlyMap<ChainId, GuardState>

export interface GuardRecord {
  readonly identity: GuardIdentity
  readonly states: GuardStates
}

const IDENTITY = 0
const BOUNDS = 1
const STATEMENT = 2

const identityKey = (publicKey: Uint8Array): Uint8Array =>
  bucketKey(B.guard, publicKey, Uint8Array.of(IDENTITY))
const boundsKey = (publicKey: Uint8Array, chain: ChainId): Uint8Array =>
  bucketKey(B.guard, publicKey, Uint8Array.of(BOUNDS), chainBytes(chain))
const statementKey = (publicKey: Uint8Array, chain: ChainId, view: number, kind: StatementKind): Uint8Array =>
  bucketKey(B.guard, publicKey, Uint8Array.of(STATEMENT), chainBytes(chain), u64be(view), Uint8Array.of(kind))

/** Two bytes, big-endian: the form of a chain in keys. */
export const chainBytes = (chain: ChainId): Uint8Array => Uint8Array.of(chain >> 8, chain & 0xff)

/** @throws StoreError STORE_CORRUPT */
export async function loadGuard(
  store: KeyValueStore,
  publicKey: Uint8Array
): Promise<GuardRecord | undefined> {
  const key = identityKey(publicKey)
  const bytes = store.get(key)
  const states = new Map<ChainId, GuardState>()
  // Bounds sort before statements, so each statement finds the state it belongs to.
  for await (const [rowKey, value] of store.range(bucketRange(B.guard, publicKey))) {
    loadRow(states, publicKey, rowKey, value)
  }
  if (bytes === undefined) {
    if (states.size > 0) throw corrupt(B.guard, key)
    return undefined
  }
  const { id, fromEpoch, haltReason } = decodeStored(GuardIdentityType, bytes, B.guard, key)
  return { identity: { id: toHex(id), fromEpoch, haltReason: fromUtf8(haltReason) }, states }
}

export const identityWrite = (
  publicKey: Uint8Array,
  { id, fromEpoch, haltReason }: GuardIdentity
): Write => ({
  type: 'put',
  key: identityKey(publicKey),
  value: GuardIdentityType.serialize({
    id: fromHex(id, 32),
    fromEpoch,
    haltReason: utf8(haltReason).subarray(0, 256)
  })
})

/** The writes that turn one state of a chain into another on disk. */
export function stateWrites(
  publicKey: Uint8Array,
  chain: ChainId,
  before: GuardState,
  after: GuardState
): Write[] {
  const value = GuardBoundsType.serialize({ epoch: after.epoch, floor: after.floor })
  const writes: Write[] = [{ type: 'put', key: boundsKey(publicKey, chain), value }]
  for (const [view, signed] of before.views) {
    for (const kind of signed.keys()) {
      if (after.views.get(view)?.has(kind) === true) continue
      writes.push({ type: 'del', key: statementKey(publicKey, chain, view, kind) })
    }
  }
  for (const [view, signed] of after.views) {
    if (before.views.get(view) === signed) continue
    for (const [kind, hash] of signed) {
      const value = GuardStatementType.serialize({ epoch: after.epoch, view, kind, hash: fromHex(hash, 32) })
      writes.push({ type: 'put', key: statementKey(publicKey, chain, view, kind), value })
    }
  }
  return writes
}

function loadRow(
  states: Map<ChainId, GuardState>,
  publicKey: Uint8Array,
  key: Uint8Array,
  value: Uint8Array
): void {
  const [type, high = 0, low = 0] = key.subarray(1 + publicKey.length)
  if (type === IDENTITY) return
  const chain = ((high << 8) | low) as ChainId
  if (type === BOUNDS) {
    const bounds = decodeStored(GuardBoundsType, value, B.guard, key)
    states.set(chain, { ...bounds, views: new Map() })
    return
  }
  const { epoch, view, kind, hash } = decodeStored(GuardStatementType, value, B.guard, key)
  const state = states.get(chain)
  // The row repeats what its key says: a flipped bit in either shows, and the guard never forgets in silence.
  if (!isStatementKind(kind) || !equal(key, statementKey(publicKey, chain, view, kind)))
    throw corrupt(B.guard, key)
  if (state === undefined || state.epoch !== epoch || view <= state.floor) throw corrupt(B.guard, key)
  const signed = new Map(state.views.get(view)).set(kind, toHex(hash))
  states.set(chain, { ...state, views: new Map(state.views).set(view, signed) })
}
