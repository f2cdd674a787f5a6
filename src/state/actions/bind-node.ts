/**
 * `bind_node` (REG-17): the node through which a validator speaks. Both keys have signed for it, the validator's the
 * transaction and the node's its word for this validator, so nobody's node is named without it.
 */
import { ACTION_BIND_NODE, BindNodeType, boundNodeBytes } from '../../codec/registry-records.ts'
import type { BindNode } from '../../codec/registry-records.ts'
import { verify } from '../../crypto/ed25519.ts'
import { writeValidator } from '../coord/validators.ts'
import type { Action } from './action.ts'
import { ON_COORD, isOwn } from './coordination.ts'
import { registered } from './membership.ts'

export const bindNode: Action<BindNode> = {
  ...ON_COORD,
  number: ACTION_BIND_NODE,
  name: 'bind_node',
  payloadType: BindNodeType,
  stateless: ({ key }, sender) => isOwn(key, sender),
  apply({ payload: { key, node, signature } }, ledger, { network }) {
    const record = registered(ledger, key)
    if (typeof record === 'string') return record
    if (!verify(signature, boundNodeBytes(network, key), node)) return 'node-unsigned'
    writeValidator(ledger, key, { ...record, node: [node] })
    return undefined
  }
}
