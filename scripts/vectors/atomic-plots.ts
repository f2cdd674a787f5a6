/** The stories of the vectors of atomic actions: who pays whom, who agrees, and in which order blocks come. */
import { cosignedBytes } from '../../src/codec/atomic.ts'
import type { AtomicTerms, Cosignature, Leg } from '../../src/codec/atomic.ts'
import { addressOfKey, homeShard } from '../../src/crypto/address.ts'
import { signWithSeed } from '../../src/crypto/ed25519.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { must } from '../../src/primitives/errors.ts'
import { NETWORK, digest, keyOf } from './samples.ts'
import type { SampleKey } from './samples.ts'

export const SHARDS = 3
export const START_MS = 1_700_000_000_000
export const BALANCE = 1_000_000_000n
export const params = PRESETS.devnet.params
const MINIMUM = BigInt(params.minBalance)

export interface Owner extends SampleKey {
  readonly address: Uint8Array
}

function ownerOn(shard: number, label: string): Owner {
  for (let number = 0; ; number++) {
    const key = keyOf(`${label} ${number}`)
    const address = addressOfKey(key.publicKey)
    if (homeShard(address, SHARDS) === shard) return { ...key, address }
  }
}

const OWNERS = [0, 1, 2].map((shard) => ownerOn(shard, 'owner'))
export const owner = (shard: number): Owner => must(OWNERS[shard], 'an owner of each shard')
export const fresh = (shard: number): Owner => ownerOn(shard, 'nobody yet')
export const leg = (from: Owner, to: Owner, consumer: bigint, industrial = 0n): Leg => ({
  from: from.address,
  to: to.address,
  consumer,
  industrial
})

type Consent = (terms: AtomicTerms) => Cosignature
export const consent =
  (signer: Owner, sequence = 0n): Consent =>
  (terms) => ({
    key: signer.publicKey,
    sequence,
    signature: signWithSeed(cosignedBytes(NETWORK, terms, sequence), signer.seed)
  })

/** One signature of another: over nothing that was agreed to. */
const forged =
  (signer: Owner): Consent =>
  () => ({ key: signer.publicKey, sequence: 0n, signature: signWithSeed(digest('anything'), signer.seed) })

export interface Plot {
  readonly name: string
  readonly legs: readonly Leg[]
  readonly consents?: readonly Consent[]
  readonly heights?: number
  /**
   * `to < from`: everything that is under way; `again` the last receipt of that lane once more; `instead` the last one
   * that went from there to another shard; `on` a block alone.
   */
  readonly steps: readonly (
    | { readonly to: number; readonly from: number; readonly again?: boolean; readonly instead?: number }
    | { readonly on: number; readonly height: number }
  )[]
}

export const alice = owner(0)
export const bob = owner(1)
export const carol = owner(2)
const round = (shard: number) => [
  { to: shard, from: 0 },
  { to: 0, from: shard }
]

export const PLOTS: readonly Plot[] = [
  {
    name: 'payments to two shards, committed and forgotten',
    legs: [leg(alice, bob, 5n), leg(alice, fresh(2), MINIMUM, 3n), leg(alice, carol, 1n)],
    steps: [...round(1), ...round(2), ...round(1), ...round(2), { on: 0, height: 5_766 }]
  },
  {
    name: 'a swap, committed',
    legs: [leg(alice, bob, 5n), leg(bob, alice, 0n, 7n)],
    consents: [consent(bob)],
    steps: [...round(1), ...round(1)]
  },
  {
    name: 'a swap that cannot be paid, aborted',
    legs: [leg(alice, bob, 5n), leg(bob, alice, 0n, BALANCE + 1n)],
    consents: [consent(bob)],
    steps: [...round(1)]
  },
  {
    name: 'between two others, paid before it is told',
    legs: [leg(bob, fresh(2), MINIMUM)],
    consents: [consent(bob)],
    steps: [...round(1), ...round(2), { to: 1, from: 0 }, { to: 2, from: 1 }, ...round(2), { to: 0, from: 1 }]
  },
  {
    name: 'between two others, told before it is paid',
    legs: [leg(bob, fresh(2), MINIMUM)],
    consents: [consent(bob)],
    steps: [...round(1), ...round(2), ...round(2), ...round(1), { to: 2, from: 1 }, { to: 0, from: 2 }]
  },
  {
    name: 'a receiver without a record and less than the minimum',
    legs: [leg(alice, bob, 5n), leg(alice, fresh(2), MINIMUM - 1n, MINIMUM - 1n)],
    steps: [...round(1), ...round(2), ...round(1)]
  },
  {
    name: 'a signature that does not hold',
    legs: [leg(bob, alice, 5n)],
    consents: [forged(bob)],
    steps: [...round(1)]
  },
  {
    name: 'a co-signature with another number',
    legs: [leg(bob, alice, 5n)],
    consents: [consent(bob, 1n)],
    steps: [...round(1)]
  },
  {
    name: 'the deadline passes, and an answer comes late',
    legs: [leg(alice, bob, 5n), leg(alice, carol, 7n)],
    heights: 4,
    steps: [
      ...round(1),
      { to: 2, from: 0 },
      { on: 0, height: 5 },
      { to: 0, from: 2 },
      ...round(1),
      ...round(2)
    ]
  },
  {
    name: 'a shard is asked that has no part',
    legs: [leg(alice, bob, 5n)],
    steps: [
      { to: 1, from: 0 },
      { to: 2, from: 0, instead: 1 },
      { to: 0, from: 1 }
    ]
  },
  {
    name: 'prepare, vote and decision once more',
    legs: [leg(alice, bob, 5n)],
    steps: [
      { to: 1, from: 0 },
      { to: 1, from: 0, again: true },
      { to: 0, from: 1 },
      { to: 0, from: 1, again: true },
      { to: 1, from: 0 },
      { to: 1, from: 0, again: true },
      { to: 0, from: 1 }
    ]
  }
]
