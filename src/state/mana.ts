/** Mana (M11, D9): what execution costs, and how an account regains it with the time of its chain. */
import type { Params } from '../params/params.ts'
import type { Account } from '../codec/state-records.ts'

type ManaParams = Pick<Params, 'manaCap' | 'manaPerPeriod' | 'manaPeriodMs'>

/** Resource cost of seed 000 in integers: `otherShards` are chains besides the sender's that the action touches. */
export function manaCost(bytes: number, otherShards: number): bigint {
  const kibibytes = Math.ceil(bytes / 1024)
  return BigInt(1 + kibibytes + Math.floor((kibibytes * (10 + 2 * otherShards)) / 10))
}

/**
 * Mana of an account at a block's time. Only whole units are gained, and the account's time advances only by the
 * time they took (rounded up to a millisecond, so that many small steps never gain more than one large one).
 */
export function regenerate(
  account: Pick<Account, 'mana' | 'manaTimeMs'>,
  timeMs: number,
  params: ManaParams
): Pick<Account, 'mana' | 'manaTimeMs'> {
  const cap = BigInt(params.manaCap)
  if (account.mana >= cap) return { mana: cap, manaTimeMs: Math.max(timeMs, account.manaTimeMs) }
  const rate = BigInt(params.manaPerPeriod)
  const period = BigInt(params.manaPeriodMs)
  const elapsed = BigInt(Math.max(0, timeMs - account.manaTimeMs))
  const gained = (elapsed * rate) / period
  if (account.mana + gained >= cap) return { mana: cap, manaTimeMs: Math.max(timeMs, account.manaTimeMs) }
  if (gained === 0n) return { mana: account.mana, manaTimeMs: account.manaTimeMs }
  const spentMs = (gained * period + rate - 1n) / rate
  return { mana: account.mana + gained, manaTimeMs: account.manaTimeMs + Number(spentMs) }
}
