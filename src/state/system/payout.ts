/**
 * `unstake payout`: stake that was released comes home to an account of this shard (R18). Nothing could send it back, so
 * what coordination releases makes a missing record however small it is and however full the state: it is bounded by what
 * validators may have asked back (REG-11).
 */
import { COORD } from '../../primitives/chain-id.ts'
import { MESSAGE_PAYOUT, PayoutType } from '../../codec/system.ts'
import type { Payout } from '../../codec/system.ts'
import { creditOrCreate } from '../crediting.ts'
import type { SystemMessage } from './message.ts'

export const payout: SystemMessage<Payout> = {
  number: MESSAGE_PAYOUT,
  name: 'unstake payout',
  isPaid: true,
  payloadType: PayoutType,
  apply(_payload, receipt, ledger, context) {
    const { source, receiver, consumer, industrial } = receipt
    const isEmpty = consumer === 0n && industrial === 0n
    if (source !== COORD || isEmpty || ledger.account(receiver) !== undefined)
      return creditOrCreate(ledger, receipt, context)
    ledger.create(receiver, { nonce: 0n, consumer, industrial, mana: 0n, manaTimeMs: context.timeMs })
    return undefined
  }
}
