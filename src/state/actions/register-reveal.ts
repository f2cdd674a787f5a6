/** `register_reveal` (REG-13, C29): the tip of a new hash chain, used from an epoch's length later on. */
import { ACTION_REGISTER_REVEAL, RegisterRevealType } from '../../codec/registry-records.ts'
import type { RegisterReveal } from '../../codec/registry-records.ts'
import { withTip } from '../coord/reveals.ts'
import { writeValidator } from '../coord/validators.ts'
import type { Action } from './action.ts'
import { ON_COORD, isOwn } from './coordination.ts'
import { registered } from './membership.ts'

export const registerReveal: Action<RegisterReveal> = {
  ...ON_COORD,
  number: ACTION_REGISTER_REVEAL,
  name: 'register_reveal',
  payloadType: RegisterRevealType,
  stateless: ({ key }, sender) => isOwn(key, sender),
  apply({ payload: { key, tip } }, ledger, { height, params }) {
    const record = registered(ledger, key)
    if (typeof record === 'string') return record
    writeValidator(ledger, key, withTip(record, tip, height, params.epochLength))
    return undefined
  }
}
