/** Fees (M9): the floor, which token pays, and who gets it. */
import type { Params } from '../params/params.ts'
import type { Amounts } from './types.ts'

export const FEE_CONSUMER = 0
export const FEE_INDUSTRIAL = 1
export const FEE_SPLIT = 2

const MILLION = 1_000_000n

export const isFeeSelector = (selector: number): boolean => selector >= FEE_CONSUMER && selector <= FEE_SPLIT

export const minFee = (
  bytes: number,
  maxMana: bigint,
  params: Pick<Params, 'minFeePerByte' | 'minFeePerMana'>
): bigint => BigInt(params.minFeePerByte) * BigInt(bytes) + BigInt(params.minFeePerMana) * maxMana

/** What a fee takes of each token; an odd unit of a split fee is consumer. */
export function feeAmounts(fee: bigint, selector: number): Amounts {
  if (selector === FEE_CONSUMER) return { consumer: fee, industrial: 0n }
  if (selector === FEE_INDUSTRIAL) return { consumer: 0n, industrial: fee }
  const industrial = fee / 2n
  return { consumer: fee - industrial, industrial }
}

/** Treasury's and proposer's shares of a fee, per token; rounding favours the proposer. */
export function feeShares(fee: Amounts, treasurySharePpm: number): { treasury: Amounts; proposer: Amounts } {
  const share = BigInt(treasurySharePpm)
  const treasury = {
    consumer: (fee.consumer * share) / MILLION,
    industrial: (fee.industrial * share) / MILLION
  }
  const proposer = {
    consumer: fee.consumer - treasury.consumer,
    industrial: fee.industrial - treasury.industrial
  }
  return { treasury, proposer }
}
