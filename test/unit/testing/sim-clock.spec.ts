import assert from 'node:assert/strict'
import { Timeline, createClock } from '../../../src/testing/sim/clock.ts'

describe('simulator: time', () => {
  it('D19: events run in order of time, then of being asked for', async () => {
    const timeline = new Timeline()
    const ran: string[] = []
    for (const [at, name] of [
      [5, 'c'],
      [1, 'a'],
      [5, 'd'],
      [3, 'b'],
      [5, 'e']
    ] as const) {
      timeline.at(at, () => ran.push(name))
    }
    await timeline.run(5)
    assert.equal(ran.join(''), 'abcde')
  })

  it('D19: events in any order of asking come out sorted', async () => {
    const timeline = new Timeline()
    const ran: number[] = []
    for (let i = 0; i < 200; i++) {
      const at = (i * 7919) % 211
      timeline.at(at, () => ran.push(at))
    }
    await timeline.run(1_000)
    assert.deepEqual(
      ran,
      ran.toSorted((a, b) => a - b)
    )
    assert.equal(ran.length, 200)
  })

  it('D19: every promise that an event set going is done before the next event', async () => {
    const timeline = new Timeline()
    const ran: string[] = []
    timeline.at(1, () => {
      void (async () => {
        for (let i = 0; i < 50; i++) await Promise.resolve()
        ran.push('promise')
      })()
    })
    timeline.at(1, () => ran.push('event'))
    await timeline.run(1)
    assert.deepEqual(ran, ['promise', 'event'])
  })

  it('D19: the end is included, what lies after it waits, and time stands at the end', async () => {
    const timeline = new Timeline()
    const ran: number[] = []
    timeline.at(10, () => ran.push(10))
    timeline.at(11, () => ran.push(11))
    await timeline.run(10)
    assert.deepEqual([ran, timeline.nowMs], [[10], 10])
  })

  it('D19: a cancelled event never runs', async () => {
    const timeline = new Timeline()
    const cancel = timeline.after(1, () => assert.fail('it was cancelled'))
    cancel()
    await timeline.run(5)
  })

  it('D19: a run ends with the event that fulfils its predicate', async () => {
    const timeline = new Timeline()
    let count = 0
    for (let at = 1; at <= 5; at++) timeline.at(at, () => count++)
    assert.equal(await timeline.run(100, () => count === 3), true)
    assert.deepEqual([count, timeline.nowMs], [3, 3])
    assert.equal(await timeline.run(100, () => count === 9), false)
  })

  it('D19: a skewed wall clock moves no timer, and a dead process has none', async () => {
    const timeline = new Timeline()
    let skewMs = -120_000
    let isAlive = true
    const clock = createClock(timeline, {
      epochMs: 1_000_000,
      skewMs: () => skewMs,
      monoBaseMs: 77,
      isAlive: () => isAlive
    })
    const ran: string[] = []
    clock.at(clock.monoMs() + 10, () => ran.push('alive'))
    clock.at(clock.monoMs() + 20, () => ran.push('dead'))
    assert.deepEqual([clock.wallMs(), clock.monoMs()], [880_000, 77])
    skewMs = 120_000
    await timeline.run(10)
    assert.deepEqual([clock.wallMs(), clock.monoMs(), ran.join()], [1_120_010, 87, 'alive'])
    isAlive = false
    await timeline.run(30)
    assert.deepEqual(ran, ['alive'])
  })
})
