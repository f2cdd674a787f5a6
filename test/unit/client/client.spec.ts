import assert from 'node:assert/strict'
import { RpcFailure, RpcRefusal } from '../../../src/client/refusal.ts'
import { Client } from '../../../src/client/client.ts'
import type { TransactionFacts, NodePort } from '../../../src/rpc/port.ts'
import { RpcServer } from '../../../src/rpc/server.ts'
import { TRANSFER, fakeNodePort } from '../../support/fake-node-port.ts'
import { SILENT_SOCKETS } from '../../support/growing-chain.ts'

const events = { failed: () => undefined, refused: () => undefined }
const metrics = { contentType: 'text/plain', metrics: async () => '' }

async function withServer(port: NodePort, work: (client: Client) => Promise<void>): Promise<void> {
  const server = new RpcServer(
    { port, metrics, events, ...SILENT_SOCKETS },
    { rpc: { host: '127.0.0.1', port: 0 } }
  )
  await server.start()
  try {
    await work(new Client({ url: `http://127.0.0.1:${server.address?.port}` }))
  } finally {
    await server.stop()
  }
}

/** A client whose every request is answered with `text`. */
const answering = (text: string, status = 200): Client =>
  new Client({ url: 'http://node', fetch: async () => ({ status, text: async () => text }) })

const hasCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof RpcFailure, String(error))
  assert.equal(error.code, code)
  return true
}

describe('client', () => {
  it('calls a live server: typed results and refusals with their facts', async () => {
    await withServer(fakeNodePort(), async (client) => {
      assert.equal((await client.call('node_info', {})).shards, 2)
      await assert.rejects(client.call('chain_head', { chain: 1 }), (error) => {
        assert.ok(error instanceof RpcRefusal)
        assert.deepEqual([error.code, error.number, error.detail['chain']], ['CHAIN_NOT_FOLLOWED', 301, 1])
        return true
      })
      const wrong = client.call('chain_leaders', { chain: 0, count: 0 })
      await assert.rejects(wrong, hasCode('RPC_ERROR'))
    })
  })

  it('a batch keeps the order of its calls; one refused entry does not fail the others', async () => {
    await withServer(fakeNodePort(), async (client) => {
      const answers = await client.batch('chain_head', [{ chain: 0 }, { chain: 1 }, { chain: 'coord' }])
      assert.deepEqual(
        answers.map((answer) => (answer.ok ? answer.value.chain : answer.error.code)),
        [0, 'CHAIN_NOT_FOLLOWED', 'coord']
      )
      assert.deepEqual(await client.batch('chain_head', []), [])
    })
  })

  it('a batch matches answers by id, and misses none silently', async () => {
    const client = answering('[{"id":2,"result":{"n":2}},{"id":1,"result":{"n":1}}]')
    const answers = await client.batch('node_sync', [{}, {}, {}])
    assert.deepEqual(
      answers.map((answer) => (answer.ok ? answer.value : answer.error.code)),
      [{ n: 1 }, { n: 2 }, 'RPC_BAD_ANSWER']
    )
  })

  it('a batch that is refused as a whole throws', async () => {
    const client = answering('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"too many"}}')
    await assert.rejects(client.batch('node_sync', [{}]), hasCode('RPC_ERROR'))
  })

  it('submits bytes and waits until they are final', async () => {
    const statuses: TransactionFacts['status'][] = ['unknown', 'pending', 'included', 'final']
    const asked: string[] = []
    const port = fakeNodePort({
      transaction: async () => {
        const status = statuses[asked.length] ?? 'final'
        asked.push(status)
        return { status }
      }
    })
    await withServer(port, async (client) => {
      const { id } = await client.submit(TRANSFER.bytes)
      const transaction = await client.waitFinal(id, { intervalMs: 1 })
      assert.equal(transaction.status, 'final')
    })
    assert.deepEqual(asked, statuses)
  })

  it('an expired or dropped transaction ends the wait with TRANSACTION_LOST', async () => {
    for (const status of ['expired', 'dropped']) {
      const client = answering(`{"id":1,"result":{"status":"${status}"}}`)
      await assert.rejects(client.waitFinal('00'), hasCode('TRANSACTION_LOST'))
    }
  })

  it('the wait ends with RPC_TIMEOUT, also within a call that does not come back', async () => {
    await withServer(fakeNodePort({ transaction: async () => ({ status: 'pending' }) }), async (client) => {
      await assert.rejects(
        client.waitFinal('00'.repeat(32), { timeoutMs: 30, intervalMs: 5 }),
        hasCode('RPC_TIMEOUT')
      )
    })
    await withServer(fakeNodePort({ transaction: () => new Promise(() => undefined) }), async (client) => {
      await assert.rejects(client.waitFinal('00'.repeat(32), { timeoutMs: 30 }), hasCode('RPC_TIMEOUT'))
    })
  })

  it('a signal ends calls and waits with its own reason', async () => {
    await withServer(fakeNodePort({ transaction: () => new Promise(() => undefined) }), async (client) => {
      const abort = new AbortController()
      const reason = new RangeError('the user left')
      const waiting = client.waitFinal('00'.repeat(32), { signal: abort.signal })
      abort.abort(reason)
      await assert.rejects(waiting, reason)
      await assert.rejects(client.call('node_sync', {}, { signal: abort.signal }), reason)
    })
  })

  it('no server: RPC_UNREACHABLE; not JSON, no JSON-RPC, or another id: RPC_BAD_ANSWER', async () => {
    let url = ''
    await withServer(fakeNodePort(), async (client) => {
      url = client.url
    })
    await assert.rejects(new Client({ url }).call('node_sync', {}), hasCode('RPC_UNREACHABLE'))
    for (const text of ['<html>', '{}', '7', '{"id":9,"result":{}}']) {
      await assert.rejects(answering(text).call('node_sync', {}), hasCode('RPC_BAD_ANSWER'), text)
    }
  })
})
