/**
 * `claim`: pays out what the sender's key has earned as a proposer on one chain (M12). Of another chain it asks by a
 * system message: the shard on which the key signs vouches for it.
 */
import { homeShard } from '../../crypto/address.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { ACTION_CLAIM, ClaimOrderType } from '../../codec/claims.ts'
import type { ClaimOrder } from '../../codec/claims.ts'
import { manaCost } from '../mana.ts'
import { payClaim } from '../payout.ts'
import { claimCall } from '../system/claim.ts'
import { sendMessage } from '../system/message.ts'
import type { Action } from './action.ts'

export const claim: Action<ClaimOrder> = {
  number: ACTION_CLAIM,
  name: 'claim',
  place: 'home',
  payloadType: ClaimOrderType,

  stateless({ chain }, _sender, { shards }) {
    return chain === COORD || chain < shards ? undefined : 'no-such-chain'
  },

  /** The chain that pays, or else the one it pays to. */
  destinations({ chain, to }, sender, { shards }, home = homeShard(sender, shards)): readonly ChainId[] {
    const other = chain === home ? homeShard(to, shards) : chain
    return other === home ? [] : [other]
  },

  cost: (bytes, otherChains) => manaCost(bytes, otherChains),

  spends: () => ({ consumer: 0n, industrial: 0n }),

  apply({ payload, sender, transaction, id }, ledger, context) {
    const { chain, to } = payload
    const from = must(ledger.account(sender), 'execution without the sender’s record')
    const isNew = homeShard(to, context.shards) !== context.chain || ledger.account(to) === undefined
    const charge = isNew ? BigInt(context.params.creationCharge) : 0n
    if (from.consumer < charge) return 'creation-unpaid'
    const validator = transaction.sender
    if (chain === context.chain) {
      const paid = payClaim(ledger, { validator, sender, to, origin: id, hop: 0 }, context)
      if (typeof paid !== 'string') pay()
      return paid
    }
    if (ledger.lanes.isCongested(chain, context.params)) return 'lane-congested'
    pay()
    const draft = { origin: id, hop: 0, sender, receiver: to, consumer: 0n, industrial: 0n }
    return [sendMessage(ledger, context, chain, claimCall, { ...draft, payload: { validator } })]

    /** R15: a record that may have to be made for the receiver. The claim itself may have raised the balance. */
    function pay(): void {
      const account = must(ledger.account(sender), 'the sender has a record')
      ledger.update(sender, { ...account, consumer: account.consumer - charge })
      ledger.creditTreasury({ consumer: charge, industrial: 0n })
    }
  }
}
