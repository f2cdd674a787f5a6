/** Nodes that begin with nothing beside a peer that answers falsely, and alone with it at first (SYN). */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { SYNC_LIMITS } from '../../../src/sync/limits.ts'
import { lieInAnswers, tellTheTruth } from '../../../src/testing/sim/sync-lies.ts'
import type { AnswerLie } from '../../../src/testing/sim/sync-lies.ts'
import { World } from '../../../src/testing/sim/world.ts'
import { expectNoViolation, expectSound } from './stage.ts'

/** The one validator, and a follower that serves the history too, falsely. */
const HONEST = 0
const LIAR = 1
const HISTORY = [HONEST, LIAR] as const
/** Beside consensus a newcomer hears and asks for nothing else here, so that it syncs. */
const OF_SYNC = /^(?:frame|ask-headers|ask-ranges|answer)/
/** Lies that are proof against who tells them, each told to a newcomer of its own. */
const PROVEN: readonly AnswerLie[] = ['middle', 'misnamed', 'forgery', 'bodies']
const HISTORY_MS = 600_000
const WITHIN_MS = 30_000
const GOES_ON = 3

/** A validator whose chains are longer than what is pulled beside consensus, and newcomers that have not started. */
async function longHistory(newcomers: number): Promise<World> {
  const world = new World({ seed: 'directed', validators: 1, followers: 1 + newcomers })
  world.start(...HISTORY)
  for (let turn = 0; turn < 8; turn++) world.timeline.after(2_000 + 500 * turn, () => world.submitAt(HONEST))
  const isLong = (): boolean =>
    world.chains.every((chain) => world.height(chain, HISTORY) > SYNC_LIMITS.nearBlocks + 4)
  assert(await world.until(isLong, HISTORY_MS), 'the validator made a history')
  expectNoViolation(world)
  return world
}

/** Only the liar is heard and asked. */
function aloneWithTheLiar(world: World, newcomer: number): void {
  world.network.passes = ({ from, to, what }) => {
    const [isOurs, isTheirs] = [LIAR, newcomer].map((index) => from === index || to === index)
    return isTheirs !== true || (isOurs === true && OF_SYNC.test(what))
  }
}

const isBlamed = (world: World, by: number): boolean =>
  world.trace.tail.some((line) => line.includes(` ${by} blames peer-${LIAR}: invalid`))

const isHome = (world: World, index: number): boolean =>
  world.chains.every((chain) => {
    const node = world.node(index).chains?.get(chain)
    return node?.sync.active === false && node.store.final.height + 2 >= world.height(chain, HISTORY)
  })

/** At the head, and live there: it takes what comes by consensus. */
async function expectHome(world: World, index: number): Promise<void> {
  assert(await world.until(() => isHome(world, index), WITHIN_MS), `newcomer ${index} reaches the head`)
  const goal = world.height(COORD, HISTORY) + GOES_ON
  const goesOn = (): boolean => world.height(COORD, [index]) >= goal && isHome(world, index)
  assert(await world.until(goesOn, WITHIN_MS), `newcomer ${index} goes on with the others`)
  expectNoViolation(world)
}

/** SYN-2 to SYN-4, D14: what is false is found before it is believed, and costs the liar, not the chain. */
export async function syncBesideLiars(): Promise<void> {
  const world = await longHistory(PROVEN.length)
  world.liars.add(LIAR)
  for (const [place, lie] of PROVEN.entries()) {
    const newcomer = HISTORY.length + place
    const lies = lieInAnswers(world, LIAR, lie)
    aloneWithTheLiar(world, newcomer)
    world.start(newcomer)
    await world.until(() => isBlamed(world, newcomer), WITHIN_MS)
    expectNoViolation(world)
    assert(lies.told() > 0, `${lie}: the liar was asked`)
    assert(isBlamed(world, newcomer), `${lie}: the liar is charged`)
    tellTheTruth(world)
    world.network.passes = () => true
    await expectHome(world, newcomer)
    world.crash(newcomer)
  }
  expectSound(world)
}

/** SYN-5, SYN-12: who gives no bodies is not charged; it is said why sync stands still, and it goes on with another peer. */
export async function syncBesideMiser(): Promise<void> {
  const world = await longHistory(1)
  const newcomer = HISTORY.length
  lieInAnswers(world, LIAR, 'withheld')
  aloneWithTheLiar(world, newcomer)
  world.start(newcomer)
  const reason = (): string | undefined => world.node(newcomer).chains?.get(COORD)?.sync.facts.reason
  await world.until(() => reason() !== undefined, WITHIN_MS)
  assert.match(reason() ?? 'nothing is said', /^all peers/)
  world.network.passes = () => true
  await expectHome(world, newcomer)
  assert.equal(reason(), undefined)
  expectSound(world)
}
