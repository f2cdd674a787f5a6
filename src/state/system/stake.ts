/** `stake`: an account of a shard adds to a validator's stake (R18). For a key that is no validator's it goes home. */
import { nextHop } from '../../codec/receipt.ts'
import { MESSAGE_STAKE, StakeNoticeType } from '../../codec/system.ts'
import type { StakeNotice } from '../../codec/system.ts'
import { creditStake } from '../stake.ts'
import { payout } from './payout.ts'
import { sendMessage } from './message.ts'
import type { SystemMessage } from './message.ts'

export const stakeNotice: SystemMessage<StakeNotice> = {
  number: MESSAGE_STAKE,
  name: 'stake',
  isPaid: true,
  payloadType: StakeNoticeType,
  apply({ validator }, receipt, ledger, context) {
    if (creditStake(ledger, validator, receipt)) return undefined
    sendMessage(ledger, context, receipt.source, payout, {
      payload: { validator },
      origin: receipt.origin,
      hop: nextHop(receipt),
      sender: receipt.receiver,
      receiver: receipt.sender,
      consumer: receipt.consumer,
      industrial: receipt.industrial
    })
    return undefined
  }
}
