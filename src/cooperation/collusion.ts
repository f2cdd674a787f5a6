/**
 * Signals of collusion out of what chains recorded (SAN-8 to SAN-10): a validator that votes for one other cooperative's
 * blocks and for nobody else's. Only its own signatures can make it look so, and leaders cannot take the others of its
 * votes away (C28). A signal changes the score and who leads; it makes no block invalid and sanctions nobody.
 */
import { concat, toHex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { PARTNER_BITS } from '../codec/cooperation.ts'
import type { Reputation, Tenure } from '../codec/cooperation.ts'
import { CollusionType } from '../codec/sanctions.ts'
import { PREFIX_COLLUSION } from '../codec/state-records.ts'
import { readSummary } from '../state/facts.ts'
import type { Ledger } from '../state/ledger.ts'
import type { StateView } from '../state/ports.ts'
import { markSuspicion } from './count.ts'
import { dayEpochs } from './days.ts'
import type { SpanParams } from './days.ts'
import { PPM, ratioPpm } from './fixed.ts'
import { readReputation } from './reputation.ts'

export interface CollusionMoment {
  /** The epoch that is being frozen, and the height at which. */
  readonly epoch: number
  readonly height: number
  readonly params: SpanParams
  readonly chains: readonly ChainId[]
  /** 0: none; undefined: the key is in no registry. */
  readonly cooperativeOf: (validator: Uint8Array) => number | undefined
}

/** Risk above which a suspicion mark is made, and what each of the last two marks adds. */
const MARK_ABOVE = 750_000
const MARK_ADDS = 250_000
const MARKS_COUNTED = 2
/** Coordination heights for which a mark adds to the risk. */
const MARKS_REMEMBERED = 40_320

/** Votes that have to be on record, and cooperatives that have to have led, before anything is concluded. */
export const votesNeeded = (activity: number | undefined): number =>
  activity === undefined ? 10 : Math.max(5, Math.floor(activity / 10))
export const partnersNeeded = (activity: number | undefined): number =>
  activity === undefined ? 3 : Math.max(2, Math.floor(activity / 20))
/** More cooperatives than this need not lead, however busy a chain is: committees span few. */
const PARTNERS_NEEDED_MAX = 3

const collusionKey = (validator: Uint8Array): Uint8Array => concat(Uint8Array.of(PREFIX_COLLUSION), validator)

/** Before the pending facts are counted into reputation (COOP-13). In key order of each chain, chains in their order. */
export function judgeCollusion(ledger: Ledger, at: CollusionMoment): void {
  const view = { get: (key: Uint8Array) => ledger.record(key) }
  const worst = new Map<string, { readonly validator: Uint8Array; readonly excess: number }>()
  for (const chain of at.chains) {
    const summary = readSummary(view, chain)
    if (summary === undefined) continue
    const scene = leadersOf(summary.tenures, at.cooperativeOf)
    for (const { key, pending } of summary.tenures) {
      const own = at.cooperativeOf(key)
      // A shard can name keys without end, and each would leave records here for ever.
      const excess = own === undefined ? undefined : excessOf({ key, pending }, scene, own)
      if (excess === undefined) continue
      const known = worst.get(toHex(key))
      if (known === undefined || excess > known.excess) worst.set(toHex(key), { validator: key, excess })
    }
  }
  for (const { validator, excess } of worst.values()) {
    const isOld = view.get(collusionKey(validator)) !== undefined
    if (excess === 0 && !isOld) continue
    const value = CollusionType.serialize({ epoch: at.epoch, excess })
    ledger.setRecord(collusionKey(validator), excess === 0 ? undefined : value)
    if (excess > MARK_ABOVE) markSuspicion(ledger, validator, at)
  }
}

/** What a chain's members are measured against: the same for all of them. */
interface Leaders {
  /** Most blocks that one of them could have voted for. */
  readonly activity: number
  /** Cooperatives that led, without "none". */
  readonly cooperatives: ReadonlySet<number>
  /** How many of them fall on each bit of `partners`. */
  readonly onBit: ReadonlyMap<number, number>
}

function leadersOf(tenures: readonly Tenure[], cooperativeOf: CollusionMoment['cooperativeOf']): Leaders {
  const cooperatives = new Set<number>()
  let activity = 0
  for (const { key, pending } of tenures) {
    activity = Math.max(activity, pending.attended + pending.missed)
    const cooperative = pending.led > 0 ? (cooperativeOf(key) ?? 0) : 0
    if (cooperative !== 0) cooperatives.add(cooperative)
  }
  const onBit = new Map<number, number>()
  for (const cooperative of cooperatives) {
    const bit = cooperative % PARTNER_BITS
    onBit.set(bit, (onBit.get(bit) ?? 0) + 1)
  }
  return { activity, cooperatives, onBit }
}

/**
 * The part of the cooperatives that led, besides its own, whose blocks the validator never voted for, ppm.
 * undefined: too little happened to say.
 */
function excessOf(
  { pending }: Pick<Tenure, 'key' | 'pending'>,
  { activity, cooperatives, onBit }: Leaders,
  own: number
): number | undefined {
  const needed = Math.min(PARTNERS_NEEDED_MAX, partnersNeeded(activity))
  if (pending.attended < votesNeeded(activity) || pending.missed < votesNeeded(activity)) return 0
  const led = [...onBit.keys()].filter(
    (bit) => !(cooperatives.has(own) && own % PARTNER_BITS === bit && onBit.get(bit) === 1)
  )
  if (led.length < needed) return undefined
  const met = led.filter((bit) => ((pending.partners[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0).length
  return PPM - ratioPpm(met, led.length)
}

/** SAN-10: ppm, at most one; what was seen counts for a day, marks for a week. */
export function riskOf(
  view: Pick<StateView, 'get'>,
  validator: Uint8Array,
  at: { readonly epoch: number; readonly height: number; readonly params: SpanParams },
  { suspicions }: Pick<Reputation, 'suspicions'> = readReputation(view, validator)
): number {
  const bytes = view.get(collusionKey(validator))
  const seen = bytes === undefined ? undefined : CollusionType.deserialize(bytes)
  const isRecent = seen !== undefined && at.epoch <= seen.epoch + dayEpochs(at.params)
  const marks = suspicions.filter((height) => at.height < height + MARKS_REMEMBERED).length
  const excess = isRecent ? seen.excess : 0
  return Math.min(PPM, excess + MARK_ADDS * Math.min(MARKS_COUNTED, marks))
}
