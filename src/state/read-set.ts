/** State keys that the execution of transactions reads for certain: the accounts of those who send and receive here. */
import { accountKey } from './keys.ts'
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { CheckedTransaction } from './types.ts'

/** Each once. Whoever receives on another chain is asked for in vain, which costs little. */
export function readSet(transactions: readonly CheckedTransaction[]): Uint8Array[] {
  const keys = new Map<Hex, Uint8Array>()
  const add = (address: Uint8Array): void => {
    const key = accountKey(address)
    keys.set(toHex(key), key)
  }
  for (const { sender, payload } of transactions) {
    add(sender)
    if ('to' in payload) add(payload.to)
  }
  return [...keys.values()]
}
