import assert from 'node:assert/strict'
import {
  createTimers,
  listenMs,
  measure,
  notarisationDeadline,
  proposalDeadline,
  stepMs
} from '../../../src/consensus/timers.ts'
import type { Params } from '../../../src/params/params.ts'
import { NOTARISE, PARAMS, Stage } from '../../support/consensus.ts'

const timersOf = (params: Partial<Params> = {}) => createTimers({ ...PARAMS, ...params }, 1_000)

describe('C21: timers', () => {
  it('C21: D is Δ up to three views after finality, then grows by 3/10 rounded up, up to Δmax', () => {
    const timers = timersOf()
    const steps = [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((view) => stepMs(timers, view, 0))
    assert.deepEqual(steps, [500, 500, 650, 845, 1_099, 1_429, 1_858, 2_416, 3_141, 4_084, 5_000, 5_000])
    assert.equal(stepMs(timers, 1_000_000, 0), 5_000)
    assert.deepEqual([stepMs(timers, 13, 10), stepMs(timers, 14, 10)], [500, 650])
  })

  it('C21: rounding up means that no Δ stands still', () => {
    const timers = timersOf({ deltaInitialMs: 10 })
    assert.deepEqual(
      [4, 5, 6].map((view) => stepMs(timers, view, 0)),
      [13, 17, 23]
    )
    timers.deltaMs = 1
    assert.deepEqual(
      [4, 5, 6].map((view) => stepMs(timers, view, 0)),
      [2, 3, 4]
    )
  })

  it('C21: the cap is absolute, also where Δ is above it', () => {
    const timers = timersOf({ deltaMaxMs: 300 })
    assert.equal(stepMs(timers, 1, 0), 300)
    assert.equal(stepMs(timers, 50, 0), 300)
  })

  it('C21: proposal timer I + 2·D and notarisation timer I + 4·D, from entering', () => {
    const timers = timersOf({ minBlockIntervalMs: 100, idleIntervalMs: 200 })
    assert.equal(proposalDeadline(timers, 1, 0), 1_000 + 200 + 1_000)
    assert.equal(notarisationDeadline(timers, 1, 0), 1_000 + 200 + 2_000)
    assert.equal(proposalDeadline(timers, 4, 0), 1_000 + 200 + 1_300)
    const slow = timersOf({ minBlockIntervalMs: 700, idleIntervalMs: 200 })
    assert.equal(proposalDeadline(slow, 1, 0), 1_000 + 700 + 1_000)
    assert.equal(notarisationDeadline(slow, 1, 0), 1_000 + 700 + 2_000)
  })

  it('C22: a validator listens for two notarisation timers at the initial Δ', () => {
    assert.equal(listenMs(PARAMS), 2 * (200 + 4 * 500))
  })
})

describe('C21: the measured Δ', () => {
  it('C21: stays the initial one until eight views were measured', () => {
    const timers = timersOf()
    for (let i = 0; i < 7; i++) measure(timers, 100)
    assert.equal(timers.deltaMs, 500)
    measure(timers, 100)
    assert.equal(timers.deltaMs, 200)
  })

  it('C21: is twice the element at ⌊9·k ÷ 10⌋ of k in rising order, whatever order they came in', () => {
    const timers = timersOf()
    for (const ms of [80, 10, 70, 20, 60, 30, 50, 40]) measure(timers, ms)
    assert.equal(timers.deltaMs, 160)
    measure(timers, 90)
    assert.equal(timers.deltaMs, 180)
    measure(timers, 100)
    assert.equal(timers.deltaMs, 200)
    for (let i = 0; i < 10; i++) measure(timers, 5)
    // k = 20, place 18: the second largest.
    assert.equal(timers.deltaMs, 180)
  })

  it('C21: looks at the latest 32 only', () => {
    const timers = timersOf()
    for (let i = 0; i < 32; i++) measure(timers, 1_000)
    assert.equal(timers.deltaMs, 2_000)
    for (let i = 0; i < 28; i++) measure(timers, 100)
    assert.equal(timers.deltaMs, 2_000)
    measure(timers, 100)
    assert.equal(timers.deltaMs, 200)
    assert.equal(timers.samples.length, 32)
  })

  it('C21: lies between Δmin and Δmax', () => {
    const timers = timersOf()
    for (let i = 0; i < 8; i++) measure(timers, 1)
    assert.equal(timers.deltaMs, 50)
    for (let i = 0; i < 32; i++) measure(timers, 9_000)
    assert.equal(timers.deltaMs, 5_000)
  })

  it('C21: parts of milliseconds and clocks that go back do not enter', () => {
    const timers = timersOf()
    measure(timers, 12.9)
    measure(timers, -3)
    assert.deepEqual(timers.samples, [12, 0])
  })

  it('C21: the time from hearing of the block to its notarisation in its view is measured', () => {
    const stage = new Stage({ self: null })
    const block = stage.block({ view: 1 })
    stage.at(100).take(block)
    stage.at(140).notarised(1, block)
    assert.deepEqual(stage.instance.timers.samples, [40])
  })

  it('C21: a nullified view, an older view, and a block first heard of by its certificate measure nothing', () => {
    const stage = new Stage({ self: null })
    const [first, second] = [stage.block({ view: 1 }), stage.block({ view: 3 })]
    stage.take(first)
    stage.at(100).nullified(1)
    stage.at(200).notarised(1, first)
    stage.at(300).certify(NOTARISE, 2, second.hash)
    assert.deepEqual(stage.instance.timers.samples, [])
    assert.equal(stage.instance.timers.deltaMs, 500)
  })
})
