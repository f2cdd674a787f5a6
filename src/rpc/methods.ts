/** The table of all RPC methods, and its published description (GET /openrpc.json). */
import { accountMethods } from './methods/account.ts'
import { atomicMethods } from './methods/atomic.ts'
import { chainMethods } from './methods/chain.ts'
import { epochMethods } from './methods/epoch.ts'
import { nodeMethods } from './methods/node.ts'
import { peerMethods } from './methods/peer.ts'
import { claimMethods } from './methods/claim.ts'
import { receiptMethods } from './methods/receipt.ts'
import { transactionMethods } from './methods/transaction.ts'
import { validatorMethods } from './methods/validator.ts'
import type { Method } from './method.ts'
import { SUBSCRIBE_PARAMS, UNSUBSCRIBE_PARAMS } from './ws/params.ts'

export const METHODS: ReadonlyMap<string, Method> = new Map(
  [
    ...nodeMethods,
    ...peerMethods,
    ...chainMethods,
    ...epochMethods,
    ...transactionMethods,
    ...receiptMethods,
    ...claimMethods,
    ...atomicMethods,
    ...validatorMethods,
    ...accountMethods
  ].map((method) => [method.name, method])
)

/** Those that answer over a WebSocket alone (`ws/subscriptions.ts`). */
export const SOCKET_METHODS: ReadonlyMap<string, Pick<Method, 'summary' | 'params'>> = new Map([
  [
    'subscribe',
    {
      summary: 'Publishes what becomes new on a topic; WebSocket only',
      params: SUBSCRIBE_PARAMS
    }
  ],
  ['unsubscribe', { summary: 'Ends a subscription; WebSocket only', params: UNSUBSCRIBE_PARAMS }]
])

/** OpenRPC 1.3. Unknown parameters are refused, so `params` is the whole truth. */
export const openRpc = (version: string): Readonly<Record<string, unknown>> => ({
  openrpc: '1.3.2',
  info: { title: 'InterCooperative Network node', version },
  methods: [...METHODS, ...SOCKET_METHODS].map(([name, { summary, params }]) => ({
    name,
    summary,
    paramStructure: 'by-name',
    params: Object.entries(params).map(([param, { schema, required }]) => ({
      name: param,
      required,
      schema
    })),
    result: { name: `${name} result`, schema: { type: 'object' } }
  }))
})
