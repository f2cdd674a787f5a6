/** `claim`: a validator's home shard says that its key asked for what it has earned here (R18, M12). */
import { ClaimCallType, MESSAGE_CLAIM } from '../../codec/system.ts'
import type { ClaimCall } from '../../codec/system.ts'
import { payClaim } from '../payout.ts'
import type { SystemMessage } from './message.ts'

export const claimCall: SystemMessage<ClaimCall> = {
  number: MESSAGE_CLAIM,
  name: 'claim',
  payloadType: ClaimCallType,
  apply({ validator }, { sender, receiver, origin, hop }, ledger, context) {
    const paid = payClaim(ledger, { validator, sender, to: receiver, origin, hop: hop + 1 }, context)
    return typeof paid === 'string' ? paid : undefined
  }
}
