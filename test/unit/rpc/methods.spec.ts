import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { HeaderType } from '../../../src/codec/block.ts'
import { CertificateType } from '../../../src/codec/statement.ts'
import { encodeAddress } from '../../../src/crypto/address.ts'
import { devnetAddress } from '../../../src/params/devnet-keys.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { Dispatch, INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED } from '../../../src/rpc/dispatch.ts'
import type { Reply } from '../../../src/rpc/dispatch.ts'
import { METHODS, openRpc } from '../../../src/rpc/methods.ts'
import type { NodePort } from '../../../src/rpc/port.ts'
import {
  FINAL_HEIGHT,
  FOREIGN_USER,
  LOCAL_USER,
  NETWORK,
  NODE_CALLS,
  SHARD,
  SHARD_1_PEER,
  TRANSFER,
  aBlock,
  aCertificate,
  bytes32,
  fakeNodePort
} from '../../support/fake-node-port.ts'

const events = { failed: (_: string, error: unknown) => assert.ifError(error), refused: () => undefined }

async function call(method: string, params?: object, port: NodePort = fakeNodePort()): Promise<Reply> {
  const request = { jsonrpc: '2.0', id: 1, method, params }
  const reply = await new Dispatch(port, events).answer(request, { isAdmin: true })
  assert.ok(reply !== undefined && !Array.isArray(reply))
  return reply as Reply
}

/** What the caller sees: through JSON, so a bigint or bytes in a result fail here. */
async function result(method: string, params?: object, port?: NodePort): Promise<Record<string, unknown>> {
  const reply = await call(method, params, port)
  assert.equal(reply.error, undefined)
  return JSON.parse(JSON.stringify(reply.result)) as Record<string, unknown>
}

const address = encodeAddress(devnetAddress(LOCAL_USER))
const tx = toHex(TRANSFER.bytes)
/** One good call of every method. */
const GOOD: Record<string, object> = {
  node_info: {},
  node_sync: {},
  node_peers: { chain: 1 },
  ...NODE_CALLS,
  chain_list: {},
  chain_head: { chain: 'coord' },
  chain_block: { chain: 0, height: 3 },
  chain_blocks: { chain: 0, from: 0, limit: 200 },
  chain_certificate: { chain: 0, height: 0 },
  chain_view: { chain: 0 },
  chain_leaders: { chain: 0, count: 256 },
  epoch_get: { chain: 0, epoch: 0 },
  params_get: {},
  genesis_get: {},
  tx_submit: { tx },
  tx_simulate: { tx },
  tx_get: { id: TRANSFER.id },
  account_get: { address },
  account_proof: { address },
  mempool_status: { chain: 0 },
  supply_get: {},
  validator_list: { chain: 'coord' }
}
const asOf = { chain: 0, height: FINAL_HEIGHT, hash: toHex(aBlock(SHARD, FINAL_HEIGHT).hash) }

