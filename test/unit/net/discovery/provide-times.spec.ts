import { deepEqual, equal } from 'node:assert/strict'
import { DISCOVERY_LIMITS } from '../../../../src/net/discovery/limits.ts'
import { ProvideTimes } from '../../../../src/net/discovery/provide-times.ts'

const { provideFirstMs, provideMs, provideRetryMs } = DISCOVERY_LIMITS
const START = 1_000_000
/** In the middle of the jitter: times are what the limits say. */
const evenly = (): number => 0.5

describe('when a node announces its shards', () => {
  /** The first moment at which it is due. */
  function nextOf(times: ProvideTimes): number {
    let [early, late] = [0, START + 100 * provideMs]
    while (early < late) {
      const middle = Math.floor((early + late) / 2)
      if (times.isDue(middle)) late = middle
      else early = middle + 1
    }
    return early
  }

  it('DIS-15: for the first time after provideFirstMs, half to one and a half of it', () => {
    const at = [0, 0.5, 1].map((chance) => nextOf(new ProvideTimes(START, () => chance)) - START)
    deepEqual(at, [provideFirstMs / 2, provideFirstMs, 1.5 * provideFirstMs])
    // Many nodes of one process do so later.
    equal(nextOf(new ProvideTimes(START, evenly, 7_000)), START + 7_000)
  })

  it('DIS-15: at once when nobody is found for a shard, but not again before its time', () => {
    const times = new ProvideTimes(START, evenly)
    times.hurry()
    equal(times.isDue(START), true)
    times.begun(START)
    times.ended(START + 7, true)
    times.hurry()
    equal(nextOf(times), START + provideMs)
  })

  it('DIS-15: every provideMs; one that failed soon again, each time twice as late', () => {
    const times = new ProvideTimes(START, evenly)
    const waits: number[] = []
    for (let attempt = 0, now = START; attempt < 10; attempt++) {
      times.begun(now)
      times.ended(now, false)
      waits.push(nextOf(times) - now)
      now = nextOf(times)
    }
    deepEqual(waits.slice(0, 3), [provideRetryMs, 2 * provideRetryMs, 4 * provideRetryMs])
    equal(waits.at(-1), provideMs)
    times.begun(START)
    times.ended(START, true)
    equal(nextOf(times), START + provideMs)
    times.begun(START)
    times.ended(START, false)
    equal(nextOf(times), START + provideRetryMs)
  })
})
