/**
 * The verdict on a bundle that came by gossip (M5), in the order it is found: from its bytes, from what is known, from
 * the forwarder's budget, from the stateless checks, and from what the pool admitted. Only facts that are equal for
 * all honest nodes lead to `reject`.
 */
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { BUNDLE_BYTES_MAX, BundleType } from '../codec/messages.ts'
import type { Bundle } from '../codec/messages.ts'
import { decode } from '../codec/ssz.ts'

export type BundleRule =
  | 'bundle-too-large'
  | 'bundle-not-canonical'
  | 'bundle-wrong-chain'
  | 'bundle-empty'
  | 'bundle-known'
  | 'bundle-budget'
  | 'bundle-invalid-transaction'
  | 'bundle-unknown-kind'
  | 'bundle-not-admitted'
  | 'bundle-relay-budget'
  | 'bundle-admitted'

export interface BundleVerdict {
  readonly verdict: 'accept' | 'ignore' | 'reject'
  readonly rule: BundleRule
}

const reject = (rule: BundleRule): BundleVerdict => ({ verdict: 'reject', rule })
const ignore = (rule: BundleRule): BundleVerdict => ({ verdict: 'ignore', rule })

/** First stage, for the topic of `chain`: the bundle, or why it is the forwarder's fault. */
export function openBundle(bytes: Uint8Array, chain: ChainId): Bundle | BundleVerdict {
  if (bytes.length > BUNDLE_BYTES_MAX) return reject('bundle-too-large')
  const decoded = decode(BundleType, bytes)
  if (!decoded.ok) return reject('bundle-not-canonical')
  if (decoded.value.chain !== chain) return reject('bundle-wrong-chain')
  return decoded.value.transactions.length === 0 ? reject('bundle-empty') : decoded.value
}

/** Second stage, before any signature is verified. undefined: go on and check what is not known. */
export function judgeBeforeChecks(facts: {
  readonly total: number
  readonly known: number
  readonly budgetEmpty: boolean
}): BundleVerdict | undefined {
  if (facts.known === facts.total) return ignore('bundle-known')
  return facts.budgetEmpty ? ignore('bundle-budget') : undefined
}

/** What the stateless check (M2) said of one transaction. */
export type StatelessOutcome = 'valid' | 'invalid' | 'unknown-kind'

/** Last stage. `admitted` counts the newly admitted; `outcomes` are those of the transactions that were not known. */
export function judgeAfterChecks(facts: {
  readonly total: number
  readonly admitted: number
  readonly outcomes: Iterable<StatelessOutcome>
  /** Some of it is useless here, and this node has no budget left to relay such things. */
  readonly relayEmpty: boolean
}): BundleVerdict {
  let unknownKind = false
  for (const outcome of facts.outcomes) {
    if (outcome === 'invalid') return reject('bundle-invalid-transaction')
    unknownKind ||= outcome === 'unknown-kind'
  }
  // Relaying the bundle would relay what this node cannot check.
  if (unknownKind) return ignore('bundle-unknown-kind')
  if (2 * facts.admitted < facts.total) return ignore('bundle-not-admitted')
  return facts.relayEmpty ? ignore('bundle-relay-budget') : { verdict: 'accept', rule: 'bundle-admitted' }
}

/**
 * The order in which `count` transactions are checked, as indices: a shuffle that the sender cannot foresee, so an
 * invalid one cannot be put last. `seed` is 16 random bytes of the caller's.
 */
export function checkOrder(count: number, seed: Uint8Array): number[] {
  const next = xorshift128(seed)
  const order = Array.from({ length: count }, (_, index) => index)
  for (let i = count - 1; i > 0; i--) {
    // count ≤ 512, so the bias of a 32-bit remainder is below 2^-23.
    const j = next() % (i + 1)
    const moved = must(order[i], 'an index in range')
    order[i] = must(order[j], 'an index in range')
    order[j] = moved
  }
  return order
}

/** Marsaglia's xorshift128: 32 bits a step. */
function xorshift128(seed: Uint8Array): () => number {
  const words = new Uint32Array(4)
  for (const [i, byte] of seed.subarray(0, 16).entries()) {
    const word = i >> 2
    words[word] = ((words[word] ?? 0) << 8) | byte
  }
  let [x = 0, y = 0, z = 0, w = 0] = words
  // The generator stands still at zero.
  if ((x | y | z | w) === 0) w = 1
  return () => {
    const t = x ^ (x << 11)
    x = y
    y = z
    z = w
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return w
  }
}
