/**
 * The random suite of receipts: most transfers cross shards, some to nobody who could have them, while links lose a
 * fifth and more, members crash, one lies or follows one shard only, and a shard stands still with its lanes full. Then
 * all heals, and every lane has to run dry: all applied, all acknowledged, nothing lost on the way.
 */
import { FAULTS } from './byzantine.ts'
import type { Fault } from './byzantine.ts'
import { COMMON_BLOWS, MEMBERS } from './blows.ts'
import { recover, untilSeen, wreak } from './consensus-suite.ts'
import type { RunInit, RunResult } from './consensus-suite.ts'
import { RECEIPT_KINDS } from './coverage.ts'
import type { Covered } from './coverage.ts'
import { Prng } from './prng.ts'
import { World } from './world.ts'
import { shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { MAX_SUPPLY } from '../../params/supply.ts'
import { readTotals, totalSupply } from '../../state/supply.ts'

export const COVERED_BY_RECEIPTS: readonly Covered[] = [
  'finals',
  'epochs',
  'nullified',
  'crashes',
  'powerCuts',
  'cuts',
  'dropped',
  'duplicated',
  'transactions',
  ...RECEIPT_KINDS
]

const CALM_MS = 2_500
const TRANSFER_EVERY_MS = 80
const ACROSS_PPM = 800_000
/** Longer than 64 blocks of an idle shard, after which an acknowledgement is due (R10), there and back. */
const DRAIN_MS = 120_000
const USERS = 16
const GIVERS = 4
const ATOMIC_PPM = 150_000
const ORDER_PPM = 100_000
/** How long a shard stands still while others fill its lanes, and how often they try. */
const STILL_MS = 6_000
const FLOOD_EVERY_MS = 300
const ENOUGH_CONGESTED = 100
/** The least that params allow: lanes are full at 256 receipts, acknowledged from 40 on. */
const LANE_RECEIPTS = 320

const PLANS = ['none', 'smuggler', 'smuggler', 'fault', 'partial', 'partial', 'partial', 'still'] as const

export async function runReceiptsSeed(init: RunInit): Promise<RunResult> {
  const prng = new Prng(init.seed, 'receipts')
  const member = prng.below(MEMBERS)
  const plan = prng.pick(PLANS)
  const fault: Fault | undefined =
    plan === 'smuggler' ? 'smuggler' : plan === 'fault' ? prng.pick(FAULTS) : undefined
  const shards = init.shards ?? prng.between(2, 3)
  const world = new World({
    ...init,
    shards,
    users: USERS,
    givers: GIVERS,
    params: { laneReceiptsMax: LANE_RECEIPTS },
    ...(fault === undefined ? {} : { faulty: new Map([[member, fault]]) }),
    ...(plan === 'partial' ? { partial: new Map([[member, [shardId(prng.below(shards))]]]) } : {})
  })
  world.start()
  const traffic = new Traffic(world, prng.fork('workload'))
  traffic.submitNow()
  await world.run(CALM_MS)
  if (plan === 'still') await standStill(world, prng, shards)
  // A confider's own blows need a calm network; here it meets the common ones.
  else await wreak(world, prng, COMMON_BLOWS)
  await recover(world, [])
  traffic.stop()
  await drain(world)
  const simulatedMs = world.timeline.nowMs
  return {
    seed: init.seed,
    coverage: world.finish(),
    hash: world.trace.digest(),
    violations: world.violations,
    tail: world.trace.tail,
    simulatedMs
  }
}

class Traffic {
  readonly #world: World
  readonly #prng: Prng
  #isOver = false

  constructor(world: World, prng: Prng) {
    this.#world = world
    this.#prng = prng
  }

  submitNow(): void {
    if (this.#isOver) return
    const { workload, timeline, genesis } = this.#world
    const node = this.#world.node(this.#prng.below(MEMBERS))
    if (this.#prng.chance(ATOMIC_PPM)) workload.submitAtomic(node, genesis)
    else if (this.#prng.chance(ORDER_PPM)) workload.submitOrder(node, genesis)
    else if (this.#prng.chance(ACROSS_PPM)) workload.submitAcross(node, genesis)
    else workload.submitAt(node, genesis)
    timeline.after(TRANSFER_EVERY_MS, () => this.submitNow())
  }

  stop(): void {
    this.#isOver = true
  }
}

/** R14: a shard stands still, and the lanes to it fill up; the others go on. */
const standStill = async (world: World, prng: Prng, shards: number): Promise<void> => {
  const still = prng.below(shards)
  const from = shardId((still + 1) % shards)
  world.network.mute(shardId(still))
  const end = world.timeline.nowMs + STILL_MS
  while (world.timeline.nowMs < end && world.violations.length === 0) {
    if (world.coverage.lanesCongested < ENOUGH_CONGESTED) {
      world.workload.flood(world.node(prng.below(MEMBERS)), world.genesis, from, shardId(still))
    }
    await world.run(FLOOD_EVERY_MS)
  }
}

async function drain(world: World): Promise<void> {
  const missing = (): string[] =>
    world.receipts.missing(world.present.map(({ index, chains }) => ({ index, list: chains?.list ?? [] })))
  const isDry = await untilSeen(world, () => missing().length === 0, DRAIN_MS)
  if (world.violations.length > 0) return
  if (!isDry) for (const text of missing()) world.violate(`invariant 5: ${text}`)
  checkSupply(world)
  checkAtomic(world)
}

/** R13: every action has ended, on all shards alike, and nothing is held any more. */
function checkAtomic(world: World): void {
  const chains = new Map(
    world.present.flatMap(({ chains }) => (chains?.list ?? []).map((one) => [one.chain, one]))
  )
  for (const text of world.receipts.atomic.unsettled([...chains.values()])) world.violate(`R13: ${text}`)
}

/** R11: over all chains what the genesis issued, nothing of it under way any more. */
function checkSupply(world: World): void {
  const totals = new Map<ChainId, ReturnType<typeof readTotals>>()
  for (const { chains } of world.present) {
    for (const { chain, store } of chains?.list ?? []) totals.set(chain, readTotals(store))
  }
  const sum = (of: 'sentConsumer' | 'receivedConsumer'): bigint =>
    [...totals.values()].reduce((all, one) => all + one[of], 0n)
  if (totals.size === world.chains.length && sum('sentConsumer') !== sum('receivedConsumer')) {
    world.violate(`R11: ${sum('sentConsumer')} sent, ${sum('receivedConsumer')} received`)
  }
  const { consumer, industrial } = totalSupply(totals.values())
  if (totals.size === world.chains.length && (consumer !== MAX_SUPPLY || industrial !== MAX_SUPPLY)) {
    world.violate(`R11: ${consumer}/${industrial} in all, not ${MAX_SUPPLY}`)
  }
}
