import assert from 'node:assert/strict'
import { Lane } from '../../../src/net/lane.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('gossip lane', () => {
  it('GOS-6: judges so many at once, keeps so many waiting, refuses one more', async () => {
    const gates: (() => void)[] = []
    const lengths: number[] = []
    const lane = new Lane({ messages: 2, bytes: 1_000, judging: 3 }, (length) => lengths.push(length))
    const job = (): Promise<void> => new Promise((resolve) => gates.push(resolve))
    for (let i = 0; i < 5; i++) assert.ok(lane.add(1, job))
    assert.equal(gates.length, 3)
    assert.equal(lane.length, 2)
    assert.equal(lane.add(1, job), false)
    gates[0]!()
    await settled()
    assert.equal(gates.length, 4)
    assert.ok(lane.add(1, job))
    assert.equal(Math.max(...lengths), 2)
  })

  it('GOS-6: bytes are bounded too, up to the limit and not past it', () => {
    const lane = new Lane({ messages: 100, bytes: 10, judging: 0 }, () => undefined)
    assert.ok(lane.add(4, () => undefined))
    assert.ok(lane.add(6, () => undefined))
    assert.equal(
      lane.add(1, () => undefined),
      false
    )
    lane.clear()
    assert.equal(lane.length, 0)
    assert.ok(lane.add(10, () => undefined))
  })

  it('GOS-6: order is kept over thousands of jobs, at once or later', async () => {
    const seen: number[] = []
    const lane = new Lane({ messages: 10_000, bytes: 1e9, judging: 1 }, () => undefined)
    for (let i = 0; i < 5_000; i++) {
      lane.add(1, () => {
        seen.push(i)
        return i % 2 === 0 ? Promise.resolve() : undefined
      })
    }
    while (lane.length > 0) await settled()
    assert.deepEqual(
      seen,
      Array.from({ length: 5_000 }, (_, i) => i)
    )
  })
})
