import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { Dispatch, BATCH_MAX } from '../../../src/rpc/dispatch.ts'
import type { Reply } from '../../../src/rpc/dispatch.ts'
import { RpcError } from '../../../src/rpc/errors.ts'
import { REQUEST_BYTES_MAX, RpcServer, createRpcApp } from '../../../src/rpc/server.ts'
import type { RpcServerComponents } from '../../../src/rpc/server.ts'
import type { NodePort } from '../../../src/rpc/port.ts'
import { fakeNodePort } from '../../support/fake-node-port.ts'
import { SILENT_SOCKETS } from '../../support/growing-chain.ts'

interface Seen {
  readonly failed: string[]
  readonly refused: string[]
}

function components(port: NodePort = fakeNodePort()): RpcServerComponents & { readonly seen: Seen } {
  const seen: Seen = { failed: [], refused: [] }
  return {
    port,
    seen,
    metrics: { contentType: 'text/plain', metrics: async () => 'icn_chain_height 1\n' },
    events: {
      failed: (where) => void seen.failed.push(where),
      refused: (code) => void seen.refused.push(code)
    },
    ...SILENT_SOCKETS
  }
}

const request = (id: unknown, method = 'node_info', params: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method,
  params
})

async function post(body: unknown, parts = components(), headers: Record<string, string> = {}) {
  const app = createRpcApp(parts, { metrics: true })
  const response = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body)
  })
  await app.close()
  const reply = (response.body === '' ? undefined : JSON.parse(response.body)) as Reply & Reply[]
  return { status: response.statusCode, reply }
}

