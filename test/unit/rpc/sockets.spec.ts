import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Client } from '../../../src/client/client.ts'
import { RpcFailure, RpcRefusal } from '../../../src/client/refusal.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { RpcServer } from '../../../src/rpc/server.ts'
import { SOCKET_LIMITS } from '../../../src/rpc/ws/limits.ts'
import type { SocketLimits } from '../../../src/rpc/ws/limits.ts'
import { SHARD } from '../../support/fake-node-port.ts'
import { eventually } from '../../support/eventually.ts'
import { GrowingChain } from '../../support/growing-chain.ts'

const NOTHING = (): void => undefined
const ENDING = 'bye'

/** A masked frame of up to 125 bytes, with a mask of zeros. */
const textFrame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])

describe('RPC: WebSockets', () => {
  let chain: GrowingChain
  let server: RpcServer
  let refused: string[]
  let ended: string[]
  let counted: number
  let published: number

  async function serve(sockets: Partial<SocketLimits> = {}): Promise<Client> {
    chain = new GrowingChain()
    refused = []
    ended = []
    published = 0
    server = new RpcServer(
      {
        port: chain.port,
        metrics: { contentType: 'text/plain', metrics: async () => '' },
        events: { failed: (_where, error) => assert.fail(String(error)), refused: NOTHING },
        socketEvents: {
          counted: (connections) => (counted = connections),
          published: () => (published += 1),
          ended: (reason) => void ended.push(reason),
          refused: (reason) => void refused.push(reason)
        },
        onFinal: chain.onFinal
      },
      { rpc: { host: '127.0.0.1', port: 0 }, sockets }
    )
    await server.start()
    return new Client({ url: `http://127.0.0.1:${server.address?.port}` })
  }

  const socketUrl = (): string => `ws://127.0.0.1:${server.address?.port}/ws`
  const opened = async (): Promise<WebSocket> => {
    const socket = new WebSocket(socketUrl())
    await once(socket, 'open')
    return socket
  }
  const closeCode = async (socket: WebSocket): Promise<number> => {
    const [event] = (await once(socket, 'close')) as [CloseEvent]
    return event.code
  }

  /** An upgrade by hand: what was answered, and the socket. */
  async function upgrade(headers: Record<string, string>): Promise<{ status: number; socket: Socket }> {
    const port = server.address?.port ?? 0
    const socket = connect(port, '127.0.0.1')
    const lines = Object.entries({
      Host: `127.0.0.1:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET /ws HTTP/1.1\r\n${lines.join('')}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return { status: Number(/^HTTP\/1.1 (\d+)/.exec(answer.toString())?.[1]), socket }
  }

  afterEach(async () => {
    await server.stop()
    assert.equal(chain.listeners, 0, 'the stopped server listens no more')
  })

  it('RPC-15: a client reads final blocks of both chains without gap or double while they grow', async () => {
    const client = await serve()
    chain.grow(SHARD, 500)
    const subscription = await client.subscribe('final', { fromHeight: 1 })
    assert.deepEqual(subscription.from, [
      { chain: 'coord', height: 1 },
      { chain: 0, height: 1 }
    ])
    const seen = { coord: 0, shard: 0 }
    for await (const { chain: at, block } of subscription) {
      const height = block?.header.height
      if (at === 'coord') assert.equal(height, ++seen.coord)
      else assert.equal(height, ++seen.shard)
      if (seen.shard % 10 === 0) chain.grow(COORD)
      if (seen.shard < 2_000 && at === 0) chain.grow(SHARD)
      if (seen.shard === 2_000) break
    }
    assert.ok(seen.coord > 100)
  })

  it('RPC-16: one that stops reading is published no more, holds up nobody, and gets the rest when it reads on', async () => {
    const client = await serve({ bufferBytes: 65_536 })
    // 14 MB: more than the kernel keeps for two ends of a connection.
    const blocks = 9_000
    chain.grow(SHARD, blocks)
    const { socket } = await upgrade({})
    socket.pause()
    const ask = {
      jsonrpc: '2.0',
      id: 1,
      method: 'subscribe',
      params: { topic: 'final', chain: 0, fromHeight: 1 }
    }
    socket.write(textFrame(JSON.stringify(ask)))
    let read = 0
    for await (const { block } of await client.subscribe('final', { chain: 0, fromHeight: 1 })) {
      assert.equal(block?.header.height, ++read)
      if (read === blocks) break
    }
    const slow = published - blocks
    assert.ok(slow > 0 && slow < blocks, `${slow} of ${blocks}`)
    let tail = ''
    let next = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      tail += chunk.toString('latin1')
      for (const [, sequence] of tail.matchAll(/"sequence":(\d+),/g)) assert.equal(Number(sequence), next++)
      if (next === blocks) break
      tail = tail.slice(tail.lastIndexOf('"sequence":')).replace(/^"sequence":\d+,/, '')
    }
    assert.equal(next, blocks)
    socket.destroy()
  })

  it('RPC-15: a client is told the state of sync, refusals are thrown, abort ends the loop', async () => {
    const client = await serve()
    const ending = new AbortController()
    const subscription = await client.subscribe('sync', {}, { signal: ending.signal })
    for await (const { chains } of subscription) {
      assert.equal(chains[0]?.final, 7)
      ending.abort()
    }
    await assert.rejects(client.subscribe('final', { chain: 1 }), (error) => {
      assert.ok(error instanceof RpcRefusal)
      assert.equal(error.code, 'CHAIN_NOT_FOLLOWED')
      return true
    })
    await assert.rejects(client.subscribe('sync', {}, { signal: AbortSignal.abort(ENDING) }), (error) => {
      assert.equal(error, ENDING)
      return true
    })
  })

  it('RPC-15: subscribe over HTTP is −32601 and says where it works', async () => {
    const client = await serve()
    const response = await fetch(client.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { topic: 'final' } })
    })
    const { error } = (await response.json()) as { error: unknown }
    assert.deepEqual(error, { code: -32601, message: 'subscribe needs a WebSocket (GET /ws)' })
  })

  it('a client that does not read is failed with SUBSCRIPTION_UNREAD at its bound', async () => {
    const client = await serve()
    chain.grow(SHARD, 11)
    const atLimit = await client.subscribe('final', { chain: 0, fromHeight: 2 }, { waitingMax: 10 })
    const pastIt = await client.subscribe('final', { chain: 0, fromHeight: 1 }, { waitingMax: 10 })
    await assert.rejects(
      async () => {
        // The first read waits until all have arrived.
        const socket = await opened()
        socket.send('{}')
        await once(socket, 'message')
        socket.close()
        for await (const event of pastIt) assert.ok(event.block)
      },
      (error) => error instanceof RpcFailure && error.code === 'SUBSCRIPTION_UNREAD'
    )
    let count = 0
    for await (const event of atLimit) {
      assert.ok(event.block)
      if (++count === 10) break
    }
  })

  it('RPC-13: takes its own origin and none, refuses others with 403, and answers 426 to what is no upgrade', async () => {
    const client = await serve()
    const own = await upgrade({ Origin: client.url })
    const none = await upgrade({})
    assert.deepEqual([own.status, none.status], [101, 101])
    for (const origin of ['https://example.org', 'null', 'http://127.0.0.1:1']) {
      const { status, socket } = await upgrade({ Origin: origin })
      assert.equal(status, 403)
      socket.destroy()
    }
    assert.deepEqual(refused, ['origin', 'origin', 'origin'])
    assert.equal((await fetch(`${client.url}/ws`)).status, 426)
    own.socket.destroy()
    none.socket.destroy()
  })

  it('RPC-16: takes as many connections as allowed, answers 503 to one more, and takes again', async () => {
    await serve({ connections: 2 })
    const first = await opened()
    const second = await opened()
    const { status, socket } = await upgrade({})
    assert.deepEqual([status, refused, counted], [503, ['connections'], 2])
    socket.destroy()
    first.close()
    assert.equal(await closeCode(first), 1005)
    const third = await opened()
    assert.equal(third.readyState, WebSocket.OPEN)
    second.close()
    third.close()
  })

  it(`RPC-16: takes a message of ${SOCKET_LIMITS.messageBytes} bytes and closes with 1009 at one more`, async () => {
    await serve()
    const socket = await opened()
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'node_info', params: {} })
    socket.send(text.padEnd(SOCKET_LIMITS.messageBytes))
    const [answer] = (await once(socket, 'message')) as [MessageEvent<string>]
    assert.equal((JSON.parse(answer.data) as { error?: unknown }).error, undefined)
    socket.send(text.padEnd(SOCKET_LIMITS.messageBytes + 1))
    assert.equal(await closeCode(socket), 1009)
  })

  it('RPC-13: a binary message closes with 1003', async () => {
    await serve()
    const socket = await opened()
    socket.send(new Uint8Array(3))
    assert.equal(await closeCode(socket), 1003)
    await eventually('the end is counted', () => ended.includes('binary'))
  })

  it('RPC-17: the stop closes with 1001, which a reader of a subscription sees', async () => {
    const client = await serve()
    const subscription = await client.subscribe('final', {})
    const stopping = server.stop()
    await assert.rejects(
      async () => {
        for await (const event of subscription) assert.fail(JSON.stringify(event))
      },
      (error) => {
        assert.ok(error instanceof RpcFailure)
        assert.deepEqual(error.detail, { code: 'SUBSCRIPTION_ENDED', url: client.url, closeCode: 1001 })
        return true
      }
    )
    await stopping
    await assert.rejects(
      client.subscribe('final', {}),
      (error) => error instanceof RpcFailure && error.code === 'RPC_UNREACHABLE'
    )
  })

  it('RPC-17: one that does not answer the close is cut off, and the stop ends', async () => {
    await serve()
    const { socket } = await upgrade({})
    const closed = once(socket, 'close')
    await server.stop()
    await closed
  })
})
