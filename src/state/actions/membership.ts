/** `deregister` and `ready` (REG-5, C3 c, d): a validator asks to leave, or says that it holds what it is to vote on. */
import {
  ACTION_DEREGISTER,
  ACTION_READY,
  OwnValidatorType,
  STATUS_LEAVING,
  STATUS_REGISTERED
} from '../../codec/registry-records.ts'
import type { OwnValidator, ValidatorRecord } from '../../codec/registry-records.ts'
import type { ExecutionCode } from '../../codec/refusals.ts'
import { readValidator, recordsOf, writeValidator } from '../coord/validators.ts'
import type { Ledger } from '../ledger.ts'
import type { Action } from './action.ts'
import { ON_COORD, isOwn } from './coordination.ts'

/** The record of a validator that takes part, or why it does not. */
export function registered(ledger: Ledger, key: Uint8Array): ValidatorRecord | ExecutionCode {
  const record = readValidator(recordsOf(ledger), key)
  if (record?.status === STATUS_LEAVING) return 'validator-leaving'
  return record?.status === STATUS_REGISTERED ? record : 'validator-unknown'
}

export const deregister: Action<OwnValidator> = {
  ...ON_COORD,
  number: ACTION_DEREGISTER,
  name: 'deregister',
  payloadType: OwnValidatorType,
  stateless: ({ key }, sender) => isOwn(key, sender),
  apply({ payload: { key } }, ledger, { height }) {
    const record = registered(ledger, key)
    if (typeof record === 'string') return record
    writeValidator(ledger, key, { ...record, status: STATUS_LEAVING, since: height })
    return undefined
  }
}

export const ready: Action<OwnValidator> = {
  ...ON_COORD,
  number: ACTION_READY,
  name: 'ready',
  payloadType: OwnValidatorType,
  stateless: ({ key }, sender) => isOwn(key, sender),
  apply({ payload: { key } }, ledger, { height }) {
    const record = registered(ledger, key)
    if (typeof record === 'string') return record
    writeValidator(ledger, key, { ...record, ready: height })
    return undefined
  }
}
