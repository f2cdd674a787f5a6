/** A newcomer takes the state of a certified block, from one who gives false pieces, and loses power at every stage (SNAP). */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { SYNC_LIMITS } from '../../../src/sync/limits.ts'
import { lieInAnswers, tellTheTruth } from '../../../src/testing/sim/sync-lies.ts'
import { World } from '../../../src/testing/sim/world.ts'
import { expectNoViolation, expectSound } from './stage.ts'

const HONEST = 0
const LIAR = 1
const NEWCOMER = 2
const HISTORY_MS = 3_000_000
const WITHIN_MS = 120_000
const GOES_ON = 3
/** Of the database that a fast start fills, and the moment in which it takes the chain's place. */
const OF_IMPORT = /\.import$|^retired /

const isHome = (world: World, index: number): boolean =>
  world.chains.every((chain) => {
    const node = world.node(index).chains?.get(chain)
    return node?.sync.active === false && node.store.final.height + 2 >= world.height(chain, [HONEST])
  })

/** More blocks than which a fast start is worth it, made by one validator, with snapshots; the liar has them too. */
async function longHistory(): Promise<World> {
  const world = new World({ seed: 'directed', validators: 1, followers: 2 })
  world.start(HONEST)
  world.timeline.after(2_000, () => world.submitAt(HONEST))
  const isLong = (): boolean =>
    world.chains.every((chain) => world.height(chain, [HONEST]) > SYNC_LIMITS.snapshotBlocks + 8)
  assert(await world.until(isLong, HISTORY_MS), 'the validator made a history')
  for (const index of [LIAR, NEWCOMER]) {
    world.node(index).syncMode = 'snapshot'
    world.agreement.leaping.add(index)
  }
  world.start(LIAR)
  const serves = (): boolean =>
    isHome(world, LIAR) && world.chains.every((chain) => hasSnapshot(world, LIAR, chain))
  assert(await world.until(serves, WITHIN_MS), 'the liar has a snapshot of its own')
  expectNoViolation(world)
  return world
}

const hasSnapshot = (world: World, index: number, chain: (typeof world.chains)[number]): boolean =>
  (world.node(index).chains?.snapshots.get(chain)?.held.length ?? 0) > 0

/** One life more for each place of a write; the last one comes to the end. @returns the places at which it died */
async function dieAtEveryStage(world: World): Promise<string[]> {
  const died: string[] = []
  for (let place = 1; ; place++) {
    let left = place
    let isDead = false
    world.onEffect = (index, what) => {
      if (index !== NEWCOMER || !OF_IMPORT.test(what) || isDead || --left > 0) return
      isDead = true
      died.push(what)
      world.crash(NEWCOMER)
    }
    world.start(NEWCOMER)
    await world.until(() => isDead || isHome(world, NEWCOMER), WITHIN_MS)
    expectNoViolation(world)
    assert(isDead || isHome(world, NEWCOMER), `after ${died.length} deaths it reaches the head`)
    if (!isDead) return died
  }
}

/** SNAP-6 to SNAP-8, D14: a false piece is found and charged; what was verified before a death is not lost. */
export async function fastStartBesideLiar(): Promise<void> {
  const world = await longHistory()
  world.liars.add(LIAR)
  const lies = lieInAnswers(world, LIAR, 'chunks')
  const died = await dieAtEveryStage(world)
  assert(died.length >= 4, `it died at ${died.join(', ')}`)
  assert(lies.told() > 0, 'the liar was asked for pieces')
  tellTheTruth(world)
  const coord = world.chainOf(NEWCOMER, COORD).store
  assert(coord.results(1) === undefined, 'what is before the state that it took was never executed')
  const goal = world.height(COORD, [HONEST]) + GOES_ON
  await world.until(() => world.height(COORD, [NEWCOMER]) >= goal, WITHIN_MS)
  assert(world.height(COORD, [NEWCOMER]) >= goal, 'it goes on with the others')
  expectSound(world)
}
