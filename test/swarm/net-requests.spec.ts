import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, Stream } from '@libp2p/interface'
import { HANGING_UP_MS } from '../../src/net/early-end.ts'
import { readOnlyFrame, writeFrames } from '../../src/net/frames.ts'
import type { Host } from '../../src/net/host.ts'
import { REQUEST_LIMITS } from '../../src/net/limits.ts'
import type { Libp2pNetwork } from '../../src/net/network.ts'
import { ASK_HEAD_BYTES, encodeAsk } from '../../src/net/request-wire.ts'
import { protocolOf, STATUS_PROTOCOL } from '../../src/net/topics.ts'
import { REQUEST_PROTOCOLS } from '../../src/net/types.ts'
import type { Peer, RequestHandler, RequestProtocol } from '../../src/net/types.ts'
import { concat, u32be } from '../../src/primitives/bytes.ts'
import { eventually } from '../support/eventually.ts'
import { addressOf, allFrames, Cleanup, isUp, NETWORK, rawConnect } from '../support/net.ts'
import type { TestNode } from '../support/net.ts'
import { answerHead } from '../support/requests.ts'

/** Discovery serves its own two. */
const OF_DISCOVERY: readonly string[] = ['metadata', 'peers']
const SERVED = REQUEST_PROTOCOLS.filter((protocol) => !OF_DISCOVERY.includes(protocol))
/** What a node holds against a peer for a protocol. */
const factsOf = (node: TestNode, peer: Peer, protocol: RequestProtocol): string[] =>
  node.net
    .why(peer)
    .filter(({ why }) => why.startsWith(protocol))
    .map(({ fact }) => fact)
const serveAll =
  (handler: RequestHandler) =>
  (net: Libp2pNetwork): void => {
    for (const protocol of SERVED) net.serve(protocol, handler)
  }
const body = Uint8Array.of(1, 2, 3)
/** A part of the answer to the first request, or to another. */
const part = (stream: Stream, bytes: Uint8Array, id = 0): Promise<void> =>
  writeFrames(stream, [concat(u32be(id), bytes)])

