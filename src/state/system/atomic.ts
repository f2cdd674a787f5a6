/** The messages of atomic actions: a participant's answer, the coordinator's decision, payments between shards. */
import type { AtomicAnswer, AtomicDecision, AtomicPayment } from '../../codec/atomic.ts'
import { hear } from '../atomic/coordinator.ts'
import { ANSWER, DECISION, PAYMENT } from '../atomic/messages.ts'
import { obey, takePaid } from '../atomic/participant.ts'
import type { SystemMessage } from './message.ts'

export const atomicAnswer: SystemMessage<AtomicAnswer> = {
  ...ANSWER,
  name: 'atomic answer',
  apply: (payload, receipt, ledger, context) => hear(ledger, payload, receipt, context)
}

export const atomicDecision: SystemMessage<AtomicDecision> = {
  ...DECISION,
  name: 'atomic decision',
  isPaid: true,
  apply: obey
}

export const atomicPayment: SystemMessage<AtomicPayment> = {
  ...PAYMENT,
  name: 'atomic payment',
  isPaid: true,
  apply: takePaid
}
