/**
 * The published keys of development networks (GEN-11): everyone can compute them, so they are worth nothing elsewhere.
 * A genesis of a development network gives the accounts `user0` … `user9` and `load0` … `load999` their balances.
 */
import { utf8 } from '../primitives/bytes.ts'
import type { GenesisAccount } from '../codec/genesis.ts'
import { addressOfKey } from '../crypto/address.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { publicKeyFromSeed } from '../crypto/ed25519.ts'
import { sha256Of } from '../crypto/hash.ts'

export const DEVNET_USERS = 10
export const DEVNET_LOAD_ACCOUNTS = 1_000
/** 1,000 tokens. */
export const DEVNET_BALANCE = 1_000_000_000n

/** The 32-byte Ed25519 seed of `user3`, `load17`, `validator0`, …. */
export const devnetSeed = (label: string): Uint8Array => sha256Of(DOMAINS.devnetKey, utf8(label))

export const devnetAddress = (label: string): Uint8Array => addressOfKey(publicKeyFromSeed(devnetSeed(label)))

export function devnetAccounts(): GenesisAccount[] {
  const labels = [
    ...Array.from({ length: DEVNET_USERS }, (_, index) => `user${index}`),
    ...Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index) => `load${index}`)
  ]
  const balances = { consumer: DEVNET_BALANCE, industrial: DEVNET_BALANCE }
  return labels.map((label) => ({ address: devnetAddress(label), ...balances }))
}
