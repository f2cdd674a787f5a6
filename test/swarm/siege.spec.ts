/** Ten hostile followers and two hostile validators of seven, all at once, around five honest nodes. */
import assert from 'node:assert/strict'
import { RESULT_CODES, encodeResult } from '../../src/net/request-codes.ts'
import { REQUEST_PROTOCOLS } from '../../src/net/types.ts'
import type { Node } from '../../src/app/node.ts'
import { Arena } from '../support/arena.ts'
import { HOSTILE_ACTS, equivocate, floodOnce, lieUntilBanned, offences } from '../support/attacks.ts'
import { Hostile } from '../support/hostile.ts'
import { finalHeights } from '../support/swarm.ts'
import { validatorKey } from '../support/vantage.ts'

const HONEST = 5
const LIARS = 6
const FLOODERS = 2
const REFUSERS = 2
const BLOCKS = 6

describe('siege', function () {
  this.timeout(120_000)
  let arena: Arena
  const hosts: Hostile[] = []
  const stopping = new AbortController()
  before(async () => {
    arena = await Arena.open({ honest: HONEST, hostile: 2 })
  })
  after(async () => {
    stopping.abort()
    await Promise.all(hosts.map((host) => host.stop()))
    await arena?.swarm.stop()
  })

  const recruit = async (): Promise<Hostile> => {
    const hostile = await Hostile.create(arena.network)
    hosts.push(hostile)
    return hostile
  }
  const nodeOf = (index: number): Node => arena.swarm.node(index % HONEST)

  /** Goes on until all is over; what it does is at the wrong moment now and then. */
  async function keepOn(act: () => Promise<void>): Promise<void> {
    while (!stopping.signal.aborted) {
      await act().catch(() => undefined)
      await arena.progress(1).catch(() => undefined)
    }
  }

  it('D14, C30: all proven liars are banned, none of the honest, and finality goes on', async () => {
    const acts = HOSTILE_ACTS.filter(({ isLie, needsKey }) => isLie && needsKey !== true)
    const liars = await Promise.all(Array.from({ length: LIARS }, recruit))
    const flooders = await Promise.all(Array.from({ length: FLOODERS }, recruit))
    const refusers = await Promise.all(Array.from({ length: REFUSERS }, recruit))
    const going: Promise<void>[] = []
    for (const [index, hostile] of flooders.entries()) {
      await hostile.join(nodeOf(index))
      going.push(keepOn(async () => floodOnce(arena, hostile)))
    }
    for (const [index, hostile] of refusers.entries()) {
      const result = encodeResult(RESULT_CODES[index === 0 ? 1 : 2]!)
      for (const protocol of REQUEST_PROTOCOLS) await hostile.answer(protocol, () => [result])
      await hostile.join(nodeOf(index + 2))
    }
    for (const place of [HONEST, HONEST + 1]) {
      const hostile = await recruit()
      const asValidator = arena.as(validatorKey(place))
      await hostile.join(nodeOf(place))
      going.push(keepOn(async () => equivocate(asValidator, hostile)))
    }
    const from = Math.min(...finalHeights(arena.swarm))
    const banned = await Promise.all(
      liars.map(async (hostile, index) =>
        lieUntilBanned(arena, acts[index % acts.length]!, hostile, nodeOf(index))
      )
    )
    assert.deepEqual(
      banned,
      Array.from({ length: LIARS }, () => true)
    )
    await arena.progress(BLOCKS)
    stopping.abort()
    await Promise.all(going)
    assert(Math.min(...finalHeights(arena.swarm)) >= from + BLOCKS)
    // Refusing, and sending what only the state refuses, is no proof of anything.
    for (const hostile of [...flooders, ...refusers]) {
      assert.deepEqual(
        arena.swarm.running.map((node) => offences(node, hostile)),
        arena.swarm.running.map(() => 0)
      )
    }
    arena.assertUnharmed()
    assert(arena.evidence.length > 0, 'the hostile validators left evidence')
  })
})
