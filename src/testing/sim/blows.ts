/**
 * What befalls a simulated network: one blow after another, each drawn from the seed. Some wait for a moment (a vote
 * about to leave, a proposal just made) and strike there: what a rule of durability protects lasts milliseconds, and a
 * blow at any time would hardly ever meet it.
 */
import type { ChainId } from '../../primitives/chain-id.ts'
import { ProposalType } from '../../codec/proposal.ts'
import { FINALISE, NOTARISE, VoteType } from '../../codec/statement.ts'
import { confidantOf } from './byzantine.ts'
import type { ViewRecord } from '../../consensus/instance.ts'
import { CLEAN_LINK } from './network.ts'
import type { Link } from './network.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

export type Blow = (world: World, prng: Prng) => void | Promise<void>

export const MEMBERS = 4

export const LINKS: readonly Link[] = [
  CLEAN_LINK,
  { dropPpm: 50_000, duplicatePpm: 50_000, delayMinMs: 1, delayMaxMs: 40 },
  { dropPpm: 250_000, duplicatePpm: 100_000, delayMinMs: 1, delayMaxMs: 150 },
  { dropPpm: 10_000, duplicatePpm: 300_000, delayMinMs: 20, delayMaxMs: 400 }
]

/** A crashed process comes back within this. */
const DOWN_MAX_MS = 3_000
const HALF_PPM = 500_000
/** A moment that does not come within this is given up. */
const MOMENT_MS = 4_000
/** For a network that was struck before to go on. */
const BREATH_MS = 800
/** Longer than a restarted member listens at most: ten times two timers of a view. */
const ALONE_MIN_MS = 25_000
const ALONE_MAX_MS = 40_000

function crashAndReturn(world: World, prng: Prng, index: number): void {
  world.crash(index, (bound) => prng.below(bound + 1))
  world.timeline.after(prng.between(50, DOWN_MAX_MS), () => world.start(index))
}

const othersThan = (index: number): number[] => [0, 1, 2, 3].filter((one) => one !== index)

const anyNode: Blow = (world, prng) => crashAndReturn(world, prng, prng.below(MEMBERS))

const twoNodes: Blow = (world, prng) => {
  const node = prng.below(MEMBERS)
  crashAndReturn(world, prng, node)
  crashAndReturn(world, prng, (node + 1) % MEMBERS)
}

const everyNode = (world: World, prng: Prng): void => {
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
    loseChains(world, node)
    world.partition([node], othersThan(node))
    world.start(node)
  }

function loseChains(world: World, node: number): void {
  world.crash(node)
  world.node(node).loseChains()
  world.agreement.forget(node)
}

/** Everything runs and everything arrives, so that the moment that a blow waits for comes. */
async function calm(world: World): Promise<void> {
  world.heal()
  world.network.link = CLEAN_LINK
  world.start()
  await world.run(BREATH_MS)
}

interface Moment {
  readonly chain: ChainId
  readonly view: number
}

/** The next proposal of a leader: nobody has received it when this returns. */
async function nextProposal(world: World, leader: number): Promise<Moment | undefined> {
  let found: Moment | undefined
  world.network.passes = ({ from, what, data }) => {
    if (found === undefined && from === leader && what === 'block') {
      const { vote } = ProposalType.deserialize(data)
      found = { chain: vote.chain, view: vote.view }
    }
    return true
  }
  await world.until(() => found !== undefined, MOMENT_MS)
  world.network.passes = () => true
  return found
}

/** Runs until so many members have sent votes of a kind, in one view or in the given one; none was received yet. */
async function untilVotes(world: World, kind: number, count: number, of?: Moment): Promise<boolean> {
  const senders = new Map<string, Set<number>>()
  let reached = false
  world.network.passes = ({ from, what, data }) => {
    if (what !== 'vote') return true
    const vote = VoteType.deserialize(data)
    if (vote.kind !== kind || (of !== undefined && (vote.chain !== of.chain || vote.view !== of.view)))
      return true
    const place = `${vote.chain}/${vote.epoch}/${vote.view}`
    const heard = (senders.get(place) ?? new Set()).add(from)
    senders.set(place, heard)
    reached ||= heard.size >= count
    return true
  }
  await world.until(() => reached, MOMENT_MS)
  world.network.passes = () => true
  return reached
}

