/** What the actions of the registry have in common (REG-6): they run on `coord`, move no balance and demand no fee. */
import { equal } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { addressOfKey } from '../../crypto/address.ts'
import type { StatelessCode } from '../../codec/refusals.ts'
import type { Amounts } from '../types.ts'
import { manaCost } from '../mana.ts'

/** On top of what its bytes cost: without a fee, mana alone bounds how often somebody sends one. */
export const REGISTRY_MANA = 100n
const STAYS: readonly ChainId[] = []
const NOTHING: Amounts = { consumer: 0n, industrial: 0n }

export const ON_COORD = {
  place: 'coord',
  isFree: true,
  cost: (bytes: number, otherChains: number): bigint => REGISTRY_MANA + manaCost(bytes, otherChains),
  spends: (): Amounts => NOTHING,
  destinations: (): readonly ChainId[] => STAYS
} as const

/** The payload names the sender's own key. */
export const isOwn = (key: Uint8Array, sender: Uint8Array): StatelessCode | undefined =>
  equal(addressOfKey(key), sender) ? undefined : 'not-the-validator'
