/**
 * What a coordination block at a freeze height changes (C2, C3; EPO-11 … EPO-16): leases renew or lapse, seats and weights of
 * the next epoch are computed and stored, and who is seated nowhere any more has left. The only place where any of it
 * is computed; everybody else reads the records.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { must } from '../primitives/errors.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { STATUS_LEAVING, STATUS_LEFT, STATUS_REGISTERED } from '../codec/registry-records.ts'
import type { Leading, ValidatorRecord } from '../codec/registry-records.ts'
import type { Params } from '../params/params.ts'
import { noteServed } from '../state/coord/serving.ts'
import { hasLease, withLease } from '../state/coord/leases.ts'
import {
  readElectorate,
  readValidator,
  recordsOf,
  strike,
  writeValidator
} from '../state/coord/validators.ts'
import { SEATS_KEY, WEIGHTS_KEY } from '../state/keys.ts'
import type { Ledger } from '../state/ledger.ts'
import { USUAL_COOLDOWN } from './schedule.ts'
import { committeesOf, encodeSeats, readSeats } from './seat-records.ts'
import { minimumOf, succeed } from './succession.ts'
import type { Candidate, Succession } from './succession.ts'
import type { Member } from './types.ts'

/** What the chains know of how validators behave; all of it out of coordination state. */
export interface Conduct {
  /** It cast no recorded vote in an epoch that the chain finished, while it sat there. */
  isAbsent(chain: ChainId, key: Uint8Array): boolean
  /** Its part in what it sits on is enough for its leases to renew. */
  isVoting(key: Uint8Array): boolean
  /** It failed so often that it is out until it says again that it is ready (COOP-19), sitting or not. */
  isExcluded(key: Uint8Array): boolean
  /** A sanction keeps it out of every committee. */
  isSanctioned(key: Uint8Array): boolean
  /** How they lead on a chain, in the order of `members`, whose own weights are those of the registry. */
  weights(chain: ChainId, members: readonly Member[]): readonly Leading[]
}

/** Nothing is known of anybody: what was registered counts. */
export const UNKNOWN_CONDUCT: Conduct = {
  isAbsent: () => false,
  isExcluded: () => false,
  isVoting: () => true,
  isSanctioned: () => false,
  weights: (_chain, members) => members.map(({ weight }) => ({ weight, cooldown: USUAL_COOLDOWN }))
}

export interface Freeze {
  /** Of the block. */
  readonly height: number
  /** Which is frozen. */
  readonly epoch: number
  readonly shards: number
  readonly params: Pick<Params, 'epochLength' | 'leaseHeights' | 'maxValidators'>
}

/** Epochs after which a registration that never was ready is forgotten. */
const REGISTRATION_EPOCHS = 8

interface Entry {
  readonly key: Uint8Array
  readonly hex: Hex
  readonly before: ValidatorRecord
  record: ValidatorRecord
}

export function freezeEpoch(ledger: Ledger, freeze: Freeze, conduct: Conduct): void {
  const records = recordsOf(ledger)
  const previous = committeesOf(readSeats(records))
  const sitting = new Map<ChainId, ReadonlySet<Hex>>()
  for (const [chain, { members }] of previous)
    sitting.set(chain, new Set(members.map(({ key }) => toHex(key))))
  const entries = readElectorate(records).flatMap(({ key }): Entry[] => {
    const record = readValidator(records, key)
    return record === undefined ? [] : [{ key, hex: toHex(key), before: record, record }]
  })
  for (const entry of entries) {
    entry.record = keepLeases(entry.record, freeze, (shard) => {
      return sitting.get(shard)?.has(entry.hex) === true && conduct.isVoting(entry.key)
    })
  }
  const succession = new Map<ChainId, Succession>()
  const next = new Succeeding(entries, { freeze, conduct, sitting })
  for (const [chain, { members, diversity }] of previous) {
    succession.set(chain, next.seat(chain, { members, degraded: diversity === 'degraded' }))
  }
  noteUnseated(ledger, entries, { sitting, succession, epoch: freeze.epoch - 1 })
  const left = markLeft(entries, succession, freeze)
  for (const { key, before, record } of entries) if (record !== before) writeValidator(ledger, key, record)
  strike(ledger, left)
  const encoded = encodeSeats(succession)
  ledger.setRecord(SEATS_KEY, encoded.seats)
  ledger.setRecord(WEIGHTS_KEY, encoded.weights)
}

/** REG-8: renewed where it would end before the next freeze, dropped where it has ended. */
function keepLeases(
  record: ValidatorRecord,
  { height, params }: Freeze,
  isVoting: (shard: ChainId) => boolean
): ValidatorRecord {
  const isSoon = (until: number): boolean => until <= height + params.epochLength
  if (!record.leases.some(({ until }) => isSoon(until))) return record
  const leases = record.leases
    .map((lease) =>
      isSoon(lease.until) && isVoting(lease.shard) ? { ...lease, until: height + params.leaseHeights } : lease
    )
    .filter(({ until }) => until > height)
  return { ...record, leases }
}

interface Surroundings {
  readonly freeze: Freeze
  readonly conduct: Conduct
  /** Who sits now. */
  readonly sitting: ReadonlyMap<ChainId, ReadonlySet<Hex>>
}

/** Seats chain by chain; a shard that is short of validators takes further ones and gives them leases. */
class Succeeding {
  readonly #entries: readonly Entry[]
  readonly #around: Surroundings
  readonly #byKey: ReadonlyMap<Hex, Entry>
  /** As the leases are before the first shard is seated: each shard gives leases of itself alone. */
  readonly #leased = new Map<ChainId, Entry[]>()
  readonly #minimum: number

