/**
 * The power fails for everybody at one effect: before a write, before a write reaches the disk, before a message
 * leaves. Counted from a proposal to its finality at all nodes, every index is tried.
 */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { World } from '../../../src/testing/sim/world.ts'
import { ALL, RECOVERY_MS, WARM_MS, expectNoViolation, expectProgress } from './stage.ts'

export interface Struck {
  readonly index: number
  readonly node: number
  readonly effect: string
  /** Unsynced writes that were lost. */
  readonly lost: number
  readonly recoveredMs: number
}

interface Span {
  /** Effects of the whole world before the proposal. */
  readonly from: number
  readonly until: number
}

export async function effectsOfOneBlock(seed: string): Promise<Span> {
  const world = new World({ seed })
  let count = 0
  let from: number | undefined
  world.onEffect = (_node, what) => {
    count++
    if (from === undefined && what === 'publish block' && world.timeline.nowMs > WARM_MS) from = count - 1
  }
  world.start(...ALL)
  await world.run(WARM_MS)
  await world.until(() => from !== undefined, RECOVERY_MS)
  const height = Math.max(...ALL.map((index) => world.chainOf(index, COORD).store.final.height)) + 1
  await world.until(() => world.height(COORD, ALL) >= height, RECOVERY_MS)
  const span = { from: from ?? 0, until: count }
  world.finish()
  return span
}

/** Everyone crashes as effect `index` is about to happen, comes back without what was not synced, and goes on. */
export async function crashAllAt(seed: string, index: number): Promise<Struck> {
  const world = new World({ seed })
  let count = 0
  let struck: { node: number; effect: string } | undefined
  world.onEffect = (node, effect) => {
    if (count++ !== index) return
    struck = { node, effect }
    world.crashAll()
  }
  world.start(...ALL)
  await world.until(() => struck !== undefined, WARM_MS + RECOVERY_MS)
  assert(struck !== undefined, `effect ${index} happened`)
  const downAt = world.timeline.nowMs
  await world.restart(...ALL)
  await expectProgress(world, ALL, [COORD], 2)
  const recoveredMs = world.timeline.nowMs - downAt
  const { lostWrites } = world.finish()
  expectNoViolation(world)
  return { index, ...struck, lost: lostWrites, recoveredMs }
}
