/** What an action sends to another chain is taken from its sender first. */
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import type { ExecutionCode } from '../../codec/refusals.ts'
import { exceedsInflowCap } from '../inflow.ts'
import type { Ledger } from '../ledger.ts'
import type { Amounts, BlockContext } from '../types.ts'

/** @returns why not; nothing changed then. */
export function debit(
  ledger: Ledger,
  sender: Uint8Array,
  { consumer, industrial }: Amounts,
  destination: ChainId,
  { chain, params }: Pick<BlockContext, 'chain' | 'params'>
): ExecutionCode | undefined {
  const from = must(ledger.account(sender), 'execution without the sender’s record')
  if (from.consumer < consumer || from.industrial < industrial) return 'insufficient-funds'
  if (exceedsInflowCap(chain, { consumer, industrial }, params)) return 'above-inflow-cap'
  if (ledger.lanes.isCongested(destination, params)) return 'lane-congested'
  ledger.update(sender, {
    ...from,
    consumer: from.consumer - consumer,
    industrial: from.industrial - industrial
  })
  return undefined
}
