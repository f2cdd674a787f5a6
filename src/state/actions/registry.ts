/** All actions this version knows. A new one is a module beside this file and a line here. */
import type { Action } from './action.ts'
import { activate } from './activate.ts'
import { bindNode } from './bind-node.ts'
import { claim } from './claim.ts'
import { dispute } from './dispute.ts'
import { deregister, ready } from './membership.ts'
import { multiTransfer } from './multi-transfer.ts'
import { registerReveal } from './register-reveal.ts'
import { registerValidator } from './register-validator.ts'
import { releaseLease, renewLease } from './shard-leases.ts'
import { stake } from './stake.ts'
import { transfer } from './transfer.ts'
import { unstake } from './unstake.ts'

export const ACTIONS: readonly Action[] = [
  transfer,
  multiTransfer,
  claim,
  activate,
  stake,
  registerValidator,
  deregister,
  ready,
  unstake,
  releaseLease,
  renewLease,
  registerReveal,
  bindNode,
  dispute
]

const BY_NUMBER = new Map(ACTIONS.map((action) => [action.number, action]))

/** @returns undefined for a number that no known action has. */
export const actionByNumber = (number: number): Action | undefined => BY_NUMBER.get(number)
