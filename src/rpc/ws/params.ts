/** What `subscribe` and `unsubscribe` take. */
import type { TopicName } from '../../client/types.ts'
import { chainParam, choiceParam, hexParam, integerParam, optional, textParam } from '../params.ts'

export const TOPICS = [
  'final',
  'sync',
  'validators',
  'transaction',
  'atomic'
] as const satisfies readonly TopicName[]
const NAME_CHARACTERS_MAX = 32

export const SUBSCRIBE_PARAMS = {
  topic: choiceParam('topic', TOPICS),
  chain: optional(chainParam),
  fromHeight: optional(integerParam('first height to publish', 0)),
  id: optional(hexParam('transaction id', { length: 32 }))
}
export const UNSUBSCRIBE_PARAMS = { subscription: textParam('name of a subscription', NAME_CHARACTERS_MAX) }
