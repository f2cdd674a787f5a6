/** Stake of a sanctioned validator goes to the treasury: supply stays an equality (D3, SAN-5). */
import { forfeitStake, stakeOf } from '../stake.ts'
import type { Slash } from './evidence.ts'
import { slashOf } from './sanctions.ts'

/** Also of what was asked back and is still bound: that is what it is bound for. */
export const slashStake: Slash = (ledger, validator, level) => {
  const held = stakeOf(ledger, validator)
  const taken = {
    consumer: slashOf(held.consumer, level),
    industrial: slashOf(held.industrial, level)
  }
  if (taken.consumer > 0n || taken.industrial > 0n) forfeitStake(ledger, validator, taken)
  return taken
}
