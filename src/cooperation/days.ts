/**
 * Durations of the founding documents in epochs (COOP-11). `unbondingEpochs` is their seven days in every network, so
 * a day is its seventh part and an hour the 24th of that; neither is less than an epoch.
 */
import type { Params } from '../params/params.ts'

export type SpanParams = Pick<Params, 'unbondingEpochs'>

const DAYS_OF_UNBONDING = 7
export const HOURS_OF_A_DAY = 24

export const dayEpochs = ({ unbondingEpochs }: SpanParams): number =>
  Math.max(1, Math.floor(unbondingEpochs / DAYS_OF_UNBONDING))

export const hourEpochs = (params: SpanParams): number =>
  Math.max(1, Math.floor(dayEpochs(params) / HOURS_OF_A_DAY))

export const dayOf = (epoch: number, params: SpanParams): number => Math.floor(epoch / dayEpochs(params))
export const hourOf = (epoch: number, params: SpanParams): number => Math.floor(epoch / hourEpochs(params))
