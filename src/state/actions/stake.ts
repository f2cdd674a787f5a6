/** `stake`: adds to a validator's stake on the coordination chain, by a system message (R18). */
import { COORD } from '../../primitives/chain-id.ts'
import { ACTION_STAKE, StakingType } from '../../codec/claims.ts'
import type { Staking } from '../../codec/claims.ts'
import { manaCost } from '../mana.ts'
import { sendMessage } from '../system/message.ts'
import { stakeNotice } from '../system/stake.ts'
import type { Action } from './action.ts'
import { debit } from './debit.ts'

export const stake: Action<Staking> = {
  number: ACTION_STAKE,
  name: 'stake',
  place: 'home',
  payloadType: StakingType,

  stateless: ({ consumer, industrial }) => (consumer === 0n && industrial === 0n ? 'zero-amount' : undefined),

  destinations: () => [COORD],

  cost: (bytes, otherChains) => manaCost(bytes, otherChains),

  spends: ({ consumer, industrial }) => ({ consumer, industrial }),

  apply({ payload, sender, id }, ledger, context) {
    const { validator, consumer, industrial } = payload
    const refused = debit(ledger, sender, payload, COORD, context)
    if (refused !== undefined) return refused
    const draft = { origin: id, hop: 0, sender, receiver: sender, consumer, industrial }
    return [sendMessage(ledger, context, COORD, stakeNotice, { ...draft, payload: { validator } })]
  }
}
