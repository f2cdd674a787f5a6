import assert from 'node:assert/strict'
import type { Peer } from '../../../src/net/types.ts'
import { refuse } from '../../../src/primitives/result.ts'
import { Dispatch } from '../../../src/rpc/dispatch.ts'
import type { Reply } from '../../../src/rpc/dispatch.ts'
import type { NodePort } from '../../../src/rpc/port.ts'
import { PEER_CALLS, fakeNodePort } from '../../support/fake-node-port.ts'

const { peer } = PEER_CALLS.peer_get
const events = { failed: (_: string, error: unknown) => assert.ifError(error), refused: () => undefined }

async function call(method: string, params: object, port: NodePort = fakeNodePort()): Promise<Reply> {
  const request = { jsonrpc: '2.0', id: 1, method, params }
  return (await new Dispatch(port, events).answer(request, { isAdmin: true })) as Reply
}

describe('RPC: peers and the operator', () => {
  it('peer_get: D14: score, the facts that made it, and the ban, of a peer that is not connected too', async () => {
    const { result } = await call('peer_get', { peer })
    assert.deepEqual(result, {
      peer,
      connected: false,
      address: null,
      score: -12.5,
      ban: { peer, untilMs: 1_800_000_000_000, reason: 'two proofs', bans: 2 },
      events: [{ atMs: 1, fact: 'invalid', why: 'a proof' }]
    })
    const good = fakeNodePort({ standing: (of) => ({ peer: of, score: 0, events: [] }) })
    assert.equal(((await call('peer_get', { peer }, good)).result as { ban: unknown }).ban, null)
  })

  it('RPC-5: a peer id is the text of an Ed25519 key', async () => {
    for (const wrong of ['', 'nobody', peer.slice(1), `${peer}A`, peer.replace('AAAA', 'A0AA')]) {
      assert.equal(
        (await call('peer_get', { peer: wrong })).error?.message,
        'bad parameter: peer, expected peer id',
        wrong
      )
    }
  })

  it('admin_ban: an hour by hand, a year at most', async () => {
    const asked: [Peer, string, number][] = []
    const base = fakeNodePort()
    const port = fakeNodePort({
      operator: {
        ...base.operator,
        ban: (...of) => {
          asked.push(of)
          return base.operator.ban(...of)
        }
      }
    })
    await call('admin_ban', { peer }, port)
    await call('admin_ban', { peer, minutes: 525_600, reason: 'r'.repeat(85) }, port)
    assert.deepEqual(asked, [
      [peer, 'by hand', 3_600_000],
      [peer, 'r'.repeat(85), 525_600 * 60_000]
    ])
    for (const params of [{ minutes: 525_601 }, { minutes: 0 }, { reason: 'r'.repeat(86) }]) {
      assert.match((await call('admin_ban', { peer, ...params }, port)).error?.message ?? '', /bad parameter/)
    }
  })

  it('admin_connect: an address that cannot be reached is a refusal with its reason', async () => {
    const base = fakeNodePort()
    const port = fakeNodePort({
      operator: { ...base.operator, connect: async () => refuse('PEER_UNREACHABLE', 'refused') }
    })
    const { error } = await call('admin_connect', { address: '/ip4/127.0.0.1/tcp/1' }, port)
    assert.deepEqual(error?.data, { code: 'PEER_UNREACHABLE', number: 313 })
  })

  it('node_peers: bans in force stand beside the peers', async () => {
    const { bans } = (await call('node_peers', {})).result as { bans: { reason: string }[] }
    assert.deepEqual(
      bans.map(({ reason }) => reason),
      ['two proofs']
    )
  })
})
