/** What a block's transactions did, as it is stored: one row each, in block order. */
import { refusalByNumber, refusalNumber } from './refusals.ts'
import type { ExecutionCode, RefusalCode } from './refusals.ts'
import { ContainerType, ListCompositeType, U16, U64 } from './ssz.ts'
import { MAX_BLOCK_TRANSACTIONS } from './block.ts'

const ResultType = new ContainerType(
  /** `code` is 0 when the action was applied, else the number of its failure. */
  { code: U16, mana: U64, feeConsumer: U64, feeIndustrial: U64 },
  { typeName: 'Result' }
)
const ResultList = new ListCompositeType(ResultType, MAX_BLOCK_TRANSACTIONS)

export interface StoredResult {
  /** undefined: the action was applied. */
  readonly failure: RefusalCode | undefined
  readonly mana: bigint
  readonly fee: { readonly consumer: bigint; readonly industrial: bigint }
}

interface Outcome extends Omit<StoredResult, 'failure'> {
  readonly failure: ExecutionCode | undefined
}

export function encodeResults(results: readonly Outcome[]): Uint8Array {
  return ResultList.serialize(
    results.map(({ failure, mana, fee }) => ({
      code: failure === undefined ? 0 : refusalNumber(failure),
      mana,
      feeConsumer: fee.consumer,
      feeIndustrial: fee.industrial
    }))
  )
}

/** @throws when the bytes are not a stored list of results: disk corruption. */
export function decodeResults(bytes: Uint8Array): StoredResult[] {
  return ResultList.deserialize(bytes).map(({ code, mana, feeConsumer, feeIndustrial }) => ({
    failure: code === 0 ? undefined : refusalByNumber(code),
    mana,
    fee: { consumer: feeConsumer, industrial: feeIndustrial }
  }))
}
