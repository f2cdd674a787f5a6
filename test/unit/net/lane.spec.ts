import assert from 'node:assert/strict'
import { Lane, SHARES } from '../../../src/net/lane.ts'
import { KEPT_ONE_IN, LANES, Lanes } from '../../../src/net/lanes.ts'
import type { LaneName } from '../../../src/net/lanes.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const nothing = (): void => undefined
const unexpected = (error: unknown): never => {
  throw error
}
const drain = (lane: Lane): void => {
  while (lane.isReady) lane.runNext(nothing, unexpected)
}

describe('a lane of inbound work', () => {
  it('GOS-6: runs so many at once, keeps so many waiting, drops one more', async () => {
    const gates: (() => void)[] = []
    const lane = new Lane({ messages: 8, bytes: 1_000, judging: 3 })
    const job = (): Promise<void> => new Promise((resolve) => gates.push(resolve))
    for (let i = 0; i < 8; i++) assert.ok(lane.add(`source ${i}`, 1, job))
    assert.equal(lane.add('one more', 1, job), false)
    drain(lane)
    assert.deepEqual([gates.length, lane.length], [3, 5])
    gates[0]!()
    await settled()
    assert.ok(lane.isReady)
    drain(lane)
    assert.deepEqual([gates.length, lane.length], [4, 4])
  })

  it('GOS-6: bytes are bounded too, up to the limit and not past it', () => {
    const lane = new Lane({ messages: 100, bytes: 12, judging: 1 })
    for (const from of ['a', 'b', 'c']) assert.ok(lane.add(from, 3, nothing))
    assert.equal(lane.add('d', 4, nothing), false)
    assert.ok(lane.add('d', 3, nothing))
    assert.equal(lane.add('e', 1, nothing), false)
    lane.clear()
    assert.deepEqual([lane.length, lane.sources], [0, 0])
    assert.ok(lane.add('e', 3, nothing))
  })

  it('GOS-13: one source holds a quarter of the room, in jobs and in bytes, and others still get in', () => {
    const lane = new Lane({ messages: 4 * SHARES, bytes: 100 * SHARES, judging: 1 })
    for (let i = 0; i < 4; i++) assert.ok(lane.add('flooder', 1, nothing))
    assert.equal(lane.add('flooder', 1, nothing), false)
    assert.ok(lane.add('large', 100, nothing))
    assert.equal(lane.add('large', 1, nothing), false)
    assert.ok(lane.add('honest', 100, nothing))
    drain(lane)
    assert.ok(lane.add('flooder', 100, nothing), 'its share is free again')
  })

  it('GOS-13: sources have their turns one after the other, and each keeps its own order', () => {
    const seen: string[] = []
    const lane = new Lane({ messages: 400, bytes: 1e9, judging: 1 })
    const add = (name: string): void => void lane.add(name.slice(0, 1), 1, () => void seen.push(name))
    for (let i = 0; i < 5; i++) add(`a${i}`)
    for (let i = 0; i < 2; i++) add(`b${i}`)
    add('c0')
    drain(lane)
    assert.deepEqual(seen, ['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'a3', 'a4'])
    assert.equal(lane.sources, 0)
  })

  it('GOS-6: order is kept over thousands of jobs, at once or later', async () => {
    const seen: number[] = []
    const lane = new Lane({ messages: 40_000, bytes: 1e9, judging: 1 })
    for (let i = 0; i < 5_000; i++) {
      lane.add('a', 1, () => {
        seen.push(i)
        return i % 2 === 0 ? Promise.resolve() : undefined
      })
    }
    while (lane.length > 0) {
      drain(lane)
      await settled()
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 5_000 }, (_, i) => i)
    )
  })
})