describe('RPC server', () => {
  it('answers one call with its id', async () => {
    for (const id of [7, 'seven', null]) {
      const { status, reply } = await post(request(id))
      assert.deepEqual([status, reply.jsonrpc, reply.id, reply.error], [200, '2.0', id, undefined])
    }
  })

  it('RPC-2: answers a batch in order, refusals among results', async () => {
    const { reply } = await post([
      request(1),
      request(2, 'nothing'),
      request(3, 'chain_head', { chain: 0 }),
      4
    ])
    assert.deepEqual(
      reply.map(({ id, error }) => [id, error?.code]),
      [
        [1, undefined],
        [2, -32601],
        [3, undefined],
        [null, -32600]
      ]
    )
  })

  it('RPC-2: starts the entries of a batch together and in order', async () => {
    const order: number[] = []
    let release = (): void => undefined
    const all = new Promise<void>((resolve) => {
      release = resolve
    })
    const port = fakeNodePort({
      submit: async (bytes) => {
        order.push(bytes[0] ?? -1)
        if (order.length === 3) release()
        await all
        return { ok: true, value: { id: new Uint8Array(32), relayed: true } }
      }
    })
    const { reply } = await post(
      ['01', '02', '03'].map((tx) => request(tx, 'tx_submit', { tx })),
      components(port)
    )
    assert.deepEqual(order, [1, 2, 3])
    assert.equal(reply.length, 3)
  })

  it(`RPC-2: takes a batch of ${BATCH_MAX} entries and refuses one more`, async () => {
    const entries = Array.from({ length: BATCH_MAX + 1 }, (_, id) => request(id))
    assert.equal((await post(entries.slice(1))).reply.length, BATCH_MAX)
    assert.equal((await post(entries)).reply.error?.code, -32600)
  })

  it('RPC-2: blocks weigh more than other calls of a batch', async () => {
    const blocks = (count: number) =>
      Array.from({ length: count }, (_, id) => request(id, 'chain_block', { chain: 0, height: 1 }))
    assert.equal((await post(blocks(20))).reply.length, 20)
    assert.equal((await post([...blocks(20), request(20)])).reply.error?.code, -32600)
    const headers = Array.from({ length: 101 }, (_, id) =>
      request(id, 'chain_blocks', { chain: 0, from: 0, limit: 1 })
    )
    assert.equal((await post(headers.slice(1))).reply.length, 100)
    assert.equal((await post(headers)).reply.error?.code, -32600)
  })

  it('RPC-4: closes connections beyond the limit', async () => {
    const init = { rpc: { host: '127.0.0.1', port: 0 }, connectionsMax: 1 }
    const server = new RpcServer(components(), init)
    await server.start()
    const open = async (): Promise<Socket> => {
      const socket = connect(server.address?.port ?? 0, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    }
    const first = await open()
    const second = await open()
    second.resume()
    await once(second, 'close')
    assert.equal(first.destroyed, false)
    first.destroy()
    await server.stop()
  })

  it('RPC-2: refuses an empty batch', async () => {
    assert.equal((await post([])).reply.error?.code, -32600)
  })

  it('RPC-2: does not answer notifications', async () => {
    const { status, reply } = await post({ jsonrpc: '2.0', method: 'node_info' })
    assert.deepEqual([status, reply], [204, undefined])
  })

  it('RPC-8: refuses what is no JSON-RPC request', async () => {
    for (const body of [
      1,
      'null',
      {},
      { ...request(1), jsonrpc: '1.0' },
      { ...request({}) },
      { ...request(1), method: 5 }
    ]) {
      const { reply } = await post(body)
      assert.equal(reply.error?.code, -32600, JSON.stringify(body))
    }
  })

  it('RPC-8: answers a syntax error with −32700', async () => {
    for (const body of ['{', '', '{"jsonrpc":"2.0",}']) {
      const { status, reply } = await post(body)
      assert.deepEqual([status, reply.error?.code], [400, -32700])
    }
  })

  it('RPC-2: takes a body of the limit and refuses one byte more with 413', async () => {
    const text = JSON.stringify(request(1))
    assert.equal((await post(text.padEnd(REQUEST_BYTES_MAX))).status, 200)
    const { status, reply } = await post(text.padEnd(REQUEST_BYTES_MAX + 1))
    assert.equal(status, 413)
    assert.equal(reply.error?.code, -32600)
  })

  it('RPC-1: takes no other content type than JSON, so other origins need a preflight', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      assert.equal((await post(request(1), components(), { 'content-type': type })).status, 415)
    }
  })

  it('RPC-8: a failing handler is −32603 without its text, and reported', async () => {
    const parts = components(
      fakeNodePort({
        sync: () => {
          throw new RangeError('secret detail')
        }
      })
    )
    const { reply } = await post(request(1, 'node_sync'), parts)
    assert.deepEqual(reply.error, { code: -32603, message: 'internal error' })
    assert.deepEqual(parts.seen.failed, ['node_sync'])
  })

  it('counts refusals by code', async () => {
    const parts = components()
    await post(request(1, 'chain_head', { chain: 1 }), parts)
    assert.deepEqual(parts.seen.refused, ['CHAIN_NOT_FOLLOWED'])
  })

  it('RPC-4: refuses calls beyond those in progress with RPC_BUSY, and takes them again after', async () => {
    const waiting: (() => void)[] = []
    const port = fakeNodePort({
      transaction: () => new Promise((resolve) => waiting.push(() => resolve({ status: 'unknown' })))
    })
    const dispatch = new Dispatch(port, components().events, { inFlightMax: 2 })
    const ask = (id: number) =>
      dispatch.answer(request(id, 'tx_get', { id: '00'.repeat(32) })) as Promise<Reply>
    const first = [ask(1), ask(2)]
    assert.deepEqual((await ask(3)).error?.data, { code: 'RPC_BUSY', number: 308, limit: 2 })
    for (const finish of waiting) finish()
    for (const reply of await Promise.all(first)) assert.equal(reply.error, undefined)
    const last = ask(4)
    waiting.at(-1)?.()
    assert.equal((await last).error, undefined)
  })

  it('RPC-4: a call is in progress until its answer is out', async () => {
    const dispatch = new Dispatch(fakeNodePort(), components().events, { inFlightMax: 1 })
    const out = Promise.withResolvers<void>()
    const ask = (id: number, sent?: Promise<void>) =>
      dispatch.answer(request(id, 'tx_get', { id: '00'.repeat(32) }), sent && { sent }) as Promise<Reply>
    assert.equal((await ask(1, out.promise)).error, undefined)
    assert.deepEqual((await ask(2)).error?.data, { code: 'RPC_BUSY', number: 308, limit: 1 })
    out.resolve()
    await out.promise
    assert.equal((await ask(3)).error, undefined)
    assert.equal((await ask(4)).error, undefined)
  })

  it('RPC-4: what is out over HTTP weighs nothing any more', async () => {
    const app = createRpcApp(components(), { metrics: false })
    for (let id = 0; id < 30; id++) {
      const payload = JSON.stringify(request(id, 'supply_proof'))
      const headers = { 'content-type': 'application/json' }
      const { body } = await app.inject({ method: 'POST', url: '/', headers, payload })
      assert.doesNotMatch(body, /RPC_BUSY/, `call ${id}`)
    }
    await app.close()
  })

  it('RPC-3: serves /live, /health, /metrics and /openrpc.json', async () => {
    let ok = true
    const port = fakeNodePort({
      health: () => ({ ok, parts: {}, chains: [], reasons: ok ? [] : ['chain 0 stands still for 12 s'] })
    })
    const app = createRpcApp(components(port), { metrics: true })
    const get = async (url: string) => app.inject({ method: 'GET', url })
    assert.equal((await get('/live')).statusCode, 200)
    assert.equal((await get('/health')).statusCode, 200)
    ok = false
    const sick = await get('/health')
    assert.equal(sick.statusCode, 503)
    assert.deepEqual((sick.json() as { reasons: string[] }).reasons, ['chain 0 stands still for 12 s'])
    assert.match((await get('/metrics')).body, /^icn_chain_height 1/)
    assert.equal(((await get('/openrpc.json')).json() as { openrpc: string }).openrpc, '1.3.2')
    assert.equal((await get('/nothing')).statusCode, 404)
    await app.close()
  })

  it('--metrics moves /metrics to an address of its own', async () => {
    const local = { host: '127.0.0.1', port: 0 }
    const server = new RpcServer(components(), { rpc: local, metrics: local })
    await server.start()
    const at = (port: number | undefined) => fetch(`http://127.0.0.1:${port}/metrics`)
    assert.equal((await at(server.address?.port)).status, 404)
    assert.equal((await at(server.metricsAddress?.port)).status, 200)
    await server.stop()
    assert.equal(server.address, undefined)
  })

  it('a port in use is RPC_PORT_IN_USE with the address, and nothing else stays open', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const free = { host: '127.0.0.1', port: 0 }
    const server = new RpcServer(components(), { rpc: free, metrics: { host: '127.0.0.1', port } })
    await assert.rejects(server.start(), (error) => {
      assert.ok(error instanceof RpcError)
      assert.deepEqual(error.detail, { code: 'RPC_PORT_IN_USE', address: `127.0.0.1:${port}` })
      return true
    })
    assert.equal(server.address, undefined)
    await new Promise((resolve) => other.close(resolve))
  })

  it('stop is idempotent and ends kept-alive connections', async () => {
    const server = new RpcServer(components(), { rpc: { host: '127.0.0.1', port: 0 } })
    await server.start()
    await (await fetch(`http://127.0.0.1:${server.address?.port}/live`)).text()
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
  })

  it('RPC-18: admin methods take the token; without it they are refused, alone and in a batch', async () => {
    const app = createRpcApp(
      { ...components(), isAdmin: (header) => header === 'Bearer right' },
      { metrics: true }
    )
    const post = async (payload: object, authorization?: string): Promise<unknown> => {
      const headers = {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization })
      }
      return (
        await app.inject({ method: 'POST', url: '/', headers, payload: JSON.stringify(payload) })
      ).json()
    }
    const request = { jsonrpc: '2.0', id: 1, method: 'admin_bans', params: {} }
    const refusal = { code: -32000, data: { code: 'ADMIN_TOKEN', number: 312 } }
    for (const authorization of [undefined, 'Bearer wrong', 'right']) {
      const { error } = (await post(request, authorization)) as Reply
      assert.deepEqual({ code: error?.code, data: error?.data }, refusal)
    }
    const [first, second] = (await post([request, { ...request, id: 2, method: 'node_info' }])) as Reply[]
    assert.equal(first?.error?.code, -32000)
    assert.equal(second?.error, undefined)
    assert.equal(((await post(request, 'Bearer right')) as Reply).error, undefined)
    await app.close()
  })
})
