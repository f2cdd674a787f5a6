/**
 * Sanctions (SAN-1 to SAN-6): a proven offence raises its validator by a level, each level costs points of reputation,
 * and whoever is at any level is seated nowhere from the next frozen epoch on. Levels 1 and 2 go by themselves, one for
 * every `unbondingEpochs` without another offence; level 3 stays until governance lifts it.
 *
 * What is stored is as of the last offence. Time is applied when it is read, so no block has to walk over validators.
 */
import { MAX_SANCTION_STEPS, SanctionType } from '../../codec/sanctions.ts'
import type { Sanction, SanctionStep } from '../../codec/sanctions.ts'
import type { Params } from '../../params/params.ts'
import type { StateView } from '../ports.ts'
import { sanctionKey } from './keys.ts'

export const LEVEL_MAX = 3
/** 5.0 × 1.5^(level − 1), in millionths. */
const PENALTY: readonly bigint[] = [0n, 5_000_000n, 7_500_000n, 11_250_000n]
/** 3.0 × 1.2^level, by the level that is left; nobody recovers from level 3. */
const BONUS: readonly bigint[] = [0n, 3_600_000n, 4_320_000n]
/** Share of the stake that is taken, ppm. */
const SLASH: readonly bigint[] = [0n, 50_000n, 75_000n, 112_500n]

/** When a sanction is read. */
export interface Moment {
  readonly epoch: number
  readonly params: Pick<Params, 'unbondingEpochs'>
}

/** A sanction with what time has changed. */
export interface Standing {
  /** 0: no sanction is in force. */
  readonly level: number
  /** It is seated in no committee that is computed now. */
  readonly isExcluded: boolean
  /** Epoch at which a level goes by itself; undefined at level 0, and at level 3. */
  readonly recoversAtEpoch: number | undefined
  readonly offences: number
  /** Millionths of points, ever. */
  readonly penalty: bigint
  readonly bonus: bigint
  readonly slashed: { readonly consumer: bigint; readonly industrial: bigint }
  readonly steps: readonly SanctionStep[]
}

const CLEAN: Sanction = {
  level: 0,
  sinceEpoch: 0,
  offences: 0,
  penalty: 0n,
  bonus: 0n,
  slashedConsumer: 0n,
  slashedIndustrial: 0n,
  steps: []
}

/** @param validator 32-byte validator key */
export function sanctionsOf(view: Pick<StateView, 'get'>, validator: Uint8Array, at: Moment): Standing {
  const bytes = view.get(sanctionKey(validator))
  return standingOf(bytes === undefined ? CLEAN : SanctionType.deserialize(bytes), at)
}

function standingOf(stored: Sanction, at: Moment): Standing {
  const sanction = recovered(stored, at)
  const { level, sinceEpoch, offences, penalty, bonus, slashedConsumer, slashedIndustrial, steps } = sanction
  const isTemporary = level > 0 && level < LEVEL_MAX
  return {
    level,
    isExcluded: level > 0,
    recoversAtEpoch: isTemporary ? sinceEpoch + at.params.unbondingEpochs : undefined,
    offences,
    penalty,
    bonus,
    slashed: { consumer: slashedConsumer, industrial: slashedIndustrial },
    steps
  }
}

/** SAN-4: a level goes for every period that passed; the timer starts again with each. */
function recovered(stored: Sanction, { epoch, params }: Moment): Sanction {
  let { level, sinceEpoch, bonus } = stored
  while (level > 0 && level < LEVEL_MAX && epoch >= sinceEpoch + params.unbondingEpochs) {
    bonus += BONUS[level] ?? 0n
    sinceEpoch += params.unbondingEpochs
    level -= 1
  }
  return { ...stored, level, sinceEpoch, bonus }
}

/** SAN-3: whether another offence of that epoch raises the level that is left. */
export const leadsToRise = (
  { level, steps }: Pick<Standing, 'level' | 'steps'>,
  offenceEpoch: number
): boolean => level < LEVEL_MAX && !steps.some((step) => step.offenceEpoch === offenceEpoch)

/**
 * SAN-2, SAN-3: what a validator's record is after another proven offence. All offences of one epoch are one: who runs
 * a key twice by mistake contradicts itself in every view until it is stopped.
 */
export function afterOffence(
  stored: Sanction | undefined,
  offenceEpoch: number,
  at: Moment
): { readonly sanction: Sanction; readonly raisedTo: number } {
  const before = recovered(stored ?? CLEAN, at)
  const counted = { ...before, offences: before.offences + 1 }
  if (!leadsToRise(before, offenceEpoch)) return { sanction: counted, raisedTo: 0 }
  const level = before.level + 1
  const step = { offenceEpoch, epoch: at.epoch, level }
  const sanction = {
    ...counted,
    level,
    sinceEpoch: at.epoch,
    penalty: before.penalty + (PENALTY[level] ?? 0n),
    steps: [...before.steps, step].slice(-MAX_SANCTION_STEPS)
  }
  return { sanction, raisedTo: level }
}

/** What a rise to this level takes of an amount of stake. */
export const slashOf = (stake: bigint, level: number): bigint => (stake * (SLASH[level] ?? 0n)) / 1_000_000n
