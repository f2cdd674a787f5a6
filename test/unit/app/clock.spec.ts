import assert from 'node:assert/strict'
import { systemClock } from '../../../src/app/clock.ts'

describe('app/clock', () => {
  it('at: never runs before the time asked for, though timers of the event loop may fire early', async () => {
    const runs = Array.from({ length: 200 }, async (_, index) => {
      const due = systemClock.monoMs() + (index % 20)
      const ran = Promise.withResolvers<number>()
      systemClock.at(due, () => ran.resolve(systemClock.monoMs() - due))
      return ran.promise
    })
    for (const late of await Promise.all(runs)) assert.ok(late >= 0, `${-late} ms early`)
  })

  it('at: what was cancelled does not run', async () => {
    let ran = false
    const cancel = systemClock.at(systemClock.monoMs() + 2, () => {
      ran = true
    })
    cancel()
    const later = Promise.withResolvers<void>()
    systemClock.at(systemClock.monoMs() + 10, () => later.resolve())
    await later.promise
    assert.equal(ran, false)
  })
})
