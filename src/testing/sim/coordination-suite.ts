/**
 * The suite `coordination`: committees of 1 to 100 validators for thousands of views, while members crash and come back,
 * vote late, sign twice, and are sanctioned for it. No view may be without a leader, no epoch without a committee, and
 * every node has to come to the same state.
 */
import { STATUS_REGISTERED } from '../../codec/registry-records.ts'
import type { RegistryOrder } from '../../client/registry-orders.ts'
import { equal, toHex, utf8 } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { createSchedule } from '../../sharding/schedule.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'
import { evidenceCount } from '../../state/conduct/evidence.ts'
import { sanctionsOf } from '../../state/conduct/sanctions.ts'
import { readElectorate, readValidator } from '../../state/coord/validators.ts'
import type { CheckedTransaction } from '../../state/types.ts'
import { CoordinationChain } from './coordination-chain.ts'
import type { ViewPlan } from './coordination-chain.ts'
import type { RunResult } from './consensus-suite.ts'
import { COORDINATION_KINDS, noCoverage } from './coverage.ts'
import type { Coverage, Covered } from './coverage.ts'
import { keyedCrypto } from './crypto.ts'
import { simGenesis } from './genesis.ts'
import { Prng } from './prng.ts'

/** Sizes of the validator set, in turn. */
export const COORDINATION_SIZES = [1, 2, 3, 4, 7, 20, 100] as const
const VIEWS = 5_000
export const COVERED_BY_COORDINATION: readonly Covered[] = [
  'finals',
  'epochs',
  'nullified',
  'crashes',
  'equivocations',
  'evidence',
  'lateVotes',
  ...COORDINATION_KINDS
]
const SHARDS = 2
/** A recovery takes so many epochs, so that a run sees some. */
const UNBONDING_EPOCHS = 8
/** Views of a frozen epoch that are asked for their leader ahead of time. */
const VIEWS_AHEAD = 64

const CRASH_PPM = 20_000
const RETURN_PPM = 60_000
const LATE_PPM = 50_000
const MUTE_PPM = 20_000
const EQUIVOCATION_PPM = 4_000
/** Newcomers that say so in one view. */
const READY_AT_ONCE = 8
const JOIN_PPM = 12_000
const LEAVE_PPM = 10_000
/** Keys that may join beside those of the genesis, half as many, and some where there are few. */
const spareKeys = (count: number): number => 4 + Math.floor(count / 2)

export interface CoordinationInit {
  readonly seed: string
  /** @default one of the sizes, by the seed */
  readonly validators?: number
  /** @default 5,000 */
  readonly views?: number
}

export async function runCoordinationSeed(init: CoordinationInit): Promise<RunResult> {
  const prng = new Prng(init.seed, 'coordination')
  const turn = Number(init.seed) % COORDINATION_SIZES.length
  const count = init.validators ?? COORDINATION_SIZES[turn] ?? 4
  const run = new CoordinationRun(prng, init.seed, count)
  await run.pass(init.views ?? VIEWS)
  return {
    seed: init.seed,
    hash: toHex(run.chain.state.root).slice(0, 16),
    coverage: run.coverage,
    violations: run.chain.violations,
    tail: [],
    simulatedMs: 0
  }
}

class CoordinationRun {
  readonly chain: CoordinationChain
  readonly coverage: Coverage = noCoverage()
  readonly #prng: Prng
  readonly #down = new Set<Hex>()
  readonly #keys: readonly Uint8Array[]
  readonly #genesisCount: number
  #electorate: ReadonlySet<Hex>

  constructor(prng: Prng, seed: string, count: number) {
    this.#prng = prng
    const signers = Array.from({ length: count + spareKeys(count) }, (_, index) =>
      keyedCrypto.signer(utf8(`coordination ${seed} ${index}`))
    )
    const genesis = simGenesis({
      validators: signers.slice(0, count).map(({ publicKey }) => publicKey),
      accounts: [],
      shards: SHARDS,
      params: { unbondingEpochs: UNBONDING_EPOCHS }
    })
    this.#keys = signers.map(({ publicKey }) => publicKey)
    this.#genesisCount = count
    this.chain = new CoordinationChain(genesis, signers)
    this.#electorate = new Set(genesis.validators.map(({ key }) => toHex(key)))
    this.chain.onFrozen = (snapshot) => this.#checkFrozen(snapshot)
  }

