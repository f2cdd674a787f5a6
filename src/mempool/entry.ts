/**
 * What a pool keeps of a transaction, and the order by which entries compete (M7, M13).
 * Fee rates are compared by cross-multiplication, never divided: two nodes with the same entries agree on the order.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { reservation } from '../state/inclusion.ts'
import type { Reserved } from '../state/inclusion.ts'
import type { CheckedTransaction } from '../state/types.ts'

/** Where a transaction came in: by this node's own RPC or wallet, or in somebody's bundle (M4). */
export type Origin = 'local' | 'gossip'

export interface PoolEntry {
  readonly checked: CheckedTransaction
  readonly id: Hex
  readonly wireHash: Hex
  /** Address bytes of the sender. */
  readonly sender: Hex
  readonly nonce: bigint
  readonly fee: bigint
  /** Bytes of the transaction as it travels. */
  readonly size: number
  /** The fee as a number if fee × size of any other entry stays exact in one, else −1. */
  readonly smallFee: number
  readonly validUntil: number
  /** What it may take from its sender. */
  readonly takes: Reserved
}

/** Below this, fee × size stays under 2^53 for every size up to the genesis ceiling on transactions (< 2^15). */
const SMALL_FEE_LIMIT = 1n << 38n
const PPM = 1_000_000n

export function entryOf(checked: CheckedTransaction): PoolEntry {
  const { fee, nonce, validUntil } = checked.transaction
  return {
    checked,
    id: toHex(checked.id),
    wireHash: checked.key,
    sender: toHex(checked.sender),
    nonce,
    fee,
    size: checked.bytes.length,
    smallFee: fee < SMALL_FEE_LIMIT ? Number(fee) : -1,
    validUntil,
    takes: reservation(checked)
  }
}

/** M13: the higher fee per byte goes first, then the lower wire hash. Total: false only for an entry and itself. */
export function goesBefore(a: PoolEntry, b: PoolEntry): boolean {
  if (a.smallFee >= 0 && b.smallFee >= 0) {
    const difference = a.smallFee * b.size - b.smallFee * a.size
    return difference === 0 ? a.wireHash < b.wireHash : difference > 0
  }
  const difference = a.fee * BigInt(b.size) - b.fee * BigInt(a.size)
  return difference === 0n ? a.wireHash < b.wireHash : difference > 0n
}

/** The reverse of `goesBefore`: who leaves first when the pool is full. */
export const leavesBefore = (a: PoolEntry, b: PoolEntry): boolean => goesBefore(b, a)

/** M7: to take the place of another sender's transaction, the fee per byte must be higher by `ppm`. */
export const outbids = (newcomer: PoolEntry, victim: PoolEntry, ppm: number): boolean =>
  newcomer.fee * BigInt(victim.size) * PPM >= victim.fee * BigInt(newcomer.size) * (PPM + BigInt(ppm))

/** M7: to replace an own transaction, the fee itself must be higher by `ppm`, and by one base unit at least. */
export const overpays = (newcomer: PoolEntry, old: PoolEntry, ppm: number): boolean =>
  newcomer.fee > old.fee && newcomer.fee * PPM >= old.fee * (PPM + BigInt(ppm))