describe('swarm: requests', function () {
  this.timeout(30_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  async function pair(handler: RequestHandler): Promise<[server: TestNode, client: TestNode]> {
    const server = await cleanup.node({ name: 'server', prepare: serveAll(handler) })
    const client = await cleanup.node({ name: 'client', bootstrap: [addressOf(server)] })
    await eventually('up', () => isUp(server, client) && isUp(client, server))
    return [server, client]
  }

  it('REQ-7: every protocol gives back a result code and the frames of the handler', async () => {
    const [server, client] = await pair((asked) => ({
      result: 'ok',
      frames: asked.length === 1 ? [] : [asked, body]
    }))
    for (const protocol of ['bodies', 'certificates'] as const) {
      const asked = Uint8Array.of(9, 9)
      assert.deepEqual(await client.net.request(server.net.self, protocol, asked), {
        result: 'ok',
        frames: [asked, body]
      })
    }
    const answer = await client.net.request(server.net.self, 'transactions', Uint8Array.of(1))
    assert.deepEqual(answer, { result: 'ok', frames: [] })
    for (const protocol of ['bodies', 'certificates', 'transactions']) {
      assert.equal(client.count(`request:${protocol}:ok`), 1)
      assert.equal(server.count(`served:${protocol}:ok`), 1)
    }
  })

  it('REQ-7 D14: lacks, limited, invalid and internal arrive as such and cost the answering peer nothing', async () => {
    const results = ['lacks', 'limited', 'internal'] as const
    let next = 0
    const [server, client] = await pair(() => ({ result: results[next++]!, frames: [] }))
    for (const result of results) {
      assert.equal((await client.net.request(server.net.self, 'bodies', body)).result, result)
      assert.equal(client.count(`request:bodies:${result}`), 1)
    }
    assert.equal(client.net.peers()[0]!.score, 0)
    assert.deepEqual(factsOf(client, server.net.self, 'bodies'), ['lacks', 'limited', 'lacks'])
  })

  it('D14: a request that the handler calls invalid costs the asker', async () => {
    const [server, client] = await pair(() => ({ result: 'invalid', frames: [] }))
    assert.equal((await client.net.request(server.net.self, 'bodies', body)).result, 'invalid')
    await eventually('disconnected', () => server.downs.length === 1)
    assert.equal(server.net.why(client.net.self)[0]!.fact, 'invalid')
  })

  it('REQ-7: a handler that throws, or answers above its limits, is internal and our fault', async () => {
    const limits = REQUEST_LIMITS.bodies
    const [server, client] = await pair((asked) => {
      if (asked[0] === 0) throw new Error('broken')
      return { result: 'ok', frames: Array.from({ length: limits.frames + (asked[1] ?? 0) }, () => body) }
    })
    assert.equal((await client.net.request(server.net.self, 'bodies', Uint8Array.of(0))).result, 'internal')
    assert.equal(
      (await client.net.request(server.net.self, 'bodies', Uint8Array.of(1, 1))).result,
      'internal'
    )
    const atLimit = await client.net.request(server.net.self, 'bodies', Uint8Array.of(1, 0))
    assert.equal(atLimit.frames.length, limits.frames)
    assert.equal(server.count('fact:our-fault'), 2)
    assert.equal(client.net.peers()[0]!.score, 0)
  })

  it('REQ-10: a request at its size passes, one byte more never leaves; an unknown peer is no exception', async () => {
    const [server, client] = await pair((asked) => ({
      result: asked.length === 1024 ? 'ok' : 'lacks',
      frames: []
    }))
    const limit = REQUEST_LIMITS.bodies.requestBytes
    assert.equal((await client.net.request(server.net.self, 'bodies', new Uint8Array(limit))).result, 'ok')
    assert.equal(
      (await client.net.request(server.net.self, 'bodies', new Uint8Array(limit + 1))).result,
      'internal'
    )
    assert.equal(client.count('request:bodies:own-oversize'), 1)
    assert.equal((await client.net.request('nobody' as Peer, 'bodies', body)).result, 'internal')
    assert.equal(client.count('request:bodies:no-peer'), 1)
  })

  it('REQ-10: a peer that vanishes in the middle is a lost request', async () => {
    let asked = 0
    const [server, client] = await pair(() => {
      asked += 1
      return new Promise(() => undefined)
    })
    const pending = client.net.request(server.net.self, 'bodies', body)
    await eventually('asked', () => asked === 1)
    server.net.cut()
    assert.equal((await pending).result, 'internal')
    assert.equal(client.count('request:bodies:lost'), 1)
    assert.deepEqual(factsOf(client, server.net.self, 'bodies'), ['slow'])
  })

  it('REQ-11: a burst is served at once, then requests are delayed and none is lost', async () => {
    const [server, client] = await pair(() => ({ result: 'ok', frames: [] }))
    const { requestsBurst, requestsPerS, concurrency } = REQUEST_LIMITS.bodies
    const over = 8
    const startedMs = performance.now()
    for (let left = requestsBurst + over; left > 0; left -= concurrency) {
      const round = Array.from({ length: concurrency }, () =>
        client.net.request(server.net.self, 'bodies', body)
      )
      assert.ok((await Promise.all(round)).every(({ result }) => result === 'ok'))
    }
    const tookMs = performance.now() - startedMs
    assert.ok(tookMs > 0.5 * ((over - concurrency) / requestsPerS) * 1000, `${tookMs} ms`)
  })

  it('REQ-11: twice its concurrency waits or is served, one more is answered limited; our own client waits', async () => {
    const gate = Promise.withResolvers<void>()
    let atOnce = 0
    let most = 0
    const [server, client] = await pair(async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      await gate.promise
      atOnce -= 1
      return { result: 'ok', frames: [] }
    })
    const { concurrency } = REQUEST_LIMITS.bodies
    const raw = await cleanup.rawHost('raw')
    const connection = await rawConnect(raw, server)
    const stream = await connection.newStream(protocolOf(NETWORK, 'bodies'))
    for (let id = 0; id <= 2 * concurrency; id++) stream.send(encodeAsk(id, body))
    const answers = allFrames(stream)
    await stream.close()
    const own = Array.from({ length: 3 * concurrency }, () =>
      client.net.request(server.net.self, 'bodies', body)
    )
    await eventually('limited', () => server.count('served:bodies:limited') === 1)
    await eventually('served', () => atOnce === 2 * concurrency)
    gate.resolve()
    const codes = (await answers).map((frame) => [frame[3], frame[4]])
    assert.deepEqual(codes[0], [2 * concurrency, 2], 'the last one is refused at once')
    assert.equal(codes.filter(([, code]) => code === 0).length, 2 * concurrency)
    assert.ok((await Promise.all(own)).every(({ result }) => result === 'ok'))
    assert.equal(most, 2 * concurrency, 'so many of each peer')
  })

  const badRequests: [
    title: string,
    bytes: (protocol: RequestProtocol) => Uint8Array,
    reason: string,
    fact: string
  ][] = [
    [
      'an oversized request',
      (protocol) => u32be(ASK_HEAD_BYTES + REQUEST_LIMITS[protocol].requestBytes + 1),
      'oversize',
      'invalid'
    ],
    ['garbage', () => new Uint8Array(100).fill(0xab), 'oversize', 'invalid'],
    ['a cut request', () => concat(u32be(9), Uint8Array.of(1)), 'cut', 'broken-promise'],
    ['a frame of no kind', () => concat(u32be(5), Uint8Array.of(2, 0, 0, 0, 0)), 'garbage', 'invalid'],
    ['a frame without an id', () => concat(u32be(4), Uint8Array.of(0, 0, 0, 0)), 'garbage', 'invalid'],
    [
      'an id used twice',
      () => concat(encodeAsk(4, body).subarray(), encodeAsk(4, body).subarray()),
      'garbage',
      'invalid'
    ]
  ]
  for (const protocol of REQUEST_PROTOCOLS) {
    for (const [title, bytes, reason, fact] of badRequests) {
      it(`REQ-8: ${title} on ${protocol} is refused as ${reason} and counted`, async () => {
        const server = await cleanup.node({
          name: 'server',
          prepare: serveAll(() => ({ result: 'ok', frames: [] }))
        })
        const raw = await cleanup.rawHost('raw')
        const connection = await rawConnect(raw, server)
        await eventually('up', () => server.net.peers().length === 1)
        const stream = await connection.newStream(protocolOf(NETWORK, protocol))
        if (bytes(protocol).length > 0) stream.send(bytes(protocol))
        const answer = allFrames(stream)
        await stream.close().catch(() => undefined)
        await answer
        await eventually(
          () => `counted: ${JSON.stringify([...server.counts])}`,
          () => server.count(`served:${protocol}:${reason}`) === 1
        )
        assert.ok(factsOf(server, raw.peerId.toString() as Peer, protocol).includes(fact))
        if (fact === 'invalid') await eventually('disconnected', () => server.net.peers().length === 0)
      })
    }
  }

  it('REQ-8: garbage instead of a status is refused with its reason', async () => {
    const server = await cleanup.node({ name: 'server' })
    const raw = await cleanup.rawHost('raw')
    const connection = await raw.dial((await import('@multiformats/multiaddr')).multiaddr(addressOf(server)))
    const stream = await connection.newStream(STATUS_PROTOCOL)
    await writeFrames(stream, [new Uint8Array(70).fill(3)])
    await eventually('refused', () => server.count('handshake:garbage') === 1)
    assert.equal(server.net.peers().length, 0)
    await eventually('disconnected', () => raw.getConnections().length === 0)
  })

  const content = REQUEST_LIMITS.bodies
  const answers: [title: string, answer: (stream: Stream) => Promise<void>, outcome: string, fact: string][] =
    [
      ['that is no part', (stream) => writeFrames(stream, [Uint8Array.of(0, 0)]), 'garbage', 'invalid'],
      ['to nothing that was asked', (stream) => part(stream, answerHead(0, 0, 0), 7), 'garbage', 'invalid'],
      ['with an unknown code', (stream) => part(stream, answerHead(5, 0, 0)), 'garbage', 'invalid'],
      [
        'with a frame too many',
        (stream) => part(stream, answerHead(0, content.frames + 1, 0)),
        'too-many',
        'invalid'
      ],
      [
        'with too many bytes',
        (stream) => part(stream, answerHead(0, 1, content.responseBytes + 5)),
        'too-many',
        'invalid'
      ],
      [
        'with an oversized frame',
        (stream) =>
          part(stream, concat(answerHead(0, 1, content.frameBytes + 5), u32be(content.frameBytes + 1))),
        'oversize',
        'invalid'
      ],
      [
        'with more bytes than it declared',
        (stream) => part(stream, concat(answerHead(0, 1, 5), u32be(1), Uint8Array.of(1, 2))),
        'too-many',
        'invalid'
      ],
      [
        'with fewer frames than it declared',
        (stream) => part(stream, concat(answerHead(0, 2, 5), u32be(1), Uint8Array.of(1))),
        'garbage',
        'invalid'
      ],
      [
        'with more frames than it declared',
        (stream) => part(stream, concat(answerHead(0, 1, 8), u32be(0), u32be(0))),
        'too-many',
        'invalid'
      ],
      [
        'cut inside a frame',
        (stream) => {
          stream.send(concat(u32be(50), Uint8Array.of(1)))
          return Promise.resolve()
        },
        'cut',
        'broken-promise'
      ],
      ['that ends early', (stream) => part(stream, answerHead(0, 1, 5)), 'cut', 'broken-promise'],
      ['that is empty', () => Promise.resolve(), 'cut', 'broken-promise']
    ]
  for (const [title, answer, outcome, fact] of answers) {
    it(`REQ-8: an answer ${title} is ${outcome}, a fact about the peer, and no exception`, async () => {
      const client = await cleanup.node({ name: 'client' })
      const raw = await cleanup.rawHost('raw')
      await raw.handle(protocolOf(NETWORK, 'bodies'), async (stream) => {
        await readOnlyFrame(stream, 1_000)
        await answer(stream)
        await stream.close()
      })
      await rawConnect(raw, client)
      const peer = raw.peerId.toString() as Peer
      await eventually('up', () => client.net.peers().length === 1)
      assert.deepEqual(await client.net.request(peer, 'bodies', body), { result: 'internal', frames: [] })
      assert.equal(client.count(`request:bodies:${outcome}`), 1)
      // Who ends a stream may be about to hang up, which is no fault: that it stays is waited for.
      if (outcome === 'cut') await eventually('judged', () => factsOf(client, peer, 'bodies').length > 0)
      assert.deepEqual(factsOf(client, peer, 'bodies'), [fact])
    })
  }

  const hangUps: [title: string, hangUp: (raw: Host, connection: Connection) => Promise<void>][] = [
    ['hangs up', async (raw, { remotePeer }) => raw.hangUp(remotePeer)],
    [
      'ends its streams, and its connection a while later',
      async (_raw, connection) => {
        const [stream] = connection.streams.filter(({ protocol }) => protocol.includes('bodies'))
        await stream?.close()
        await delay(HANGING_UP_MS / 4)
        await connection.close()
      }
    ]
  ]
  for (const [title, hangUp] of hangUps) {
    it(`REQ-8 D14: a peer that ${title} while it owes an answer has broken no promise`, async () => {
      const client = await cleanup.node({ name: 'client' })
      const raw = await cleanup.rawHost('raw')
      const asked = Promise.withResolvers<Connection>()
      await raw.handle(protocolOf(NETWORK, 'bodies'), async (stream, connection) => {
        await readOnlyFrame(stream, 1_000)
        asked.resolve(connection)
      })
      await rawConnect(raw, client)
      const peer = raw.peerId.toString() as Peer
      await eventually('up', () => client.net.peers().length === 1)
      const pending = client.net.request(peer, 'bodies', body)
      await hangUp(raw, await asked.promise)
      assert.deepEqual(await pending, { result: 'internal', frames: [] })
      await eventually('judged', () => factsOf(client, peer, 'bodies').length > 0)
      assert.deepEqual(factsOf(client, peer, 'bodies'), ['slow'])
      assert.equal(client.count('fact:broken-promise'), 0)
    })
  }
})
