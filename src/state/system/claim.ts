/**
 * `claim`: a validator's home shard says that its key asked for what it has earned here (R18, M12). No other shard is
 * believed, so a committee that was taken over takes what its own validators have earned and nothing else.
 */
import { addressOfKey, homeShard } from '../../crypto/address.ts'
import { equal } from '../../primitives/bytes.ts'
import { nextHop } from '../../codec/receipt.ts'
import { ClaimCallType, MESSAGE_CLAIM } from '../../codec/system.ts'
import type { ClaimCall } from '../../codec/system.ts'
import { payClaim } from '../payout.ts'
import type { SystemMessage } from './message.ts'

export const claimCall: SystemMessage<ClaimCall> = {
  number: MESSAGE_CLAIM,
  name: 'claim',
  payloadType: ClaimCallType,
  apply({ validator }, receipt, ledger, context) {
    const { source, sender, receiver, origin } = receipt
    const isOwn = equal(sender, addressOfKey(validator)) && homeShard(sender, context.shards) === source
    if (!isOwn) return 'unknown-receipt'
    const hop = nextHop(receipt)
    const paid = payClaim(ledger, { validator, sender, to: receiver, origin, hop }, context)
    return typeof paid === 'string' ? paid : undefined
  }
}
