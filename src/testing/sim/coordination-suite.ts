/**
 * The suite `coordination`: committees of 1 to 100 validators for thousands of views, while members crash and come back,
 * vote late, sign twice, and are sanctioned for it. No view may be without a leader, no epoch without a committee, and
 * every node has to come to the same state.
 */
import { utf8 } from '../../primitives/bytes.ts'
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { createSchedule } from '../../sharding/schedule.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'
import { evidenceCount } from '../../state/conduct/evidence.ts'
import { sanctionsOf } from '../../state/conduct/sanctions.ts'
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

  constructor(prng: Prng, seed: string, count: number) {
    this.#prng = prng
    const signers = Array.from({ length: count }, (_, index) =>
      keyedCrypto.signer(utf8(`coordination ${seed} ${index}`))
    )
    const genesis = simGenesis({
      validators: signers.map(({ publicKey }) => publicKey),
      accounts: [],
      shards: SHARDS,
      params: { unbondingEpochs: UNBONDING_EPOCHS }
    })
    this.chain = new CoordinationChain(genesis, signers)
    this.chain.onFrozen = (snapshot) => this.#checkFrozen(snapshot)
  }

  async pass(views: number): Promise<void> {
    for (let view = 0; view < views && this.chain.violations.length === 0; view++) {
      this.#crashAndReturn()
      await this.#misbehave()
      const before = this.chain.lateVotes
      const outcome = this.chain.run(this.#plan())
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
      transactions: []
    }
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
    this.#noteSanctions(snapshot)
  }

  #noteSanctions({ epoch, params }: EpochSnapshot): void {
    for (const { key } of this.chain.genesis.validators) {
      const { steps, recoversAtEpoch } = sanctionsOf(this.chain.state, key, { epoch, params })
      if (steps.some((step) => step.epoch === epoch - 1)) this.coverage.sanctions += 1
      if (recoversAtEpoch === epoch + 1) this.coverage.recoveries += 1
    }
  }
}
