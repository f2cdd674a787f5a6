/** `unstake payout`: stake that was released comes home to an account of this shard (R18). */
import { MESSAGE_PAYOUT, PayoutType } from '../../codec/system.ts'
import type { Payout } from '../../codec/system.ts'
import { creditOrCreate } from '../crediting.ts'
import type { SystemMessage } from './message.ts'

export const payout: SystemMessage<Payout> = {
  number: MESSAGE_PAYOUT,
  name: 'unstake payout',
  payloadType: PayoutType,
  apply: (_payload, receipt, ledger, context) => creditOrCreate(ledger, receipt, context)
}
