/** What the chains of an atomic action tell each other besides the call that asks for a part: numbers and payloads. */
import { AtomicAnswerType, AtomicDecisionType, AtomicPaymentType } from '../../codec/atomic.ts'
import { MESSAGE_ATOMIC_ANSWER, MESSAGE_ATOMIC_DECISION, MESSAGE_ATOMIC_PAYMENT } from '../../codec/system.ts'

export const ANSWER = { number: MESSAGE_ATOMIC_ANSWER, payloadType: AtomicAnswerType } as const
export const DECISION = { number: MESSAGE_ATOMIC_DECISION, payloadType: AtomicDecisionType } as const
export const PAYMENT = { number: MESSAGE_ATOMIC_PAYMENT, payloadType: AtomicPaymentType } as const
