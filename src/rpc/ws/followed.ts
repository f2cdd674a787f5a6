/** What becomes of one transaction and of one atomic action: what is told, and when there is nothing more to tell. */
import type { AtomicAnswerJson } from '../../client/atomic-types.ts'
import type { ReceiptJson } from '../../client/receipt-types.ts'
import type { TransactionJson } from '../../client/types.ts'
import { atomicJson } from '../methods/atomic.ts'
import { transactionJson } from '../methods/transaction.ts'
import type { NodePort } from '../port.ts'
import { AnswerFeed } from './feeds.ts'

interface Pace {
  readonly intervalMs: number
  readonly nowMs: () => number
}

/** R16: topic `transaction`. */
export const transactionFeed = (port: NodePort, id: Uint8Array, pace: Pace): AnswerFeed<TransactionJson> =>
  new AnswerFeed({ read: () => transactionJson(port, id), isOver: isTransactionOver, ...pace })

/** ATO: topic `atomic`. */
export const atomicFeed = (port: NodePort, id: Uint8Array, pace: Pace): AnswerFeed<AtomicAnswerJson> =>
  new AnswerFeed({ read: () => atomicJson(port, id), isOver: isActionOver, ...pace })

/** Final, and every receipt acknowledged, or refused with its refund beside it. */
function isTransactionOver({ status, hops }: TransactionJson): boolean {
  return status === 'final' && hops.every((hop, index) => isHopOver(hop, hops[index + 1]))
}

const isHopOver = ({ status, refund }: ReceiptJson, next: ReceiptJson | undefined): boolean =>
  status === 'acknowledged' || (status === 'refused' && (refund === undefined || next?.sequence === refund))

const isActionOver = ({ record, held }: AtomicAnswerJson): boolean =>
  record?.endedAt !== undefined && held.length === 0