describe('three lanes of inbound work', () => {
  /** A clock of jobs: each takes as long as it says; turns of the event loop are taken by hand. */
  function workplace(sliceMs = 1e9, judging = 1_000) {
    const now = { ms: 0 }
    const deferred: (() => void)[] = []
    const started: LaneName[] = []
    const faults: string[] = []
    const gauge = new Map<LaneName, number>()
    const limits = { messages: 1_000, bytes: 1e9, judging }
    const lanes = new Lanes({
      limits: { consensus: limits, transactions: limits, discovery: limits },
      sliceMs,
      nowMs: () => now.ms,
      defer: (run) => void deferred.push(run),
      onLength: (lane, length) => void gauge.set(lane, length),
      onFault: (lane, error) => void faults.push(`${lane}: ${String(error)}`)
    })
    const add = (lane: LaneName, tookMs = 1): boolean =>
      lanes.add(lane, `source ${started.length % 7}`, 1, () => {
        started.push(lane)
        now.ms += tookMs
      })
    const turn = (): void => {
      for (const run of deferred.splice(0)) run()
    }
    return { lanes, add, turn, started, faults, gauge, deferred }
  }

  it('D11, GOS-13: the higher lane goes first, each lower one keeps 5 % while all are full', () => {
    const { lanes, add, turn } = workplace(100)
    // The slice is spent, so that all of the rest waits.
    add('consensus', 100)
    const order: LaneName[] = []
    for (let i = 0; i < 250; i++) {
      for (const lane of LANES) assert.ok(lanes.add(lane, `source ${i % 7}`, 1, () => void order.push(lane)))
    }
    turn()
    const first = order.slice(0, 10 * KEPT_ONE_IN)
    const count = (lane: LaneName): number => first.filter((each) => each === lane).length
    assert.deepEqual(LANES.map(count), [180, 10, 10])
    assert.equal(order.length, 750, 'none is lost')
  })

  it('D11: what a lower lane keeps goes to the others when it has nothing', () => {
    const { lanes, add, turn, started } = workplace(1)
    add('consensus')
    for (let i = 0; i < 40; i++) lanes.add('consensus', 'a', 1, () => void started.push('consensus'))
    turn()
    assert.equal(started.length, 41)
  })

  it('GOS-13: jobs of one turn of the event loop end with its slice; a vote waits for no more than that', () => {
    const { add, turn, started, deferred, gauge } = workplace(5)
    for (let i = 0; i < 40; i++) add('transactions')
    assert.equal(started.length, 5)
    assert.equal(gauge.get('transactions'), 35)
    assert.ok(add('consensus'))
    assert.equal(started.length, 5, 'the slice is spent')
    turn()
    assert.deepEqual(started.slice(5), ['consensus', ...Array.from({ length: 4 }, () => 'transactions')])
    assert.equal(deferred.length, 1)
    while (deferred.length > 0) turn()
    assert.equal(started.length, 41)
    assert.equal(gauge.get('transactions'), 0)
  })

  it('D11: a job that never ends, and one that throws, stall only themselves', async () => {
    const { lanes, add, started, faults } = workplace(1e9, 2)
    lanes.add('transactions', 'a', 1, () => new Promise(() => undefined))
    lanes.add('transactions', 'a', 1, () => {
      throw new RangeError('at once')
    })
    lanes.add('transactions', 'a', 1, () => Promise.reject(new RangeError('later')))
    await settled()
    for (const lane of LANES) add(lane)
    assert.deepEqual(started, LANES)
    assert.deepEqual(faults, ['transactions: RangeError: at once', 'transactions: RangeError: later'])
  })

  it('D11: work with a result gives it, or its error, or is not taken', async () => {
    const { lanes } = workplace(1e9, 1)
    assert.equal(await lanes.run('discovery', 'a', 1, () => 7), 7)
    await assert.rejects(
      lanes.run('discovery', 'a', 1, () => Promise.reject(new RangeError('no')))!,
      {
        message: 'no'
      }
    )
    lanes.add('discovery', 'a', 1, () => new Promise(() => undefined))
    for (let i = 0; i < 250; i++) assert.ok(lanes.run('discovery', 'a', 1, () => i) !== undefined)
    assert.equal(
      lanes.run('discovery', 'a', 1, () => 0),
      undefined
    )
  })
})
