/** Shards in memory that run atomic actions: owners with real keys, and deliveries one lane at a time. */
import { deepEqual } from 'node:assert/strict'
import type { AtomicRecord, Cosignature, Leg } from '../../src/codec/atomic.ts'
import { TransactionType } from '../../src/codec/transaction.ts'
import { buildMultiTransfer, cosign, multiTransferCost, termsOf } from '../../src/client/multi-transfer.ts'
import type { TermsFields } from '../../src/client/multi-transfer.ts'
import { addressOfKey, homeShard } from '../../src/crypto/address.ts'
import { createSigningFunction, publicKeyFromSeed } from '../../src/crypto/ed25519.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import type { Signer } from '../../src/crypto/ports.ts'
import { fromHex, u64be } from '../../src/primitives/bytes.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import { readAtomic, readAtomicAccount } from '../../src/state/atomic/records.ts'
import { readAccount, readTotals, recount, totalSupply, wrongCounters } from '../../src/state/supply.ts'
import { checkStateless } from '../../src/state/stateless.ts'
import type { CheckedTransaction, Execution } from '../../src/state/types.ts'
import { LaneChain } from './lanes.ts'
import { CONSTANTS, NETWORK, PARAMS, genesisState } from './state.ts'
import type { Party } from './state.ts'

export interface Owner extends Party {
  readonly signer: Signer
}

export const BALANCE = 10n ** 12n

/** The first owner from `from` on whose home is `shard`. */
export function ownerOn(shard: number, shards: number, from = 0): Owner {
  for (let number = from; ; number++) {
    const seed = sha256(u64be(number))
    const key = publicKeyFromSeed(seed)
    const address = addressOfKey(key)
    if (homeShard(address, shards) === shard) {
      return { key, address, signer: { publicKey: key, sign: createSigningFunction(seed) } }
    }
  }
}

export const leg = (from: Party, to: Party, consumer: bigint, industrial = 0n): Leg => ({
  from: from.address,
  to: to.address,
  consumer,
  industrial
})

/** A shard whose two owners hold coins and can sign. */
export class AtomicChain extends LaneChain {
  readonly owners: readonly [Owner, Owner]
  readonly #shards: number

  constructor(shard: number, shards: number) {
    const owners = [ownerOn(shard, shards), ownerOn(shard, shards, 1_000)] as const
    super(
      shardId(shard),
      shards,
      genesisState(owners.map(({ address }) => ({ address, consumer: BALANCE, industrial: BALANCE })))
    )
    this.#shards = shards
    this.owners = [owners[0], owners[1]]
  }

  terms(sender: Party, legs: readonly Leg[], fields: Partial<TermsFields> = {}): TermsFields {
    const nonce = readAccount(this.state, sender.address)?.nonce ?? 0n
    const validUntil = this.height + 100
    return { chain: this.chain, sender: sender.key, nonce, validUntil, heights: 20, legs, ...fields }
  }

  /** With the consent of these owners. */
  atomic(
    sender: Party,
    legs: readonly Leg[],
    consents: readonly { chain: AtomicChain; owner: Owner }[] = [],
    fields: Partial<TermsFields> & { cosignatures?: Cosignature[] } = {}
  ): CheckedTransaction {
    const checked = checkStateless(
      { ...CONSTANTS, shards: this.#shards },
      this.bytes(sender, legs, consents, fields)
    )
    if (!checked.ok) throw new RangeError(`${checked.code}: ${checked.detail}`)
    return checked.value
  }

  bytes(
    sender: Party,
    legs: readonly Leg[],
    consents: readonly { chain: AtomicChain; owner: Owner }[] = [],
    fields: Partial<TermsFields> & { cosignatures?: Cosignature[] } = {}
  ): Uint8Array {
    const terms = this.terms(sender, legs, fields)
    const cosignatures = consents.map(({ chain, owner }) =>
      cosign(NETWORK, termsOf(terms), readAtomicAccount(chain.state, owner.address).next, owner.signer)
    )
    const cost = multiTransferCost(PARAMS, sender.key, legs, this.#shards)
    const content = buildMultiTransfer({ cosignatures, ...fields, ...terms, ...cost })
    return TransactionType.serialize({ ...content, signature: new Uint8Array(64) })
  }

  record({ id }: CheckedTransaction): AtomicRecord | undefined {
    return readAtomic(this.state, id)
  }

  /** Takes in what another shard has for it. */
  take(from: AtomicChain): Execution {
    return this.run({ deliveries: this.deliveries(from) })
  }

  consumer({ address }: Party): bigint | undefined {
    return readAccount(this.state, address)?.consumer
  }

  industrial({ address }: Party): bigint | undefined {
    return readAccount(this.state, address)?.industrial
  }

  /** Records of atomic actions that the state holds, by prefix: escrows, records, index. */
  get held(): { escrows: number; records: number; index: number } {
    const count = (prefix: string): number =>
      [...this.state.values.keys()].filter((key) => key.startsWith(prefix)).length
    return { escrows: count('06'), records: count('07'), index: count('08') }
  }
}

export const atomicChains = (shards: number): AtomicChain[] =>
  Array.from({ length: shards }, (_, shard) => new AtomicChain(shard, shards))

/** Every lane once, until nothing is under way. */
export function drain(chains: readonly AtomicChain[], rounds = 12): void {
  for (let round = 0; round < rounds; round++) {
    let moved = 0
    for (const to of chains) {
      for (const from of chains) {
        if (from === to) continue
        const deliveries = to.deliveries(from)
        const count = deliveries.reduce((sum, { receipts }) => sum + receipts.length, 0)
        if (count > 0) to.run({ deliveries })
        moved += count
      }
    }
    if (moved === 0) return
  }
}

/** Counters are exact, and over all shards nothing was made or lost. */
export function assertSound(chains: readonly AtomicChain[]): void {
  for (const { state } of chains) {
    const flat = [...state.values].map(([key, value]) => [fromHex(key), value] as const)
    deepEqual(wrongCounters(readTotals(state), recount(flat)), [])
  }
  const issued = BALANCE * 2n * BigInt(chains.length)
  const supply = totalSupply(chains.map(({ state }) => readTotals(state)))
  const reserves = BigInt(chains.length)
  deepEqual(supply, { consumer: issued + 7n * reserves, industrial: issued + 9n * reserves })
}
