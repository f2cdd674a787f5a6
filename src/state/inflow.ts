/**
 * The inflow cap (R12): what one lane from a shard may bring in an epoch. A committee that was taken over can make a
 * chain believe in no more than that before people look; sources refuse what could never pass.
 */
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { refuse } from '../primitives/result.ts'
import type { Refusal } from '../primitives/result.ts'
import { InflowType } from '../codec/state-records.ts'
import type { Inflow } from '../codec/state-records.ts'
import type { Params } from '../params/params.ts'
import { MAX_SUPPLY } from '../params/supply.ts'
import { inflowKey } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { holdings } from './supply.ts'
import type { Amounts } from './types.ts'

/** STA-4. */
const HOLDINGS_LIMIT = 2n ** 64n

type CapParams = Pick<Params, 'laneInflowCapPpm'>

export interface InflowContext {
  readonly epoch: number
  readonly params: CapParams
}

/** @returns undefined where there is no cap: switched off, or the source is the coordination chain. */
export function inflowCap(source: ChainId, { laneInflowCapPpm }: CapParams): bigint | undefined {
  if (laneInflowCapPpm === 0 || source === COORD) return undefined
  return (MAX_SUPPLY * BigInt(laneInflowCapPpm)) / 1_000_000n
}

export const exceedsInflowCap = (
  source: ChainId,
  { consumer, industrial }: Amounts,
  params: CapParams
): boolean => {
  const cap = inflowCap(source, params)
  return cap !== undefined && (consumer > cap || industrial > cap)
}

/** What the lane has brought in this epoch; the record of an earlier one counts as none. */
export function inflowOf(
  records: { get(key: Uint8Array): Uint8Array | undefined },
  source: ChainId,
  epoch: number
): Inflow {
  const bytes = records.get(inflowKey(source))
  const held = bytes === undefined ? undefined : InflowType.deserialize(bytes)
  return held?.epoch === epoch ? held : { epoch, consumer: 0n, industrial: 0n }
}

export function sumOf(receipts: readonly Amounts[]): Amounts {
  let consumer = 0n
  let industrial = 0n
  for (const receipt of receipts) {
    consumer += receipt.consumer
    industrial += receipt.industrial
  }
  return { consumer, industrial }
}

/** Whether a child of this state may take these receipts too. */
export function inflowFits(
  records: { get(key: Uint8Array): Uint8Array | undefined },
  source: ChainId,
  receipts: readonly Amounts[],
  { epoch, params }: InflowContext
): boolean {
  if (inflowCap(source, params) === undefined) return true
  return !exceedsInflowCap(source, added(inflowOf(records, source, epoch), receipts), params)
}

/**
 * Of a delivery: that it stays within the cap, before anything of it is applied; and that the chain’s counters can hold
 * it, which no network that was issued less (GEN-8) ever comes near.
 */
export function checkInflow(
  ledger: Ledger,
  source: ChainId,
  receipts: readonly Amounts[],
  { epoch, params }: InflowContext
): Refusal<'inflow-capped'> | undefined {
  if (!inflowFits(recordsOf(ledger), source, receipts, { epoch, params }))
    return refuse('inflow-capped', `chain ${source} brings more than an epoch takes`)
  const { consumer, industrial } = sumOf([holdings(ledger.totals), ...receipts])
  return consumer < HOLDINGS_LIMIT && industrial < HOLDINGS_LIMIT
    ? undefined
    : refuse('inflow-capped', `chain ${source} brings more than 64 bits count`)
}

export function countInflow(
  ledger: Ledger,
  source: ChainId,
  receipts: readonly Amounts[],
  { epoch, params }: InflowContext
): void {
  if (receipts.length === 0 || inflowCap(source, params) === undefined) return
  const after = added(inflowOf(recordsOf(ledger), source, epoch), receipts)
  ledger.setRecord(inflowKey(source), InflowType.serialize(after))
}

const recordsOf = (ledger: Ledger) => ({ get: (key: Uint8Array) => ledger.record(key) })

function added({ epoch, ...before }: Inflow, receipts: readonly Amounts[]): Inflow {
  return { epoch, ...sumOf([before, ...receipts]) }
}
