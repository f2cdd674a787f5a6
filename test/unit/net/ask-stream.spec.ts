import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { AskStream } from '../../../src/net/ask-stream.ts'
import { streamFailure } from '../../../src/net/errors.ts'
import { NET_LIMITS, REQUEST_LIMITS } from '../../../src/net/limits.ts'
import type { Response } from '../../../src/net/types.ts'
import { concat, u32be } from '../../../src/primitives/bytes.ts'
import { FakeStream } from '../../support/fake-stream.ts'
import { answerFrames, answerHead } from '../../support/requests.ts'

const LIMITS = REQUEST_LIMITS.bodies
const body = Uint8Array.of(1)
const ok = Uint8Array.of(0)
const framed = (frame: Uint8Array): Uint8Array => concat(u32be(frame.length), frame)
const turn = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** One asker on a clock that the test moves. */
class World {
  nowMs = 0
  readonly stream = new FakeStream()
  readonly closed: (Error | undefined)[] = []
  readonly asking: AskStream

  constructor() {
    mock.timers.enable({ apis: ['setTimeout'] })
    this.asking = new AskStream(this.stream.asStream, {
      limits: LIMITS,
      signal: new AbortController().signal,
      closed: (error) => this.closed.push(error),
      nowMs: () => this.nowMs
    })
    void this.asking.run()
  }

  /** @returns what became of the request so far. */
  ask(): { outcome: string; response?: Response } {
    const seen: { outcome: string; response?: Response } = { outcome: 'pending' }
    this.asking.ask(body).then(
      (response) => Object.assign(seen, { outcome: response.result, response }),
      (error: unknown) => Object.assign(seen, { outcome: streamFailure(error) })
    )
    return seen
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms
    mock.timers.tick(ms)
    await turn()
    await turn()
  }

  async say(...frames: Uint8Array[]): Promise<void> {
    this.stream.say(...frames.map(framed))
    await turn()
  }
}

describe('asking on one stream', () => {
  afterEach(() => mock.timers.reset())

  it('REQ-7: requests leave in one write, answers find theirs in any order', async () => {
    const world = new World()
    const seen = [world.ask(), world.ask()]
    await turn()
    assert.equal(world.stream.sent.byteLength, 2 * (4 + 5 + 1))
    await world.say(...answerFrames(1, [Uint8Array.of(1)]), ...answerFrames(0, [ok, body]))
    assert.deepEqual(
      seen.map(({ outcome }) => outcome),
      ['ok', 'lacks']
    )
    assert.deepEqual(seen[0]!.response, { result: 'ok', frames: [body] })
  })

  it('REQ-10: timeoutMs: in time a request waits, then it alone ends and is withdrawn', async () => {
    const world = new World()
    const late = world.ask()
    await world.pass(LIMITS.timeoutMs - 1)
    const fresh = world.ask()
    await world.say(...answerFrames(1, [ok]))
    assert.equal(late.outcome, 'pending')
    await world.pass(1)
    assert.deepEqual([late.outcome, fresh.outcome], ['timeout', 'ok'])
    assert.deepEqual(world.stream.sent.slice(-9), Uint8Array.of(0, 0, 0, 5, 1, 0, 0, 0, 0))
    assert.ok(world.asking.isUsable, 'somebody was heard: the stream goes on')
    assert.deepEqual(world.closed, [])
  })

  it('REQ-10: answerBytesPerS: the time grows with what comes of the answer, and no further', async () => {
    const world = new World()
    const request = world.ask()
    const bytes = NET_LIMITS.answerBytesPerS
    await world.say(concat(u32be(0), answerHead(0, 1, 2 * bytes + 4), u32be(2 * bytes)))
    for (let left = bytes - 13; left > 0; left -= 50_000)
      await world.say(concat(u32be(0), new Uint8Array(Math.min(left, 50_000))))
    await world.pass(LIMITS.timeoutMs + 999)
    assert.equal(request.outcome, 'pending')
    await world.pass(1)
    assert.equal(request.outcome, 'timeout')
  })

  it('REQ-10: a stream that was silent all the time takes no new requests and ends with its last one', async () => {
    const world = new World()
    const first = world.ask()
    await world.pass(LIMITS.timeoutMs / 2)
    const second = world.ask()
    await world.pass(LIMITS.timeoutMs / 2)
    assert.equal(first.outcome, 'timeout')
    assert.equal(world.asking.isUsable, false)
    assert.equal(second.outcome, 'pending', 'it has its own time')
    await world.say(...answerFrames(1, [ok]))
    assert.equal(second.outcome, 'ok')
    assert.deepEqual(world.closed, [undefined])
  })

  it('REQ-8 REQ-10: what comes late is dropped up to its bound; one byte more, or an id never used, is proof', async () => {
    for (const over of [0, 1]) {
      const world = new World()
      void world.ask()
      await world.pass(LIMITS.timeoutMs / 2)
      await world.say(concat(u32be(0), answerHead(0, 1, 100_000)))
      const other = world.ask()
      // The nine bytes that came earned it less than a millisecond.
      await world.pass(LIMITS.timeoutMs / 2)
      await world.pass(1)
      const owed = 100_000 + over
      await world.say(
        ...[50_000, owed - 50_000].map((length) => concat(u32be(0), new Uint8Array(length))),
        ...answerFrames(1, [ok])
      )
      assert.equal(other.outcome, over === 0 ? 'ok' : 'too-many')
      assert.equal(world.closed.length, over)
      mock.timers.reset()
    }
    const world = new World()
    void world.ask()
    await world.say(...answerFrames(1, [ok]))
    assert.equal(streamFailure(world.closed[0]), 'garbage')
  })

  it('REQ-8: what breaks the stream ends all its requests, and is told once', async () => {
    const world = new World()
    const seen = [world.ask(), world.ask(), world.ask()]
    await world.say(concat(u32be(1), Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0)))
    assert.deepEqual(
      seen.map(({ outcome }) => outcome),
      ['garbage', 'garbage', 'garbage']
    )
    assert.equal(world.closed.length, 1)
  })

  it('REQ-7: requestIdleMs: a stream without requests is kept so long and then closed', async () => {
    const world = new World()
    const request = world.ask()
    await world.say(...answerFrames(0, [ok]))
    assert.equal(request.outcome, 'ok')
    await world.pass(NET_LIMITS.requestIdleMs - 1)
    assert.ok(world.asking.isUsable)
    await world.pass(1)
    assert.equal(world.asking.isUsable, false)
    assert.deepEqual([world.closed, world.stream.writeStatus], [[undefined], 'closed'])
    await world.pass(NET_LIMITS.lastWordsMs - 1)
    assert.equal(world.stream.status, 'open')
    await world.pass(1)
    assert.equal(world.stream.status, 'aborted', 'a peer that keeps its side open is not waited for')
  })
})
