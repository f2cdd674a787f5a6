/** Methods that take transactions in and tell what became of them. */
import type { TransactionJson } from '../../client/types.ts'
import { MAX_TRANSACTION_BYTES } from '../../codec/transaction.ts'
import { toHex } from '../../primitives/bytes.ts'
import { accept } from '../../primitives/result.ts'
import { executedJson, placeJson, receiptJson } from '../json.ts'
import { method } from '../method.ts'
import type { Method } from '../method.ts'
import { hexParam } from '../params.ts'
import type { NodePort } from '../port.ts'

const tx = hexParam('canonical bytes of a signed transaction', { max: MAX_TRANSACTION_BYTES })

const submit = method('tx_submit', {
  summary: 'Admits a signed transaction; it is kept until it is final or past its valid-until',
  params: { tx },
  async call(port, params) {
    const answer = await port.submit(params.tx)
    return answer.ok ? accept({ id: toHex(answer.value.id), relayed: answer.value.relayed }) : answer
  }
})

const simulate = method('tx_simulate', {
  summary: 'Executes a signed transaction on the final state without keeping anything',
  params: { tx },
  async call(port, params) {
    const answer = await port.simulate(params.tx)
    if (!answer.ok) return answer
    const { id, result, asOf } = answer.value
    return accept({ id: toHex(id), result: executedJson(result), asOf: placeJson(asOf) })
  }
})

const get = method('tx_get', {
  summary:
    'Where a transaction stands: pending, included, final, expired, dropped or unknown, and its receipts on other chains',
  params: { id: hexParam('transaction id', { length: 32 }) },
  call: async (port, { id }) => accept(await transactionJson(port, id))
})

/** The answer of `tx_get`. */
export async function transactionJson(port: NodePort, id: Uint8Array): Promise<TransactionJson> {
  const { status, place, result, reason, emitted = [] } = await port.transaction(id)
  const hops = await Promise.all(emitted.map(async (each) => port.hops(each)))
  return {
    id: toHex(id),
    status,
    ...(place === undefined ? {} : { place: { ...placeJson(place), index: place.index } }),
    ...(result === undefined ? {} : { result: executedJson(result) }),
    ...(reason === undefined ? {} : { reason }),
    hops: hops.flat().map(receiptJson)
  }
}

export const transactionMethods: readonly Method[] = [submit, simulate, get]