describe('RPC methods', () => {
  it('RPC-11: every method of the table answers a good call, and no other method exists', async () => {
    assert.deepEqual([...METHODS.keys()].sort(), Object.keys(GOOD).sort())
    for (const [method, params] of Object.entries(GOOD)) await result(method, params)
  })

  it('RPC-5: every method refuses an unknown parameter by name', async () => {
    for (const [method, params] of Object.entries(GOOD)) {
      const { error } = await call(method, { ...params, colour: 'red' })
      assert.equal(error?.code, INVALID_PARAMS, method)
      assert.equal(error.message, 'unknown parameter: colour')
    }
  })

  it('a parameter name that objects inherit is unknown too', async () => {
    const { error } = await call('chain_head', JSON.parse('{"chain":0,"__proto__":1,"toString":1}') as object)
    assert.equal(error?.code, INVALID_PARAMS)
  })

  it('RPC-5: every required parameter is missed by name', async () => {
    for (const [method, { params }] of METHODS) {
      for (const [name, { required }] of Object.entries(params)) {
        if (!required) continue
        const { error } = await call(method, { ...GOOD[method], [name]: undefined })
        assert.deepEqual(
          [error?.code, error?.message],
          [INVALID_PARAMS, `missing parameter: ${name}`],
          method
        )
      }
    }
  })

  it('RPC-5, RPC-6, RPC-12: values just outside a parameter’s range are refused, values at it are not', async () => {
    const bad: [string, object][] = [
      ['chain_head', { chain: '0' }],
      ['chain_head', { chain: -1 }],
      ['chain_head', { chain: 1024 }],
      ['chain_head', { chain: 0.5 }],
      ['chain_block', { chain: 0, height: -1 }],
      ['chain_block', { chain: 0, height: 2 ** 53 }],
      ['chain_block', { chain: 0, hash: 'A'.repeat(64) }],
      ['chain_block', { chain: 0, hash: 'a'.repeat(63) }],
      ['chain_block', { chain: 0, hash: 'a'.repeat(66) }],
      ['chain_block', { chain: 0, height: 1, raw: 'yes' }],
      ['chain_blocks', { chain: 0, from: 0, limit: 201 }],
      ['chain_blocks', { chain: 0, from: 0, limit: 0 }],
      ['chain_leaders', { chain: 0, count: 257 }],
      ['tx_submit', { tx: `0x${tx}` }],
      ['tx_submit', { tx: 'abc' }],
      ['tx_submit', { tx: '00'.repeat(16_384 + 257) }],
      ['tx_get', { id: 7 }],
      ['account_get', { address: address.toUpperCase() }],
      ['account_get', { address: `${address.slice(0, -1)}q` }]
    ]
    for (const [method, params] of bad) {
      const { error } = await call(method, params)
      assert.equal(error?.code, INVALID_PARAMS, `${method} ${JSON.stringify(params).slice(0, 80)}`)
      assert.match(error.message, /^bad parameter: /)
    }
    await result('tx_submit', { tx: '00'.repeat(16_384 + 256) })
  })

  it('RPC-5: parameters given by position are refused', async () => {
    const { error } = await call('chain_head', [0])
    assert.equal(error?.code, INVALID_PARAMS)
  })

  it('RPC-8: an unknown method is named', async () => {
    const { error } = await call('chain_heads', { chain: 0 })
    assert.deepEqual([error?.code, error?.message], [METHOD_NOT_FOUND, 'unknown method: chain_heads'])
  })

  it('RPC-10: a chain that the node does not follow: CHAIN_NOT_FOLLOWED with peers that do', async () => {
    const methods = [
      'chain_head',
      'chain_block',
      'chain_blocks',
      'chain_certificate',
      'chain_view',
      'chain_leaders',
      'epoch_get',
      'validator_list',
      'mempool_status',
      'supply_get'
    ]
    for (const method of methods) {
      const { error } = await call(method, { ...GOOD[method], chain: 1 })
      const data = { code: 'CHAIN_NOT_FOLLOWED', number: 301, chain: 1, peers: [SHARD_1_PEER] }
      assert.deepEqual([error?.code, error?.data], [REFUSED, data], method)
    }
    for (const method of ['account_get', 'account_proof']) {
      const { error } = await call(method, { address: encodeAddress(devnetAddress(FOREIGN_USER)) })
      assert.equal((error?.data as { code: string } | undefined)?.code, 'CHAIN_NOT_FOLLOWED', method)
    }
  })

  it('RPC-10: a chain that the network does not have: CHAIN_UNKNOWN', async () => {
    for (const method of ['chain_head', 'node_peers']) {
      const { error } = await call(method, { chain: 2 })
      assert.deepEqual(error?.data, { code: 'CHAIN_UNKNOWN', number: 303, chain: 2, shards: 2 }, method)
    }
  })

  it('node_info says who the node is; a follower has no validator field', async () => {
    const info = await result('node_info')
    assert.equal(info['network'], toHex(NETWORK))
    assert.deepEqual(info['follows'], ['coord', 0])
    assert.deepEqual(info['validator'], { key: toHex(bytes32(10)), signing: 'active', reason: null })
    const base = fakeNodePort()
    const follower = fakeNodePort({
      info: () => {
        const { validator: _, ...facts } = base.info()
        return facts
      }
    })
    const other = await result('node_info', {}, follower)
    assert.equal(other['role'], 'follower')
    assert.equal('validator' in other, false)
  })

  it('chain_list has all chains, coord first', async () => {
    const { chains } = await result('chain_list')
    const summary = (chains as { chain: unknown; follows: unknown }[]).map(({ chain, follows }) => [
      chain,
      follows
    ])
    assert.deepEqual(summary, [
      ['coord', true],
      [0, true],
      [1, false]
    ])
  })

  it('RPC-7: chain_head: final block, notarised head, as of the final block', async () => {
    const head = await result('chain_head', { chain: 0 })
    assert.deepEqual(head['asOf'], asOf)
    assert.deepEqual(head['head'], { height: FINAL_HEIGHT + 1, hash: toHex(bytes32(8)) })
    const { header } = head['final'] as { header: { reward: unknown; stateRoot: string } }
    assert.deepEqual(header.reward, { consumer: '0', industrial: '18446744073709551615' })
    assert.equal(header.stateRoot, toHex(bytes32(6)))
  })

  it('chain_block: by height or hash, not both and not neither; raw bytes only when asked', async () => {
    const hash = toHex(aBlock(SHARD, FINAL_HEIGHT).hash)
    const byHeight = await result('chain_block', { chain: 0, height: FINAL_HEIGHT })
    assert.deepEqual(await result('chain_block', { chain: 0, hash }), byHeight)
    assert.deepEqual(byHeight['transactions'], [TRANSFER.id])
    assert.equal('raw' in byHeight, false)
    const { raw } = await result('chain_block', { chain: 0, height: FINAL_HEIGHT, raw: true })
    const header = toHex(HeaderType.serialize(aBlock(SHARD, FINAL_HEIGHT).header))
    assert.deepEqual(raw, { header, body: '01020304' })
    for (const params of [{ chain: 0 }, { chain: 0, height: 1, hash }]) {
      assert.equal((await call('chain_block', params)).error?.code, INVALID_PARAMS)
    }
  })

  it('a height above the final one: BLOCK_UNKNOWN, CERTIFICATE_UNKNOWN; an epoch ahead: EPOCH_UNKNOWN', async () => {
    const height = FINAL_HEIGHT + 1
    const block = await call('chain_block', { chain: 0, height })
    assert.deepEqual(block.error?.data, { code: 'BLOCK_UNKNOWN', number: 304, final: FINAL_HEIGHT })
    const certificate = await call('chain_certificate', { chain: 0, height })
    assert.deepEqual(certificate.error?.data, {
      code: 'CERTIFICATE_UNKNOWN',
      number: 305,
      final: FINAL_HEIGHT
    })
    for (const [method, params] of Object.entries({
      epoch_get: { chain: 0, epoch: 1 },
      validator_list: { chain: 0, epoch: 1 },
      params_get: { epoch: 1 }
    })) {
      const { error } = await call(method, params)
      assert.deepEqual(error?.data, { code: 'EPOCH_UNKNOWN', number: 306, running: 0 }, method)
    }
  })

  it('chain_blocks ends at the final height', async () => {
    const { blocks } = await result('chain_blocks', { chain: 0, from: FINAL_HEIGHT - 1, limit: 10 })
    const heights = (blocks as { header: { height: number } }[]).map(({ header }) => header.height)
    assert.deepEqual(heights, [FINAL_HEIGHT - 1, FINAL_HEIGHT])
    assert.deepEqual(
      (await result('chain_blocks', { chain: 0, from: FINAL_HEIGHT + 1, limit: 1 }))['blocks'],
      []
    )
  })

  it('chain_certificate names its signers by place and carries its canonical bytes', async () => {
    const { height, certificate } = await result('chain_certificate', { chain: 0, height: 2 })
    assert.equal(height, FINAL_HEIGHT)
    const { signers, kind, raw } = certificate as { signers: number[]; kind: string; raw: string }
    assert.deepEqual(signers, [0, 2, 3])
    assert.equal(kind, 'finalise')
    assert.equal(raw, toHex(CertificateType.serialize(aCertificate(SHARD, FINAL_HEIGHT))))
  })

  it('tx_submit passes the bytes on and answers id and relayed', async () => {
    let seen: Uint8Array | undefined
    const id = bytes32(40)
    const port = fakeNodePort({
      submit: async (bytes) => {
        seen = bytes
        return { ok: true, value: { id, relayed: false } }
      }
    })
    assert.deepEqual(await result('tx_submit', { tx }, port), { id: toHex(id), relayed: false })
    assert.deepEqual(seen, TRANSFER.bytes)
  })

  it('RPC-9: a refusal of the pool keeps its code, number and facts', async () => {
    const port = fakeNodePort({
      submit: async () => ({
        ok: false,
        code: 'nonce-gap',
        detail: 'next is 4',
        facts: { next: 4, code: 'no' }
      })
    })
    const { error } = await call('tx_submit', { tx }, port)
    assert.deepEqual(error, {
      code: REFUSED,
      message: 'nonce-gap: next is 4',
      data: { code: 'nonce-gap', number: 122, next: 4 }
    })
  })

  it('RPC-6, RPC-7: account_get: amounts are decimal strings, nonces integers; the home shard is the default', async () => {
    const account = await result('account_get', { address })
    assert.deepEqual(account, {
      address,
      chain: 0,
      exists: true,
      nonce: 4,
      nextNonce: 6,
      consumer: '1000000000000000000',
      industrial: '1',
      reserved: { consumer: '0', industrial: '1' },
      mana: 1_000_000,
      nextCosignature: 2,
      asOf
    })
    assert.equal((await result('account_get', { address, chain: 'coord' }))['chain'], 'coord')
  })

  it('account_proof: absence has value null; without a certified block it is refused', async () => {
    const base = fakeNodePort()
    const absent = fakeNodePort({
      accountProof: async (of, chain) => {
        const { value: _, ...facts } = (await base.accountProof(of, chain))!
        return facts
      }
    })
    const proof = await result('account_proof', { address }, absent)
    assert.deepEqual([proof['exists'], proof['value']], [false, null])
    const early = await call(
      'account_proof',
      { address },
      fakeNodePort({ accountProof: async () => undefined })
    )
    assert.deepEqual(early.error?.data, { code: 'NOT_CERTIFIED_YET', number: 307 })
  })

  it('supply_get: every followed chain, or one', async () => {
    const { chains } = await result('supply_get')
    assert.deepEqual(
      (chains as { chain: unknown }[]).map(({ chain }) => chain),
      ['coord', 0]
    )
    const one = (await result('supply_get', { chain: 0 }))['chains'] as { consumer: object; asOf: object }[]
    assert.deepEqual(one[0]?.consumer, {
      balances: '1152921504606846976',
      stake: '0',
      escrow: '0',
      deposits: '0',
      treasury: '7',
      rewards: '8',
      reserve: '9',
      lost: '0',
      outgoing: '0',
      incoming: '0'
    })
    assert.deepEqual([one.length, one[0]?.asOf], [1, asOf])
  })

  it('validator_list: quorum, f, k and members in key order', async () => {
    const list = await result('validator_list', { chain: 'coord' })
    const { quorum, f, k, n } = list
    assert.deepEqual({ quorum, f, k, n }, { quorum: 3, f: 1, k: 3, n: 4 })
    assert.equal((list['validators'] as object[]).length, 4)
  })

  it('RPC-3: openrpc.json describes every method with its parameters', () => {
    const methods = openRpc('0.1.0')['methods'] as {
      name: string
      params: { name: string; required: boolean }[]
    }[]
    assert.deepEqual(
      methods.map(({ name }) => name),
      [...METHODS.keys(), 'subscribe', 'unsubscribe']
    )
    const block = methods.find(({ name }) => name === 'chain_block')
    assert.deepEqual(
      block?.params.map(({ name, required }) => [name, required]),
      [
        ['chain', true],
        ['height', false],
        ['hash', false],
        ['raw', false]
      ]
    )
  })

  it('RPC-11: protocols/rpc.md lists every method with its parameters', () => {
    const page = readFileSync(new URL('../../../../protocols/rpc.md', import.meta.url), 'utf8')
    const written = page.split('\n').filter((line) => /^\| `[a-z]+_[a-z_]+`/.test(line))
    const rows = written.map((line) =>
      line
        .split('|')
        .slice(1, 3)
        .map((cell) => cell.replaceAll('`', '').trim())
    )
    const declared = [...METHODS.values()].map(({ name, params }) => {
      const names = Object.entries(params).map(([param, { required }]) => (required ? param : `${param}?`))
      return [name, names.join(', ')]
    })
    const byName = ([a = '']: string[], [b = '']: string[]): number => (a < b ? -1 : 1)
    assert.deepEqual(rows.toSorted(byName), declared.toSorted(byName))
  })
})
