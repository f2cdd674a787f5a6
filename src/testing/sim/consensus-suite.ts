/**
 * The random suite: one seed is one life of a network. Faults first (lossy links, cuts, crashes of one or of all, and
 * at most one member that lies, has a clock that is minutes wrong, loses its disks or is gone for good); then
 * everything heals but that member, and every chain has to go on.
 */
import { CALM_BLOWS, COMMON_BLOWS, LINKS, MEMBERS, alone, blowsAround, blowsBeside, loss } from './blows.ts'
import type { Blow } from './blows.ts'
import { CLEAN_LINK } from './network.ts'
import { FAULTS } from './byzantine.ts'
import type { Fault } from './byzantine.ts'
import { Liveness } from './checkers/liveness.ts'
import type { Coverage } from './coverage.ts'
import type { SimCrypto } from './crypto.ts'
import { Prng } from './prng.ts'
import { World } from './world.ts'

export interface RunInit {
  readonly seed: string
  readonly crypto?: SimCrypto
  /** @default 1 */
  readonly shards?: number
}

export interface RunResult {
  readonly seed: string
  readonly hash: string
  readonly coverage: Coverage
  readonly violations: readonly string[]
  /** The last lines of the trace, for a failure. */
  readonly tail: readonly string[]
  readonly simulatedMs: number
}

const CHAOS_FROM_MS = 2_500
const CHAOS_UNTIL_MS = 12_000
/** Time to recover in: timers that backed off, anti-entropy that idles at 10 s, then an epoch of blocks. */
const RECOVERY_MS = 60_000
const HEIGHTS = 6
const LOOK_EVERY_MS = 50
const TRANSFER_EVERY_MS = 250
const CLOCK_ERROR_MS = 120_000

/** At most one of them in a run: more than a third of the committee at fault is no promise. */
const PLANS = ['none', 'skew', 'fault', 'fault', 'fault', 'fault', 'loss', 'alone'] as const
const CALM_PPM = 250_000
type Plan = (typeof PLANS)[number]

export async function runSeed(init: RunInit): Promise<RunResult> {
  const prng = new Prng(init.seed, 'faults')
  const faultyMember = prng.below(MEMBERS)
  const plan = prng.pick(PLANS)
  const fault = prng.pick(FAULTS)
  const world = new World({
    ...init,
    ...(plan === 'fault' ? { faulty: new Map<number, Fault>([[faultyMember, fault]]) } : {})
  })
  if (plan === 'skew') world.skew(faultyMember, prng.between(-CLOCK_ERROR_MS, CLOCK_ERROR_MS))
  world.start()
  submitNow(world, prng.fork('workload'), MEMBERS)
  await world.run(CHAOS_FROM_MS)
  if (plan === 'loss') await loss(faultyMember)(world, prng)
  const blows = blowsFor(plan === 'fault' ? fault : plan, prng, faultyMember)
  await wreak(world, prng, blows)
  if (plan === 'alone') await alone(faultyMember)(world, prng)
  await recover(world, plan === 'skew' ? [faultyMember] : [])
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

function submitNow(world: World, prng: Prng, members: number): void {
  world.submitAt(prng.below(members))
  world.timeline.after(TRANSFER_EVERY_MS, () => submitNow(world, prng, members))
}

export function blowsFor(plan: Fault | Plan, prng: Prng, member: number): readonly Blow[] {
  if (plan === 'confider') return blowsBeside(member)
  if (prng.chance(CALM_PPM)) return CALM_BLOWS
  return plan === 'loss' || plan === 'alone' ? COMMON_BLOWS : blowsAround(prng.below(MEMBERS))
}

export async function wreak(world: World, prng: Prng, blows: readonly Blow[]): Promise<void> {
  world.network.link = prng.pick(LINKS)
  while (world.timeline.nowMs < CHAOS_UNTIL_MS && world.violations.length === 0) {
    await prng.pick(blows)(world, prng)
    await world.run(prng.between(100, 1_500))
  }
}

/** As `world.until`, for what walks over all nodes: looked at now and then, not after each event. */
export async function untilSeen(world: World, predicate: () => boolean, limitMs: number): Promise<boolean> {
  const end = world.timeline.nowMs + limitMs
  while (world.timeline.nowMs < end && world.violations.length === 0 && !predicate()) {
    await world.run(LOOK_EVERY_MS)
  }
  return predicate()
}

export async function recover(world: World, slow: readonly number[]): Promise<void> {
  world.heal()
  world.network.link = CLEAN_LINK
  world.start()
  await world.run(100)
  const liveness = new Liveness(HEIGHTS)
  // A clock that is minutes slow makes its member late with everything, yet it follows.
  const nodes = world.present.filter(({ index }) => !slow.includes(index))
  liveness.mark(nodes)
  const alive = await untilSeen(world, () => liveness.missing(nodes).length === 0, RECOVERY_MS)
  if (alive || world.violations.length > 0) return
  for (const text of liveness.missing(nodes)) world.violate(`invariant 10: ${text}`)
}
