/** Stake of a sanctioned validator goes to the treasury: supply stays an equality (D3, SAN-5). */
import type { Slash } from './evidence.ts'

/** Validators of this version hold no stake that could be taken. */
export const slashStake: Slash = () => ({ consumer: 0n, industrial: 0n })