  constructor(entries: readonly Entry[], around: Surroundings) {
    this.#entries = entries
    this.#around = around
    this.#byKey = new Map(entries.map((entry) => [entry.hex, entry]))
    for (const entry of entries) {
      for (const { shard } of entry.record.leases) {
        const own = this.#leased.get(shard)
        if (own === undefined) this.#leased.set(shard, [entry])
        else own.push(entry)
      }
    }
    this.#minimum = minimumOf(entries.filter((entry) => this.#isWilling(entry)).length)
  }

  seat(chain: ChainId, previous: Succession): Succession {
    const { freeze } = this.#around
    const own = chain === COORD ? this.#entries : this.#onShard(chain)
    const considered = [...own, ...this.#further(chain, own)]
    const weights = this.#around.conduct.weights(
      chain,
      considered.map(({ key, record: { cooperative, weight } }) => ({ key, cooperative, weight }))
    )
    const candidates = considered.map((entry, index) =>
      this.#candidate(chain, entry, must(weights[index], 'a weight for each'))
    )
    const most = freeze.params.maxValidators
    const seated = succeed(previous, candidates, { minimum: this.#minimum, most })
    if (chain !== COORD) this.#lease(chain, seated.members)
    return seated
  }

  /** Whoever holds a lease of the shard or sits there. */
  #onShard(shard: ChainId): Entry[] {
    const own = new Set(this.#leased.get(shard))
    for (const hex of this.#around.sitting.get(shard) ?? []) {
      const entry = this.#byKey.get(hex)
      if (entry !== undefined) own.add(entry)
    }
    return [...own]
  }

  #isWilling({ key, record }: Entry): boolean {
    return record.status === STATUS_REGISTERED && !this.#around.conduct.isSanctioned(key)
  }

  /** C3 b beats the limit of shards: those with the fewest leases help out. */
  #further(chain: ChainId, own: readonly Entry[]): Entry[] {
    const count = own.filter((entry) => this.#isWilling(entry) && hasLease(entry.record, chain)).length
    if (chain === COORD || count >= this.#minimum) return []
    const known = new Set(own)
    return this.#entries
      .filter((entry) => this.#isWilling(entry) && !known.has(entry))
      .sort((a, b) => a.record.leases.length - b.record.leases.length)
      .slice(0, this.#minimum - count)
  }

  #candidate(chain: ChainId, { key, hex, record }: Entry, leading: Leading): Candidate {
    const { freeze, conduct, sitting } = this.#around
    const sits = sitting.get(chain)?.has(hex) === true
    const wantsOut = record.status === STATUS_LEAVING || (chain !== COORD && sits && !hasLease(record, chain))
    return {
      key,
      cooperative: record.cooperative,
      weight: Math.max(1, leading.weight),
      cooldown: leading.cooldown,
      isSitting: sits,
      isReady: record.ready > Math.max(0, freeze.height - freeze.params.epochLength),
      leavingSince: wantsOut ? record.since : undefined,
      isAbsent: (sits && conduct.isAbsent(chain, key)) || conduct.isExcluded(key),
      isSanctioned: conduct.isSanctioned(key)
    }
  }

  #lease(chain: ChainId, members: readonly Member[]): void {
    const { freeze, sitting } = this.#around
    const before = sitting.get(chain)
    const seated = new Set(members.map(({ key }) => toHex(key)))
    const until = freeze.height + freeze.params.leaseHeights
    for (const entry of this.#entries) {
      if (!seated.has(entry.hex) || before?.has(entry.hex) === true || hasLease(entry.record, chain)) continue
      entry.record = { ...entry.record, leases: withLease(entry.record.leases, { shard: chain, until }) }
    }
  }
}

interface Change {
  readonly sitting: ReadonlyMap<ChainId, ReadonlySet<Hex>>
  readonly succession: ReadonlyMap<ChainId, Succession>
  /** The last one of those who sit no more. */
  readonly epoch: number
}

/** REG-16. */
function noteUnseated(
  ledger: Ledger,
  entries: readonly Entry[],
  { sitting, succession, epoch }: Change
): void {
  const unseated = new Map<Hex, ChainId[]>()
  for (const [chain, before] of sitting) {
    if (chain === COORD) continue
    const after = new Set(succession.get(chain)?.members.map(({ key }) => toHex(key)))
    for (const hex of before) {
      if (!after.has(hex)) unseated.set(hex, [...(unseated.get(hex) ?? []), chain])
    }
  }
  for (const { key, hex } of entries) {
    const shards = unseated.get(hex)
    if (shards !== undefined) noteServed(ledger, key, shards, epoch)
  }
}

/** REG-5: whoever asked to leave and is seated nowhere has left, and so has who was never ready. @returns their keys */
function markLeft(
  entries: readonly Entry[],
  succession: ReadonlyMap<ChainId, Succession>,
  { height, epoch, params }: Freeze
): Uint8Array[] {
  const seated = new Set<Hex>()
  for (const { members } of succession.values()) for (const { key } of members) seated.add(toHex(key))
  const left: Uint8Array[] = []
  for (const entry of entries) {
    const { record, hex, key } = entry
    if (seated.has(hex)) continue
    const isForgotten =
      record.ready === 0 &&
      record.joined > 0 &&
      height - record.joined >= REGISTRATION_EPOCHS * params.epochLength
    if (record.status !== STATUS_LEAVING && !isForgotten) continue
    entry.record = { ...record, status: STATUS_LEFT, since: height, leftEpoch: epoch, leases: [] }
    left.push(key)
  }
  return left
}
