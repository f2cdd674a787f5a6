/**
 * The random suite: one seed is one life of a network. Faults first (lossy links, cuts, crashes of one or of all, at
 * most one faulty member or one clock that is minutes wrong); then everything heals but the faulty member, and every
 * chain has to go on.
 */
import { CLEAN_LINK } from './network.ts'
import type { Link } from './network.ts'
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

const MEMBERS = 4
const CHAOS_FROM_MS = 2_500
const CHAOS_UNTIL_MS = 12_000
/** Time to recover in: timers that backed off, anti-entropy that idles at 10 s, then an epoch of blocks. */
const RECOVERY_MS = 60_000
const HEIGHTS = 6
const TRANSFER_EVERY_MS = 250
const CLOCK_ERROR_MS = 120_000

const LINKS: readonly Link[] = [
  CLEAN_LINK,
  { dropPpm: 50_000, duplicatePpm: 50_000, delayMinMs: 1, delayMaxMs: 40 },
  { dropPpm: 250_000, duplicatePpm: 100_000, delayMinMs: 1, delayMaxMs: 150 },
  { dropPpm: 10_000, duplicatePpm: 300_000, delayMinMs: 20, delayMaxMs: 400 }
]

export async function runSeed(init: RunInit): Promise<RunResult> {
  const prng = new Prng(init.seed, 'faults')
  const faultyMember = prng.below(MEMBERS)
  const plan = prng.pick(['none', 'skew', 'fault', 'fault', 'fault'] as const)
  const fault = prng.pick(FAULTS)
  const world = new World({
    ...init,
    ...(plan === 'fault' ? { faulty: new Map<number, Fault>([[faultyMember, fault]]) } : {})
  })
  if (plan === 'skew') world.skew(faultyMember, prng.between(-CLOCK_ERROR_MS, CLOCK_ERROR_MS))
  world.start()
  submitNow(world, prng.fork('workload'), MEMBERS)
  await world.run(CHAOS_FROM_MS)
  const blows = prng.chance(CALM_PPM) ? CALM_BLOWS : blowsAround(prng.below(MEMBERS))
  await wreak(world, prng, blows)
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

async function wreak(world: World, prng: Prng, blows: readonly Blow[]): Promise<void> {
  world.network.link = prng.pick(LINKS)
  while (world.timeline.nowMs < CHAOS_UNTIL_MS && world.violations.length === 0) {
    prng.pick(blows)(world, prng)
    await world.run(prng.between(100, 1_500))
  }
}

type Blow = (world: World, prng: Prng) => void

const anyNode: Blow = (world, prng) => crashAndReturn(world, prng, prng.below(MEMBERS))

const twoNodes: Blow = (world, prng) => {
  const node = prng.below(MEMBERS)
  crashAndReturn(world, prng, node)
  crashAndReturn(world, prng, (node + 1) % MEMBERS)
}

const everyNode: Blow = (world, prng) => {
  for (const { index } of world.nodes) crashAndReturn(world, prng, index)
}

const split: Blow = (world, prng) => {
  const order = prng.shuffled([0, 1, 2, 3])
  const size = prng.between(1, 2)
  world.partition(order.slice(0, size), order.slice(size))
}

const deafEars: Blow = (world, prng) => {
  const node = prng.below(MEMBERS)
  for (const { index } of world.nodes) if (index !== node) world.network.cut(node, index)
}

const otherLink: Blow = (world, prng) => {
  world.network.link = prng.pick(LINKS)
}

const heal: Blow = (world) => world.heal()

/**
 * A machine loses its chain databases and comes back to a network that does not answer it. Always the same one in a
 * run: final blocks that every machine lost are lost.
 */
const amnesia =
  (node: number): Blow =>
  (world) => {
    world.heal()
    world.crash(node)
    world.node(node).loseChains()
    world.agreement.forget(node)
    world.partition(
      [node],
      [0, 1, 2, 3].filter((index) => index !== node)
    )
    world.start(node)
  }

/** As often as they are listed. */
const blowsAround = (forgetful: number): readonly Blow[] => [
  anyNode,
  anyNode,
  anyNode,
  twoNodes,
  twoNodes,
  everyNode,
  everyNode,
  split,
  split,
  deafEars,
  deafEars,
  otherLink,
  otherLink,
  heal,
  heal,
  amnesia(forgetful)
]
/** No process ever starts anew, so nothing but resending brings back what gossip lost. */
const CALM_PPM = 250_000
const CALM_BLOWS: readonly Blow[] = [split, split, deafEars, otherLink, heal]

function crashAndReturn(world: World, prng: Prng, index: number): void {
  world.crash(index, (bound) => prng.below(bound + 1))
  world.timeline.after(prng.between(50, 3_000), () => world.start(index))
}

async function recover(world: World, slow: readonly number[]): Promise<void> {
  world.heal()
  world.network.link = CLEAN_LINK
  world.start()
  await world.run(100)
  const liveness = new Liveness(HEIGHTS)
  // A clock that is minutes slow makes its member late with everything, yet it follows.
  const nodes = world.honest.filter(({ index }) => !slow.includes(index))
  liveness.mark(nodes)
  const alive = await world.until(() => liveness.missing(nodes).length === 0, RECOVERY_MS)
  if (alive || world.violations.length > 0) return
  for (const text of liveness.missing(nodes)) world.violate(`invariant 10: ${text}`)
}
