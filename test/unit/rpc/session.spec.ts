import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { SubscriptionNotification } from '../../../src/client/types.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { Dispatch } from '../../../src/rpc/dispatch.ts'
import type { Reply } from '../../../src/rpc/dispatch.ts'
import type { NodePort } from '../../../src/rpc/port.ts'
import { SOCKET_LIMITS } from '../../../src/rpc/ws/limits.ts'
import type { SocketLimits } from '../../../src/rpc/ws/limits.ts'
import { TAKE_MAX } from '../../../src/rpc/ws/feeds.ts'
import { Session } from '../../../src/rpc/ws/session.ts'
import type { Wire } from '../../../src/rpc/ws/session.ts'
import { SHARD } from '../../support/fake-node-port.ts'
import { GrowingChain } from '../../support/growing-chain.ts'

/** A socket whose other side reads when the test says so. */
class FakeWire implements Wire {
  readonly sent: string[] = []
  readonly calls: string[] = []
  #unread: { readonly text: string; readonly done: () => void }[] = []
  isRead = true

  get bufferedAmount(): number {
    return this.#unread.reduce((sum, { text }) => sum + text.length, 0)
  }

  send(text: string, done: () => void): void {
    this.sent.push(text)
    this.#unread.push({ text, done })
    if (this.isRead) this.read()
  }

