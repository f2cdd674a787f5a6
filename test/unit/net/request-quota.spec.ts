import assert from 'node:assert/strict'
import { AnswerRoom } from '../../../src/net/answer-room.ts'
import { REQUEST_LIMITS } from '../../../src/net/limits.ts'
import type { RequestLimits } from '../../../src/net/limits.ts'
import { QuotaBook, RequestQuota } from '../../../src/net/request-quota.ts'
import { Slots } from '../../../src/net/slots.ts'
import type { Peer } from '../../../src/net/types.ts'
import { mock } from 'node:test'

const LIMITS: RequestLimits = {
  ...REQUEST_LIMITS.bodies,
  concurrency: 2,
  requestsPerS: 10,
  requestsBurst: 3,
  bytesPerS: 1_000,
  bytesBurst: 2_000
}
const alice = 'alice' as Peer
const bob = 'bob' as Peer
const settled = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

describe('request quota', () => {
  it('REQ-11 REQ-12: a burst begins at once, the next one waits, one beyond the longest wait takes nothing', () => {
    const quota = new RequestQuota(LIMITS, 0)
    for (let i = 0; i < LIMITS.requestsBurst; i++) assert.equal(quota.admit(0, 250), 0)
    assert.equal(quota.admit(0, 250), 100)
    assert.equal(quota.admit(0, 250), 200)
    assert.equal(quota.admit(0, 250), undefined)
    assert.equal(quota.admit(0, 300), 300, 'the refused one took no place')
    assert.equal(quota.admit(400, 0), 0)
  })

  it('REQ-11 REQ-12: bytes up to the burst are free, one more is waited for', () => {
    const quota = new RequestQuota(LIMITS, 0)
    quota.charge(LIMITS.bytesBurst, 0)
    assert.equal(quota.admit(0, 0), 0)
    quota.charge(1, 0)
    assert.equal(quota.admit(0, 1_000), 1)
    quota.charge(LIMITS.bytesPerS, 0)
    assert.equal(quota.admit(0, 1_000), undefined)
    assert.equal(quota.admit(1, 1_000), 1_000)
  })

  it('REQ-12: after an answer limited nothing is asked until the pause is over', () => {
    const quota = new RequestQuota(LIMITS, 0)
    quota.close(1_000)
    quota.close(500)
    assert.equal(quota.admit(0, 999), undefined)
    assert.equal(quota.admit(0, 1_000), 1_000)
    assert.equal(quota.admit(1_000, 0), 0)
  })

  it('REQ-11: quotas are bounded; the longest unused one is forgotten, one in use never', async () => {
    const book = new QuotaBook(2)
    const first = book.of('a', LIMITS, 0)
    book.of('b', LIMITS, 0)
    assert.equal(book.of('a', LIMITS, 0), first)
    book.of('c', LIMITS, 0)
    assert.equal(book.size, 2)
    assert.equal(book.of('a', LIMITS, 0), first, 'b was the longest unused')
    await first.slots.take()
    book.of('c', LIMITS, 0)
    book.of('d', LIMITS, 0)
    book.of('e', LIMITS, 0)
    assert.equal(book.size, 2)
    assert.equal(book.of('a', LIMITS, 0), first)
  })
})

describe('slots', () => {
  it('REQ-11: so many at a time, the others in their order; a slot passes on without becoming free', async () => {
    const slots = new Slots(2)
    const order: number[] = []
    const run = async (id: number): Promise<void> => {
      await slots.take()
      order.push(id)
    }
    void run(0)
    void run(1)
    void run(2)
    void run(3)
    await settled()
    assert.deepEqual(order, [0, 1])
    assert.equal(slots.open, 4)
    assert.equal(slots.waiting, 2)
    slots.give()
    void run(4)
    await settled()
    assert.deepEqual(order, [0, 1, 2])
    for (let i = 0; i < 4; i++) slots.give()
    await settled()
    assert.deepEqual(order, [0, 1, 2, 3, 4])
    assert.equal(slots.open, 0)
  })
})

describe('room for answers', () => {
  afterEach(() => mock.timers.reset())

  it('REQ-11: fills to its bounds, of one peer and of all, and one byte more waits', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const room = new AnswerRoom({ bytes: 100, bytesPerPeer: 60 })
    assert.equal(await room.take(alice, 60, 10), true)
    const late = room.take(alice, 1, 10)
    assert.equal(await room.take(bob, 40, 10), true, 'who waits for its own part holds nobody up')
    const full = room.take(bob, 1, 10)
    mock.timers.tick(10)
    assert.deepEqual([await late, await full], [false, false])
    assert.equal(room.held, 100)
  })

  it('REQ-11: what is given back goes to those that wait, in their order, and none that gave up', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const room = new AnswerRoom({ bytes: 100, bytesPerPeer: 100 })
    await room.take(alice, 100, 10)
    const gone = room.take(bob, 50, 5)
    const first = room.take(bob, 50, 50)
    const second = room.take(alice, 51, 50)
    mock.timers.tick(5)
    assert.equal(await gone, false)
    room.give(alice, 100)
    assert.equal(await first, true)
    assert.equal(room.held, 50)
    room.give(bob, 50)
    assert.equal(await second, true)
    room.give(alice, 51)
    assert.equal(room.held, 0)
  })
})
