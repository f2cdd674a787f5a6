/**
 * For each limit of protocols/limits.md what happens at it and one past it, by the code that keeps it (LIM-1). Limits that
 * need a network have their pair where one is: the test that has it names the limit.
 */
import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { AnswerRoom } from '../../src/net/answer-room.ts'
import { AskStream } from '../../src/net/ask-stream.ts'
import { inboundLanes } from '../../src/net/context.ts'
import type { NetContext } from '../../src/net/context.ts'
import { streamFailure } from '../../src/net/errors.ts'
import { readOnlyFrame } from '../../src/net/frames.ts'
import type { LaneName } from '../../src/net/lanes.ts'
import { NET_LIMITS, REQUEST_LIMITS } from '../../src/net/limits.ts'
import type { RequestLimits } from '../../src/net/limits.ts'
import { silentMetrics } from '../../src/net/metrics.ts'
import { PeerLedger } from '../../src/net/peer-ledger.ts'
import { RequestClient } from '../../src/net/request-client.ts'
import { QuotaBook, RequestQuota } from '../../src/net/request-quota.ts'
import { AnswerReader, ASK_HEAD_BYTES } from '../../src/net/request-wire.ts'
import { Sessions } from '../../src/net/sessions.ts'
import type { Session } from '../../src/net/sessions.ts'
import { REQUEST_PROTOCOLS } from '../../src/net/types.ts'
import type { Peer } from '../../src/net/types.ts'
import { u32be } from '../../src/primitives/bytes.ts'
import { Uint8ArrayList } from 'uint8arraylist'
import { FakeStream } from './fake-stream.ts'
import { statusOf } from './net.ts'
import { answerHead } from './requests.ts'

/** Runs both halves; throws when either is not as it should be. */
export type LimitPair = () => void | Promise<void>

const nothing = (): void => undefined
const turn = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const peer = 'peer' as Peer

/** @returns what a reader says to a frame of that declared length, of which nothing but the length comes. */
async function readingOf(declared: number, limit: number): Promise<string> {
  const stream = new FakeStream()
  const reading = readOnlyFrame(stream.asStream, limit).then(nothing, streamFailure)
  stream.say(u32be(declared))
  await turn()
  stream.abort(new RangeError('over'))
  return (await reading) ?? 'read'
}

async function frame(limit: number): Promise<void> {
  assert.equal(await readingOf(limit, limit), 'lost', 'its body is waited for')
  assert.equal(await readingOf(limit + 1, limit), 'oversize')
}

/** @returns how an answer with this head, and the length of its first item, is taken. */
function headOf(limits: RequestLimits, items: number, bytes: number, first?: number): string {
  try {
    const reader = new AnswerReader(limits)
    reader.take(new Uint8ArrayList(answerHead(0, items, bytes + 4 * items)))
    if (first !== undefined) reader.take(new Uint8ArrayList(u32be(first)))
    return 'taken'
  } catch (error) {
    return streamFailure(error)
  }
}

async function timeout(limits: RequestLimits): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const asking = new AskStream(new FakeStream().asStream, {
    limits,
    signal: new AbortController().signal,
    closed: nothing,
    nowMs: () => nowMs
  })
  let outcome = 'pending'
  asking.ask(new Uint8Array(1)).then(nothing, (error: unknown) => (outcome = streamFailure(error)))
  nowMs = limits.timeoutMs - 1
  mock.timers.tick(nowMs)
  await turn()
  assert.equal(outcome, 'pending')
  nowMs += 1
  mock.timers.tick(1)
  await turn()
  assert.equal(outcome, 'timeout')
}

async function concurrency(limits: RequestLimits): Promise<void> {
  const { slots } = new RequestQuota(limits, 0)
  for (let i = 0; i < limits.concurrency; i++) void slots.take()
  assert.equal(slots.waiting, 0)
  void slots.take()
  assert.equal(slots.waiting, 1)
}