  async pass(views: number): Promise<void> {
    for (let view = 0; view < views && this.chain.violations.length === 0; view++) {
      this.#crashAndReturn()
      await this.#misbehave()
      const before = this.chain.lateVotes
      const outcome = this.chain.run(this.#plan())
      this.#countMoves()
      this.coverage[outcome === 'block' ? 'finals' : 'nullified'] += 1
      this.coverage.lateVotes += this.chain.lateVotes - before
    }
    this.coverage.epochs = this.chain.epoch
    this.coverage.evidence = evidenceCount(this.chain.state)
  }

  /** At most f members of the committee are down at once: with more no view ends, and nothing is to be seen. */
  #crashAndReturn(): void {
    const { members, faults } = this.chain.committee
    for (const key of this.#down) if (this.#prng.chance(RETURN_PPM)) this.#down.delete(key)
    const isSeated = (key: Hex): boolean => members.some((member) => toHex(member.key) === key)
    for (const key of this.#down) if (!isSeated(key)) this.#down.delete(key)
    while (this.#down.size > faults) this.#down.delete([...this.#down][0] ?? ('' as Hex))
    if (this.#down.size >= faults || !this.#prng.chance(CRASH_PPM)) return
    this.#down.add(toHex(this.#prng.pick(members).key))
    this.coverage.crashes += 1
  }

  async #misbehave(): Promise<void> {
    if (!this.#prng.chance(EQUIVOCATION_PPM)) return
    await this.chain.equivocate(this.#prng.pick(this.chain.committee.members))
    this.coverage.equivocations += 1
  }

  #plan(): ViewPlan {
    const late = this.chain.committee.members.filter(() => this.#prng.chance(LATE_PPM))
    return {
      isLeaderMute: this.#prng.chance(MUTE_PPM),
      late: new Set(late.map(({ key }) => toHex(key))),
      down: this.#down,
      transactions: this.#registryOrders()
    }
  }

  /** Newcomers that somebody vouches for, leavers, and `ready` of whoever is not seated (C3 d). */
  #registryOrders(): CheckedTransaction[] {
    const electorate = readElectorate(this.chain.state)
    const orders: CheckedTransaction[] = []
    const say = (key: Uint8Array, order: RegistryOrder): void => {
      const checked = this.chain.order(key, order)
      if (checked !== undefined && !orders.some(({ sender }) => equal(sender, checked.sender)))
        orders.push(checked)
    }
    const registered = electorate.filter(
      ({ key }) => readValidator(this.chain.state, key)?.status === STATUS_REGISTERED
    )
    const isNew = ({ key }: { readonly key: Uint8Array }): boolean =>
      !this.chain.committee.members.some((member) => equal(member.key, key))
    for (const { key } of registered.filter(isNew).slice(0, READY_AT_ONCE)) say(key, { ready: true })
    const outside = this.#keys.filter((key) => !electorate.some((one) => equal(one.key, key)))
    const [sponsor] = this.#prng.shuffled([...registered])
    if (sponsor !== undefined && outside.length > 0 && this.#prng.chance(JOIN_PPM)) {
      const register = { key: this.#prng.pick(outside), cooperative: 0, tip: [] }
      say(sponsor.key, { register })
    }
    const least = Math.max(1, Math.ceil(this.#genesisCount / 2))
    if (registered.length > least && this.#prng.chance(LEAVE_PPM))
      say(this.#prng.pick(registered).key, { deregister: true })
    return orders
  }

  #countMoves(): void {
    const keys = new Set(readElectorate(this.chain.state).map(({ key }) => toHex(key)))
    for (const key of keys) if (!this.#electorate.has(key)) this.coverage.joins += 1
    for (const key of this.#electorate) if (!keys.has(key)) this.coverage.leaves += 1
    this.#electorate = keys
  }

  /** C3, C8: every chain has a committee and every view a leader, whatever was proven against whom. */
  #checkFrozen(snapshot: EpochSnapshot): void {
    for (const [chain, { members }] of snapshot.committees) {
      const schedule = createSchedule(snapshot, chain)
      for (let view = 1; view <= VIEWS_AHEAD; view++) {
        const leader = schedule.leader(view)
        if (members[leader] === undefined)
          this.chain.violations.push(`C8: chain ${chain} epoch ${snapshot.epoch} view ${view} has no leader`)
      }
    }
    this.#checkSanctioned(snapshot)
    this.#noteSanctions(snapshot)
  }

  /** SAN-1: who is at any level sits nowhere, unless nobody else is left. */
  #checkSanctioned({ epoch, params, committees }: EpochSnapshot): void {
    const { state, violations } = this.chain
    const isOut = (key: Uint8Array): boolean => sanctionsOf(state, key, { epoch, params }).isExcluded
    const isAnyoneClean = readElectorate(state).some(({ key }) => !isOut(key))
    for (const [chain, { members }] of committees) {
      if (isAnyoneClean && members.some(({ key }) => isOut(key)))
        violations.push(`SAN-1: a sanctioned validator sits on chain ${chain} in epoch ${epoch}`)
    }
  }

  #noteSanctions({ epoch, params }: EpochSnapshot): void {
    for (const key of this.#keys) {
      const { steps, recoversAtEpoch } = sanctionsOf(this.chain.state, key, { epoch, params })
      if (steps.some((step) => step.epoch === epoch - 1)) this.coverage.sanctions += 1
      if (recoversAtEpoch === epoch + 1) this.coverage.recoveries += 1
    }
  }
}
