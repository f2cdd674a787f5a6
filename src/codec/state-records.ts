/** What a chain's state stores under its keys (protocols/state.md, STA-1 … STA-4). All records have a fixed width. */
import { copyBytes } from '../primitives/bytes.ts'
import { ContainerType, Count, U64, readCount } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export * from './state-prefixes.ts'

/** Balances in base units, the next nonce, and mana as of `manaTimeMs` (M8, M10, M11). */
const accountFields = { nonce: U64, consumer: U64, industrial: U64, mana: U64, manaTimeMs: Count }

/** One place to read and write them in: a record is complete before the next begins. */
const record = new Uint8Array(5 * 8)
const recordView = new DataView(record.buffer)

/**
 * Read and written by hand, in a third of the library's time and memory: each transfer reads four and writes two.
 * Whatever is not as it should be goes to the library, which says what is wrong.
 */
class AccountContainer extends ContainerType<typeof accountFields> {
  override serialize(account: ValueOf<ContainerType<typeof accountFields>>): Uint8Array {
    recordView.setBigUint64(0, account.nonce, true)
    recordView.setBigUint64(8, account.consumer, true)
    recordView.setBigUint64(16, account.industrial, true)
    recordView.setBigUint64(24, account.mana, true)
    recordView.setUint32(32, account.manaTimeMs % 2 ** 32, true)
    recordView.setUint32(36, Math.floor(account.manaTimeMs / 2 ** 32), true)
    return record.slice()
  }

  override deserialize(
    bytes: Uint8Array,
    options?: { readonly reuseBytes?: boolean }
  ): ValueOf<ContainerType<typeof accountFields>> {
    if (bytes.length !== record.length) return super.deserialize(bytes, options)
    copyBytes(record, 0, bytes)
    const manaTimeMs = readCount(recordView, 32)
    if (manaTimeMs === undefined) return super.deserialize(bytes, options)
    return {
      nonce: recordView.getBigUint64(0, true),
      consumer: recordView.getBigUint64(8, true),
      industrial: recordView.getBigUint64(16, true),
      mana: recordView.getBigUint64(24, true),
      manaTimeMs
    }
  }
}
export const AccountType = new AccountContainer(accountFields, { typeName: 'Account' })
export type Account = ValueOf<typeof AccountType>

/** What a validator has earned on this chain and not yet claimed (M12). */
export const ClaimType = new ContainerType({ consumer: U64, industrial: U64 }, { typeName: 'Claim' })
export type Claim = ValueOf<typeof ClaimType>

/** What a lane has brought in an epoch of the chain, where there is a cap (R12). */
export const InflowType = new ContainerType(
  { epoch: Count, consumer: U64, industrial: U64 },
  { typeName: 'Inflow' }
)
export type Inflow = ValueOf<typeof InflowType>

/** What is bound for a validator; on the coordination chain (R11). */
export const StakeType = new ContainerType({ consumer: U64, industrial: U64 }, { typeName: 'Stake' })
export type Stake = ValueOf<typeof StakeType>

/** Exact counters of the chain (D7): what it holds per token, in each pot, and how large it is. */
export const ChainTotalsType = new ContainerType(
  {
    /** Account records. */
    accounts: Count,
    /** Bytes of all flat keys and values except this record. */
    stateBytes: Count,
    /** Sum of all account balances. */
    balancesConsumer: U64,
    balancesIndustrial: U64,
    treasuryConsumer: U64,
    treasuryIndustrial: U64,
    /** Sum of all claims. */
    rewardsConsumer: U64,
    rewardsIndustrial: U64,
    reserveConsumer: U64,
    reserveIndustrial: U64,
    /** What left for other chains and what came from them, ever (R11). */
    sentConsumer: U64,
    sentIndustrial: U64,
    receivedConsumer: U64,
    receivedIndustrial: U64,
    /** What came back and could not be credited to its account (R8). */
    lostConsumer: U64,
    lostIndustrial: U64,
    /** Sum of what all escrows hold (ATO). */
    escrowConsumer: U64,
    escrowIndustrial: U64,
    /** Sum of all stake records. */
    stakeConsumer: U64,
    stakeIndustrial: U64,
    /** What records of the coordination chain have locked; consumer tokens (M8). */
    deposits: U64
  },
  { typeName: 'ChainTotals' }
)
export type ChainTotals = ValueOf<typeof ChainTotalsType>