const REQUEST_PAIRS: Readonly<Record<keyof RequestLimits, (limits: RequestLimits) => void | Promise<void>>> =
  {
    requestBytes: ({ requestBytes }) => frame(ASK_HEAD_BYTES + requestBytes),
    frames(limits) {
      assert.equal(headOf(limits, limits.frames, 0), 'taken')
      assert.equal(headOf(limits, limits.frames + 1, 0), 'too-many')
    },
    frameBytes(limits) {
      const wide = { ...limits, frames: Math.max(1, limits.frames) }
      assert.equal(headOf(wide, 1, limits.responseBytes, limits.frameBytes), 'taken')
      assert.equal(headOf(wide, 1, limits.responseBytes, limits.frameBytes + 1), 'oversize')
    },
    responseBytes(limits) {
      assert.equal(headOf(limits, 0, limits.responseBytes), 'taken')
      assert.equal(headOf(limits, 0, limits.responseBytes + 1), 'too-many')
    },
    timeoutMs: timeout,
    concurrency,
    requestsPerS(limits) {
      const quota = new RequestQuota(limits, 0)
      for (let i = 0; i < limits.requestsBurst; i++) quota.admit(0, 0)
      for (let i = 0; i < limits.requestsPerS; i++) assert.equal(quota.admit(1_000, 0), 0)
      assert.notEqual(quota.admit(1_000, 0), 0)
    },
    requestsBurst(limits) {
      const quota = new RequestQuota(limits, 0)
      for (let i = 0; i < limits.requestsBurst; i++) assert.equal(quota.admit(0, 0), 0)
      assert.notEqual(quota.admit(0, 0), 0)
    },
    bytesPerS(limits) {
      const quota = new RequestQuota(limits, 0)
      quota.charge(limits.bytesBurst + limits.bytesPerS, 0)
      assert.equal(quota.admit(1_000, 0), 0)
      quota.charge(1, 1_000)
      assert.equal(quota.admit(1_000, 0), undefined)
    },
    bytesBurst(limits) {
      const quota = new RequestQuota(limits, 0)
      quota.charge(limits.bytesBurst, 0)
      assert.equal(quota.admit(0, 0), 0)
      quota.charge(1, 0)
      assert.equal(quota.admit(0, 0), undefined)
    }
  }

/** Jobs of many sources, since one has a quarter of the room. */
function lane(name: LaneName, jobs: number, bytes: number): LimitPair {
  return async () => {
    const lanes = inboundLanes(silentMetrics, nothing)
    const never = async (): Promise<void> => new Promise(nothing)
    const running = { consensus: 'consensus', transactions: 'tx', discovery: 'discovery' }[name]
    const judging = NET_LIMITS[`${running}LaneJudging` as 'txLaneJudging']
    // What runs no longer waits; as many jobs without bytes fill the slots.
    for (let i = 0; i < judging; i++) lanes.add(name, `runs ${i}`, 0, never)
    // Jobs have a slice of each turn of the event loop, which a busy machine may take away: some begin in a later one.
    for (let turn = 0; turn < judging && lanes.length(name) > 0; turn++) {
      await new Promise((resolve) => void setImmediate(resolve))
    }
    if (jobs === 0) {
      assert.equal(lanes.length(name), 0, 'so many run')
      lanes.add(name, 'next', 0, never)
      assert.equal(lanes.length(name), 1, 'one more waits')
      return
    }
    for (let i = 0; i < jobs; i++) assert.equal(lanes.add(name, `from ${i % 8}`, bytes, never), true)
    assert.equal(lanes.add(name, 'one more', bytes === 0 ? 0 : 1, never), false)
  }
}

function delay(limitMs: number): LimitPair {
  return () => {
    const limits = { ...REQUEST_LIMITS.bodies, requestsPerS: 1_000, requestsBurst: 1 }
    const quota = new RequestQuota(limits, 0)
    quota.admit(0, 0)
    for (let waitMs = 1; waitMs <= limitMs; waitMs++) assert.equal(quota.admit(0, limitMs), waitMs)
    assert.equal(quota.admit(0, limitMs), undefined)
  }
}

async function requestsWaiting(): Promise<void> {
  const sessions = new Sessions({ opened: nothing, closed: nothing })
  sessions.open({ peer, status: statusOf() } as Session)
  const stopping = new AbortController()
  const context = {
    host: { dialProtocol: async () => new Promise(nothing) },
    networkId: new Uint8Array(32),
    metrics: silentMetrics,
    signal: stopping.signal,
    report: nothing
  } as unknown as NetContext
  const client = new RequestClient(context, sessions)
  const results: string[] = []
  const most = REQUEST_LIMITS.bodies.concurrency + NET_LIMITS.requestsWaiting
  for (let i = 0; i <= most; i++) {
    void client.request(peer, 'bodies', new Uint8Array(1)).then(({ result }) => results.push(result))
    if (i === most - 1) await turn()
    if (i === most - 1) assert.deepEqual(results, [])
  }
  await turn()
  assert.deepEqual(results, ['limited'])
}

