/** `epoch summary`: what a shard's finished epoch says of its validators, for coordination (R18, COOP-23). */
import { COORD } from '../../primitives/chain-id.ts'
import { SummaryType } from '../../codec/cooperation.ts'
import type { Summary } from '../../codec/cooperation.ts'
import { MESSAGE_EPOCH_SUMMARY } from '../../codec/system.ts'
import { recordSummary } from '../facts.ts'
import type { SystemMessage } from './message.ts'

export const epochSummary: SystemMessage<Summary> = {
  number: MESSAGE_EPOCH_SUMMARY,
  name: 'epoch summary',
  payloadType: SummaryType,
  apply(summary, { source }, ledger, { chain }) {
    if (chain !== COORD) return 'unknown-receipt'
    recordSummary(ledger, source, summary)
    return undefined
  }
}
