/** `activate`: makes or fills the sender's record on the coordination chain, by an activation receipt (M8). */
import { COORD } from '../../primitives/chain-id.ts'
import { ACTION_ACTIVATE, ActivationType } from '../../codec/claims.ts'
import type { Activation } from '../../codec/claims.ts'
import { RECEIPT_ACTIVATION } from '../../codec/receipt.ts'
import { manaCost } from '../mana.ts'
import type { Action } from './action.ts'
import { debit } from './debit.ts'

export const activate: Action<Activation> = {
  number: ACTION_ACTIVATE,
  name: 'activate',
  place: 'home',
  payloadType: ActivationType,

  stateless: ({ consumer, industrial }) => (consumer === 0n && industrial === 0n ? 'zero-amount' : undefined),

  destinations: () => [COORD],

  cost: (bytes, otherChains) => manaCost(bytes, otherChains),

  spends: ({ consumer, industrial }) => ({ consumer, industrial }),

  /** Whether there is a record already is not known here, so each one brings what a first one needs. */
  apply({ payload, sender, id }, ledger, context) {
    const { consumer, industrial } = payload
    if (consumer < BigInt(context.params.activationDeposit)) return 'below-deposit'
    const refused = debit(ledger, sender, payload, COORD, context)
    if (refused !== undefined) return refused
    const sequence = ledger.send(context.chain, COORD, {
      kind: RECEIPT_ACTIVATION,
      origin: id,
      hop: 0,
      sender,
      receiver: sender,
      consumer,
      industrial,
      mana: 0n,
      payload: new Uint8Array(0)
    })
    return [{ destination: COORD, sequence }]
  }
}
