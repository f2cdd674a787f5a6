/** The table of all RPC methods, and its published description (GET /openrpc.json). */
import { accountMethods } from './methods/account.ts'
import { chainMethods } from './methods/chain.ts'
import { epochMethods } from './methods/epoch.ts'
import { nodeMethods } from './methods/node.ts'
import { transactionMethods } from './methods/transaction.ts'
import type { Method } from './method.ts'

export const METHODS: ReadonlyMap<string, Method> = new Map(
  [...nodeMethods, ...chainMethods, ...epochMethods, ...transactionMethods, ...accountMethods].map(
    (method) => [method.name, method]
  )
)

/** OpenRPC 1.3. Unknown parameters are refused, so `params` is the whole truth. */
export const openRpc = (version: string): Readonly<Record<string, unknown>> => ({
  openrpc: '1.3.2',
  info: { title: 'InterCooperative Network node', version },
  methods: [...METHODS.values()].map(({ name, summary, params }) => ({
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