  read(): void {
    for (const { done } of this.#unread.splice(0)) done()
  }

  close(code: number): void {
    this.calls.push(`close ${code}`)
  }

  terminate(): void {
    this.calls.push('terminate')
  }

  ping(): void {
    this.calls.push('ping')
  }

  pause(): void {
    this.calls.push('pause')
  }

  resume(): void {
    this.calls.push('resume')
  }
}

function open(chain = new GrowingChain(), limits: Partial<SocketLimits> = {}, inFlightMax = 10_000) {
  const [wire, clock] = [new FakeWire(), { nowMs: 0 }]
  const [ended, failed]: [string[], string[]] = [[], []]
  const events = { failed: (where: string) => void failed.push(where), refused: () => undefined }
  const dispatch = new Dispatch(chain.port, events, { inFlightMax })
  const session = new Session({
    port: chain.port,
    dispatch,
    wire,
    limits: { ...SOCKET_LIMITS, ...limits },
    events: {
      published: () => undefined,
      ended: (reason) => void ended.push(reason),
      failed: (where) => void failed.push(where)
    },
    nowMs: () => clock.nowMs
  })
  chain.onFinal(() => session.wake())
  const say = async (method: string, params: object = {}, id: number = 1): Promise<void> => {
    session.receive(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    await settle()
  }
  return { session, wire, clock, ended, failed, say, chain, dispatch }
}

/** Lets everything run that waits for nothing but a turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

const messages = ({ sent }: FakeWire) =>
  sent.map((text) => JSON.parse(text) as SubscriptionNotification & Reply)
const refusalOf = (reply: Reply | undefined): unknown =>
  (reply?.error?.data as { code?: string } | undefined)?.code
const heights = (wire: FakeWire, chain: 'coord' | number): number[] =>
  messages(wire).flatMap((message) => {
    if (!('method' in message)) return []
    const event = message.params.event as { chain: unknown; block?: { header: { height: number } } }
    return event.chain === chain && event.block !== undefined ? [event.block.header.height] : []
  })
const upTo = (last: number, first = 0): number[] =>
  Array.from({ length: last + 1 - first }, (_, index) => first + index)

describe('RPC: one WebSocket', () => {
  it('RPC-14: answers calls and batches like HTTP, each when it is there', async () => {
    const { session, wire, say } = open()
    await say('node_info')
    await say('nothing', {}, 2)
    session.receive(JSON.stringify([{ jsonrpc: '2.0', id: 3, method: 'chain_list', params: {} }, 4]))
    session.receive('{')
    session.receive(JSON.stringify({ jsonrpc: '2.0', method: 'node_info' }))
    await settle()
    const [info, unknown, syntax, batch, ...more] = messages(wire) as unknown as (Reply & Reply[])[]
    assert.equal(info?.error, undefined)
    assert.equal(unknown?.error?.code, -32601)
    assert.deepEqual([syntax?.error?.code, batch?.length], [-32700, 2])
    assert.deepEqual(more, [])
  })

  it('RPC-15: replays from a height and goes on live, without gap or double, sequence from 0', async () => {
    const chain = new GrowingChain()
    chain.grow(SHARD, 100)
    chain.grow(COORD, 40)
    const { wire, say } = open(chain)
    const saying = say('subscribe', { topic: 'final', fromHeight: 3 })
    for (let i = 0; i < 30; i++) {
      chain.grow(i % 3 === 0 ? COORD : SHARD)
      await turn()
    }
    await saying
    await settle()
    assert.deepEqual(heights(wire, 0), upTo(120, 3))
    assert.deepEqual(heights(wire, 'coord'), upTo(50, 3))
    const [answer, ...notifications] = messages(wire)
    assert.deepEqual(answer?.result, {
      subscription: '1',
      topic: 'final',
      from: [
        { chain: 'coord', height: 3 },
        { chain: 0, height: 3 }
      ]
    })
    assert.deepEqual(
      notifications.map(({ params }) => params.sequence),
      upTo(notifications.length - 1)
    )
  })

  it('RPC-15: without fromHeight, and with one in the future, begins there; one chain if asked', async () => {
    const { chain, wire, say } = open()
    chain.grow(SHARD, 5)
    await say('subscribe', { topic: 'final', chain: 0 })
    await say('subscribe', { topic: 'final', chain: 'coord', fromHeight: 2 })
    chain.grow(COORD, 3)
    chain.grow(SHARD, 2)
    await settle()
    assert.deepEqual(
      [heights(wire, 0), heights(wire, 'coord')],
      [
        [6, 7],
        [2, 3]
      ]
    )
  })

  it('RPC-15: a height that is not held is refused, and one that is lost while reading is told', async () => {
    const chain = new GrowingChain()
    chain.grow(SHARD, 10)
    chain.earliest = 5
    const { wire, say } = open(chain)
    await say('subscribe', { topic: 'final', chain: 0, fromHeight: 4 })
    assert.equal(refusalOf(messages(wire)[0]), 'BLOCK_UNKNOWN')
    await say('subscribe', { topic: 'final', chain: 0, fromHeight: 5 })
    assert.deepEqual(heights(wire, 0), upTo(10, 5))
    chain.earliest = 20
    chain.grow(SHARD, 10)
    await settle()
    chain.grow(SHARD)
    await settle()
    const events = messages(wire).flatMap((message) => ('method' in message ? [message.params.event] : []))
    assert.deepEqual(events.at(-3), { chain: 0, missed: { from: 11, to: 19 } })
    assert.deepEqual(heights(wire, 0), [...upTo(10, 5), 20, 21])
  })

  it('RPC-15: topic sync tells the answer at once and then only what differs', async () => {
    let final = 7
    const port: Partial<NodePort> = {
      sync: () => [
        {
          chain: SHARD,
          mode: 'live',
          head: 8,
          final,
          target: 7,
          claimed: 7,
          blocksPerS: 1,
          peers: 3,
          trust: 'genesis'
        }
      ]
    }
    const { session, wire, clock, say } = open(new GrowingChain(port))
    await say('subscribe', { topic: 'sync' })
    const told = () => wire.sent.length - 1
    assert.equal(told(), 1)
    for (const [atMs, height, count] of [
      [SOCKET_LIMITS.tickMs, 7, 1],
      // It is read once in an interval: two changes within one are one event.
      [2 * SOCKET_LIMITS.tickMs, 9, 2],
      [3 * SOCKET_LIMITS.tickMs - 1, 10, 2],
      [3 * SOCKET_LIMITS.tickMs, 10, 3]
    ] as const) {
      clock.nowMs = atMs
      final = height
      session.tick()
      await settle()
      assert.equal(told(), count)
    }
  })

  it('RPC-15: unsubscribe ends it, a second time is SUBSCRIPTION_UNKNOWN', async () => {
    const { chain, wire, say } = open()
    await say('subscribe', { topic: 'final', chain: 0 })
    await say('unsubscribe', { subscription: '1' })
    chain.grow(SHARD)
    await say('unsubscribe', { subscription: '1' })
    const [, ended, again] = messages(wire)
    assert.deepEqual(ended?.result, { subscription: '1' })
    assert.equal(refusalOf(again), 'SUBSCRIPTION_UNKNOWN')
    assert.equal(wire.sent.length, 3)
  })

  it('RPC-15: bad parameters and chains are named', async () => {
    const { wire, say } = open()
    const asked = [
      {},
      { topic: 'blocks' },
      { topic: 'final', fromHeight: -1 },
      { topic: 'final', from: 1 },
      { topic: 'sync', chain: 0 },
      { topic: 'sync', fromHeight: 0 },
      { topic: 'validators', chain: 0 },
      { topic: 'sync', id: '00'.repeat(32) },
      { topic: 'transaction' },
      { topic: 'atomic', id: '00'.repeat(31) },
      { topic: 'final', chain: 1 },
      { topic: 'final', chain: 9 }
    ]
    for (const params of asked) await say('subscribe', params)
    await say('unsubscribe', { subscription: 'x'.repeat(33) })
    const codes = messages(wire).map(
      ({ error }) =>
        refusalOf({ jsonrpc: '2.0', id: 1, ...(error && { error }) }) ??
        error?.message.replace(/, expected .*$/, '')
    )
    assert.deepEqual(codes, [
      'missing parameter: topic',
      'bad parameter: topic',
      'bad parameter: fromHeight',
      'unknown parameter: from',
      'topic sync takes neither chain nor fromHeight',
      'topic sync takes neither chain nor fromHeight',
      'topic validators takes neither chain nor fromHeight',
      'topic sync takes no id',
      'topic transaction takes an id',
      'bad parameter: id',
      'CHAIN_NOT_FOLLOWED',
      'CHAIN_UNKNOWN',
      'bad parameter: subscription'
    ])
  })

  it('RPC-16: has as many subscriptions as allowed, and not one more', async () => {
    const { session, wire, say } = open()
    for (let i = 0; i < SOCKET_LIMITS.subscriptions; i++) await say('subscribe', { topic: 'final' })
    assert.equal(session.subscriptions, SOCKET_LIMITS.subscriptions)
    await say('subscribe', { topic: 'final' })
    const facts = { code: 'SUBSCRIPTION_LIMIT', number: 309, limit: SOCKET_LIMITS.subscriptions }
    assert.deepEqual(messages(wire).at(-1)?.error?.data, facts)
  })

  it('RPC-16: a slow reader is published nothing more and loses nothing when it reads on', async () => {
    const { chain, wire, say } = open(new GrowingChain(), { bufferBytes: 20_000 })
    await say('subscribe', { topic: 'final', chain: 0 })
    wire.isRead = false
    chain.grow(SHARD, 1_000)
    await settle()
    const most = 20_000 + TAKE_MAX * Math.max(...wire.sent.map(({ length }) => length))
    assert.ok(wire.bufferedAmount > 20_000 && wire.bufferedAmount <= most, `${wire.bufferedAmount}`)
    assert.deepEqual(wire.calls, ['pause'])
    const before = wire.sent.length
    chain.grow(SHARD, 10)
    await settle()
    assert.equal(wire.sent.length, before)
    wire.isRead = true
    wire.read()
    await settle()
    assert.deepEqual(heights(wire, 0), upTo(1_010, 1))
    assert.deepEqual(wire.calls, ['pause', 'resume'])
  })

  it('RPC-16: a reader that takes nothing is closed with 4001 after its time, not before', async () => {
    const { session, chain, wire, clock, ended, say } = open(new GrowingChain(), { bufferBytes: 20_000 })
    await say('subscribe', { topic: 'final', chain: 0 })
    wire.isRead = false
    chain.grow(SHARD, 100)
    await settle()
    clock.nowMs = SOCKET_LIMITS.slowMs - 1
    session.tick()
    assert.deepEqual(wire.calls, ['pause'])
    clock.nowMs = SOCKET_LIMITS.slowMs
    session.tick()
    assert.deepEqual(wire.calls, ['pause', 'resume', 'close 4001'])
    clock.nowMs += 1_000
    session.tick()
    session.closed()
    assert.equal(wire.calls.at(-1), 'terminate')
    assert.deepEqual(ended, ['slow'])
  })

  it('RPC-16: answers so many messages at a time; further ones wait unread', async () => {
    const waiting: (() => void)[] = []
    const chain = new GrowingChain({
      transaction: () => new Promise((resolve) => waiting.push(() => resolve({ status: 'unknown' })))
    })
    const { wire, say } = open(chain, { callsInProgress: 2 })
    for (const id of [1, 2]) await say('tx_get', { id: '00'.repeat(32) }, id)
    assert.deepEqual([waiting.length, wire.calls], [2, []])
    await say('tx_get', { id: '00'.repeat(32) }, 3)
    assert.deepEqual([waiting.length, wire.calls], [2, ['pause']])
    waiting[0]?.()
    await settle()
    assert.deepEqual([waiting.length, wire.calls], [3, ['pause', 'resume']])
  })

  it('RPC-4: an answer that the other side has not taken weighs, until it is taken or the connection ends', async () => {
    const { session, wire, say, dispatch } = open(new GrowingChain(), {}, 1)
    const request = { jsonrpc: '2.0', id: 1, method: 'chain_head', params: { chain: 0 } }
    const refusal = async () => refusalOf((await dispatch.answer(request)) as Reply)
    wire.isRead = false
    for (const end of [() => wire.read(), () => session.closed()]) {
      await say('chain_head', { chain: 0 })
      assert.equal(await refusal(), 'RPC_BUSY')
      end()
      await settle()
      assert.equal(await refusal(), undefined)
    }
  })

  it('RPC-17: pings a silent connection, ends one that does not answer', () => {
    const { session, wire, clock, ended } = open()
    const at = (ms: number): void => {
      clock.nowMs = ms
      session.tick()
    }
    const { pingMs } = SOCKET_LIMITS
    at(pingMs - 1)
    assert.deepEqual(wire.calls, [])
    at(pingMs)
    session.heard()
    at(2 * pingMs)
    assert.deepEqual(wire.calls, ['ping', 'ping'])
    at(3 * pingMs - 1)
    assert.equal(wire.calls.length, 2)
    at(3 * pingMs)
    session.closed()
    assert.deepEqual([wire.calls.at(-1), ended], ['terminate', ['dead']])
  })

  it('RPC-17: closes a connection that neither asks nor subscribes with 4000', async () => {
    for (const isSubscribed of [false, true]) {
      const { session, wire, clock, say } = open()
      if (isSubscribed) await say('subscribe', { topic: 'final' })
      clock.nowMs = SOCKET_LIMITS.idleMs - 1
      session.heard()
      session.tick()
      assert.deepEqual(wire.calls, [])
      clock.nowMs = SOCKET_LIMITS.idleMs
      session.tick()
      assert.deepEqual(wire.calls, isSubscribed ? [] : ['close 4000'])
    }
  })

  it('RPC-17: a failing feed closes with 1011 and is reported', async () => {
    const chain = new GrowingChain()
    const { wire, failed, say } = open(
      new GrowingChain({
        headers: async (_chain, from) => {
          if (from > 0) throw new RangeError('disk')
          return []
        },
        head: (at) => chain.port.head(at)
      })
    )
    chain.grow(SHARD)
    await say('subscribe', { topic: 'final', chain: 0, fromHeight: 2 })
    chain.grow(SHARD, 3)
    await say('node_info')
    assert.deepEqual(failed, [])
    await say('subscribe', { topic: 'sync' })
    assert.deepEqual([failed, wire.calls], [['subscription'], ['close 1011']])
  })
})
