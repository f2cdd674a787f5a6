/** All system messages this version knows. A new one is a module beside this file and a line here. */
import { atomicAnswer, atomicDecision, atomicPayment } from './atomic.ts'
import { registered } from './message.ts'
import type { RegisteredMessage } from './message.ts'
import { claimCall } from './claim.ts'
import { payout } from './payout.ts'
import { stakeNotice } from './stake.ts'
import { epochSummary } from './summary.ts'

export const SYSTEM_MESSAGES: readonly RegisteredMessage[] = [
  registered(epochSummary),
  registered(atomicAnswer),
  registered(atomicDecision),
  registered(stakeNotice),
  registered(payout),
  registered(claimCall),
  registered(atomicPayment)
]

const BY_NUMBER = new Map(SYSTEM_MESSAGES.map((message) => [message.number, message]))

/** @returns undefined for a number that no known message has. */
export const messageByNumber = (number: number): RegisteredMessage | undefined => BY_NUMBER.get(number)
