/** What a block's transactions did, as it is stored: one row each, in block order. */
import { refusalByNumber, refusalNumber } from './refusals.ts'
import type { ExecutionCode, RefusalCode } from './refusals.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { Bytes32, Chain, ContainerType, Count, ListCompositeType, U16, U64, U8 } from './ssz.ts'
import { EMPTY_RECEIPTS_ROOT, MAX_BLOCK_TRANSACTIONS } from './block.ts'
import { entriesRoot } from './outcome.ts'

/** A body has room for fewer, deliveries and refunds included. */
const MAX_BLOCK_RECEIPTS = 65_536

const ResultType = new ContainerType(
  /** `code` is 0 when the action was applied, else the number of its failure. */
  { code: U16, mana: U64, feeConsumer: U64, feeIndustrial: U64 },
  { typeName: 'Result' }
)
const EmissionType = new ContainerType(
  /** `transaction` is its index in the block. */
  { transaction: U16, destination: Chain, sequence: Count },
  { typeName: 'Emission' }
)
const ReceivedType = new ContainerType(
  /**
   * `code` is 0 when the receipt was applied, else the number of the reason it was not; `refunds` is 1 when it was
   * sent back, as the receipt `refund` of the reverse lane.
   */
  { source: Chain, sequence: Count, code: U16, refunds: U8, refund: Count },
  { typeName: 'Received' }
)
/** What a block's transactions and deliveries did. */
const BlockResultsType = new ContainerType(
  {
    transactions: new ListCompositeType(ResultType, MAX_BLOCK_TRANSACTIONS),
    emissions: new ListCompositeType(EmissionType, MAX_BLOCK_RECEIPTS),
    received: new ListCompositeType(ReceivedType, MAX_BLOCK_RECEIPTS),
    /** Where the block received anything: the root over the entries it emitted, which stands beside the outcomes (R17). */
    entriesRoot: Bytes32
  },
  { typeName: 'BlockResults' }
)

export interface StoredResult {
  /** undefined: the action was applied. */
  readonly failure: RefusalCode | undefined
  readonly mana: bigint
  readonly fee: { readonly consumer: bigint; readonly industrial: bigint }
  /** Receipts it sent to other chains. */
  readonly emitted: readonly Emitted[]
}

/** Place of a receipt that a transaction emitted. */
interface Emitted {
  readonly destination: ChainId
  readonly sequence: number
}

interface Outcome extends Omit<StoredResult, 'failure' | 'emitted'> {
  readonly failure: ExecutionCode | undefined
  readonly emitted: readonly Emitted[]
}

export interface StoredReceipt {
  readonly source: ChainId
  readonly sequence: number
  /** undefined: it was applied. */
  readonly refusal: RefusalCode | undefined
  /** Sequence on the reverse lane of the receipt that brings it back. */
  readonly refund: number | undefined
}

export interface StoredResults {
  readonly transactions: readonly StoredResult[]
  readonly received: readonly StoredReceipt[]
  readonly entriesRoot: Uint8Array
}

/** What of an execution is stored. */
interface Executed {
  readonly results: readonly Outcome[]
  readonly received: readonly StoredReceipt[]
  readonly emitted: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]
}

export function encodeResults({ results, received, emitted }: Executed): Uint8Array {
  return BlockResultsType.serialize({
    transactions: results.map(({ failure, mana, fee }) => ({
      code: failure === undefined ? 0 : refusalNumber(failure),
      mana,
      feeConsumer: fee.consumer,
      feeIndustrial: fee.industrial
    })),
    emissions: results.flatMap(({ emitted }, transaction) =>
      emitted.map((place) => ({ transaction, ...place }))
    ),
    received: received.map(({ source, sequence, refusal, refund }) => ({
      source,
      sequence,
      code: refusal === undefined ? 0 : refusalNumber(refusal),
      refunds: refund === undefined ? 0 : 1,
      refund: refund ?? 0
    })),
    entriesRoot: received.length === 0 ? EMPTY_RECEIPTS_ROOT : entriesRoot(emitted)
  })
}

/** @throws when the bytes are not stored results: disk corruption. */
export function decodeResults(bytes: Uint8Array): StoredResults {
  const { transactions, emissions, received, entriesRoot: entries } = BlockResultsType.deserialize(bytes)
  const emitted = new Map<number, Emitted[]>()
  for (const { transaction, ...place } of emissions) {
    const known = emitted.get(transaction)
    if (known === undefined) emitted.set(transaction, [place])
    else known.push(place)
  }
  return {
    transactions: transactions.map(({ code, mana, feeConsumer, feeIndustrial }, index) => ({
      failure: code === 0 ? undefined : refusalByNumber(code),
      mana,
      fee: { consumer: feeConsumer, industrial: feeIndustrial },
      emitted: emitted.get(index) ?? []
    })),
    received: received.map(({ source, sequence, code, refunds, refund }) => ({
      source,
      sequence,
      refusal: code === 0 ? undefined : refusalByNumber(code),
      refund: refunds === 0 ? undefined : refund
    })),
    entriesRoot: entries
  }
}