async function room(bytes: number, from: (index: number) => Peer): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  const answers = new AnswerRoom({
    bytes: NET_LIMITS.answersBytes,
    bytesPerPeer: NET_LIMITS.answersBytesPerPeer
  })
  const part = NET_LIMITS.answersBytesPerPeer
  for (let left = bytes, i = 0; left > 0; left -= part, i++)
    assert.equal(await answers.take(from(i), Math.min(left, part), 0), true)
  const late = answers.take(from(0), 1, 1)
  mock.timers.tick(1)
  assert.equal(await late, false)
}

const NET_PAIRS: Readonly<Record<string, LimitPair>> = {
  statusFrameBytes: () => frame(NET_LIMITS.statusFrameBytes),
  consensusFrameBytes: () => frame(NET_LIMITS.consensusFrameBytes),
  consensusLaneMessages: lane('consensus', NET_LIMITS.consensusLaneMessages, 0),
  consensusLaneBytes: lane('consensus', 64, NET_LIMITS.consensusLaneBytes / 64),
  consensusLaneJudging: lane('consensus', 0, 0),
  txLaneMessages: lane('transactions', NET_LIMITS.txLaneMessages, 0),
  txLaneBytes: lane('transactions', 64, NET_LIMITS.txLaneBytes / 64),
  txLaneJudging: lane('transactions', 0, 0),
  discoveryLaneMessages: lane('discovery', NET_LIMITS.discoveryLaneMessages, 0),
  discoveryLaneBytes: lane('discovery', 64, NET_LIMITS.discoveryLaneBytes / 64),
  discoveryLaneJudging: lane('discovery', 0, 0),
  requestDelayMs: delay(NET_LIMITS.requestDelayMs),
  requestHoldMs: delay(NET_LIMITS.requestHoldMs),
  requestsWaiting,
  limitedPauseMs() {
    const quota = new RequestQuota(REQUEST_LIMITS.bodies, 0)
    quota.close(NET_LIMITS.limitedPauseMs)
    assert.equal(quota.admit(NET_LIMITS.limitedPauseMs - 1, 0), undefined)
    assert.equal(quota.admit(NET_LIMITS.limitedPauseMs, 0), 0)
  },
  answersBytes: () => room(NET_LIMITS.answersBytes, (index) => `peer ${index}` as Peer),
  answersBytesPerPeer: () => room(NET_LIMITS.answersBytesPerPeer, () => peer),
  budgetsKept() {
    const book = new QuotaBook(NET_LIMITS.budgetsKept)
    for (let i = 0; i <= NET_LIMITS.budgetsKept; i++) {
      book.of(String(i), REQUEST_LIMITS.bodies, 0)
      assert.equal(book.size, Math.min(i + 1, NET_LIMITS.budgetsKept))
    }
  },
  ledgerPeers() {
    const ledger = new PeerLedger()
    for (let i = 0; i <= NET_LIMITS.ledgerPeers; i++) {
      ledger.record(String(i) as Peer, 'lacks', '', 0)
      assert.equal(ledger.size, Math.min(i + 1, NET_LIMITS.ledgerPeers))
    }
  },
  ledgerEvents() {
    const ledger = new PeerLedger()
    for (let i = 0; i <= NET_LIMITS.ledgerEvents; i++) {
      ledger.record(peer, 'lacks', String(i), 0)
      assert.equal(ledger.why(peer).length, Math.min(i + 1, NET_LIMITS.ledgerEvents))
    }
  }
}

/** Every pair that needs no network, by the name of its limit. */
export const LIMIT_PAIRS: ReadonlyMap<string, LimitPair> = new Map([
  ...Object.entries(NET_PAIRS),
  ...REQUEST_PROTOCOLS.flatMap((protocol) =>
    Object.entries(REQUEST_PAIRS).map(([field, pair]): [string, LimitPair] => [
      `${protocol}.${field}`,
      () => pair(REQUEST_LIMITS[protocol])
    ])
  )
])