/** The power fails for all as votes leave: what they rest on has to be on the disks. */
const powerCut: Blow = async (world, prng) => {
  await calm(world)
  await untilVotes(world, prng.pick([NOTARISE, FINALISE]), prng.between(1, 3))
  world.coverage.powerCuts++
  everyNode(world, prng)
}

/** The same, and the machine of the leader whose block was voted for is gone for good. */
export const loss =
  (leader: number): Blow =>
  async (world, prng) => {
    await calm(world)
    const moment = await nextProposal(world, leader)
    if (moment === undefined) return
    await untilVotes(world, FINALISE, prng.between(2, 3), moment)
    everyNode(world, prng)
    world.lose(leader)
  }

/**
 * The liar gives its vote to one member alone; that one is heard by nobody and loses power as its vote to finalise is
 * about to leave; one of the others never hears of the block. What only the one knew has to be on its disk.
 */
const confide =
  (liar: number): Blow =>
  async (world, prng) => {
    await calm(world)
    const told = confidantOf(liar)
    const [leader = 0, deaf = 0] = prng.shuffled(othersThan(liar).filter((index) => index !== told))
    const moment = await nextProposal(world, leader)
    if (moment === undefined) return
    const record = (index: number): ViewRecord | undefined =>
      world.node(index).chains?.get(moment.chain)?.driver.instance.views.get(moment.view)
    for (const { index } of world.nodes) {
      if (index !== told) world.network.cut(told, index)
      if (index !== deaf) world.partition([deaf], [index])
    }
    world.onEffect = (node, what) => {
      const isLast = node === told && what === 'publish vote' && record(told)?.ownFinalise !== undefined
      if (isLast) world.crash(told)
    }
    await world.until(() => !world.node(told).isUp, MOMENT_MS)
    world.onEffect = () => undefined
    if (!world.node(told).isUp) world.coverage.confided++
    await world.until(() => [leader, deaf].every((index) => record(index)?.ownNullify === true), MOMENT_MS)
    world.heal()
    world.start(told)
  }

/**
 * A machine lost its chains, or has them from an old copy, and nobody else is there for longer than it listens: it
 * begins where it has signed before, and only its guard knows.
 */
export const alone =
  (node: number): Blow =>
  async (world, prng) => {
    // Those that are on their way back come back first.
    await world.run(DOWN_MAX_MS)
    await calm(world)
    const copy = world.node(node).copyChains()
    await world.run(MOMENT_MS)
    for (const index of othersThan(node)) world.crash(index)
    loseChains(world, node)
    if (prng.chance(HALF_PPM)) world.node(node).restoreChains(copy)
    world.start(node)
    world.coverage.alone++
    await world.run(prng.between(ALONE_MIN_MS, ALONE_MAX_MS))
  }

/** As often as they are listed. */
export const COMMON_BLOWS: readonly Blow[] = [
  anyNode,
  anyNode,
  anyNode,
  twoNodes,
  twoNodes,
  everyNode,
  everyNode,
  powerCut,
  split,
  split,
  deafEars,
  deafEars,
  otherLink,
  otherLink,
  heal,
  heal
]

export const blowsAround = (forgetful: number): readonly Blow[] => [...COMMON_BLOWS, amnesia(forgetful)]
export const blowsBeside = (liar: number): readonly Blow[] => [
  confide(liar),
  confide(liar),
  anyNode,
  split,
  otherLink
]
/** No process ever starts anew, so nothing but resending brings back what gossip lost. */
export const CALM_BLOWS: readonly Blow[] = [split, split, deafEars, otherLink, heal]
