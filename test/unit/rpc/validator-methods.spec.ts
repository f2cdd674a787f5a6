import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { DutiesJson } from '../../../src/client/validator-types.ts'
import { Dispatch, INVALID_PARAMS, REFUSED } from '../../../src/rpc/dispatch.ts'
import type { Reply } from '../../../src/rpc/dispatch.ts'
import { METHODS } from '../../../src/rpc/methods.ts'
import type { NodePort } from '../../../src/rpc/port.ts'
import { fakeNodePort } from '../../support/fake-node-port.ts'

const events = {
  failed: (_: string, error: unknown) => {
    throw error
  },
  refused: () => undefined
}

async function call(method: string, params: object, overrides: Partial<NodePort> = {}): Promise<Reply> {
  const request = { jsonrpc: '2.0', id: 1, method, params }
  const reply = await new Dispatch(fakeNodePort(overrides), events).answer(request, { isAdmin: false })
  return JSON.parse(JSON.stringify(reply)) as Reply
}

const KEY = '0a'.repeat(32)
const part = (value: unknown, name: string): unknown => (value as Record<string, unknown>)[name]

describe('RPC methods about validators', () => {
  it('RPC-11: validator_get shows seats, the score with its factors, history and the sanction', async () => {
    const { result } = await call('validator_get', { validator: KEY })
    deepEqual(part(result, 'seats'), [{ chain: 'coord', epoch: 0, index: 0, weight: 1_000_000 }])
    deepEqual(part(result, 'registration'), {
      status: 'leaving',
      since: 4,
      joined: 0,
      ready: 2,
      leases: [{ shard: 0, until: 240 }]
    })
    deepEqual(part(result, 'stake'), { consumer: '3', industrial: '4' })
    const [score] = part(result, 'scores') as Record<string, unknown>[]
    deepEqual(Object.keys(score!['factors'] as object), [
      'base',
      'diversity',
      'consistency',
      'performance',
      'collusion',
      'shard',
      'activity'
    ])
    equal(score!['ineligible'], 'sanctioned')
    deepEqual(part(part(result, 'history'), 'recent'), { views: 2, successes: 1 })
    deepEqual(part(result, 'sanction'), {
      level: 1,
      excluded: true,
      recoversAtEpoch: 70,
      offences: 1,
      penalty: '5000000',
      bonus: '0',
      slashed: { consumer: '5', industrial: '0' },
      steps: [{ offenceEpoch: 0, epoch: 0, level: 1 }]
    })
  })

  it('RPC-11: a key that nobody knows is refused', async () => {
    const { error } = await call('validator_get', { validator: 'ff'.repeat(32) })
    equal(error?.code, REFUSED)
    equal(part(error?.data, 'code'), 'VALIDATOR_UNKNOWN')
  })

  it('C30, SAN-7: evidence_list shows offences with their disputes, and how many wait', async () => {
    const { result } = await call('evidence_list', { limit: 1 })
    deepEqual([part(result, 'count'), part(result, 'waiting')], [1, 2])
    const [offence] = part(result, 'offences') as Record<string, unknown>[]
    deepEqual([offence!['kind'], offence!['chain'], offence!['level']], ['two-notarise', 'coord', 1])
    match(String((offence!['disputes'] as Record<string, unknown>[])[0]!['sender']), /^icn1/)
  })

  it('RPC-11: limits are 1 to 200, a category is one of the list', async () => {
    for (const method of ['evidence_list', 'validator_rank']) {
      equal((await call(method, { limit: 0 })).error?.code, INVALID_PARAMS)
      equal((await call(method, { limit: 201 })).error?.code, INVALID_PARAMS)
      equal((await call(method, { limit: 200 })).error, undefined)
    }
    equal((await call('validator_rank', { limit: 1, category: 'beauty' })).error?.code, INVALID_PARAMS)
    const { result } = await call('validator_rank', { limit: 1, category: 'governance' })
    deepEqual(part(result, 'category'), 'governance')
  })

  it('RPC-11: validator_list says why quorum, f and k are what they are', async () => {
    const { result } = await call('validator_list', { chain: 0 })
    const why = part(result, 'why') as string[]
    match(why[0]!, /f = .*= 1/)
    match(why[1]!, /quorum = n − f = 4 − 1 = 3/)
    match(why[2]!, /at least k = 3 of 4/)
  })

  it('RPC-11: epoch_get tells the coordination heights of the epoch and of the next freeze', async () => {
    const { result } = await call('epoch_get', { chain: 0 })
    const heights = part(result, 'coordHeights') as Record<string, number>
    equal(heights['first'], 1)
    equal(heights['freeze']! < heights['last']!, true)
  })

  it('RPC-11: cooperative_list names cooperatives with their validators', async () => {
    const { result } = await call('cooperative_list', {})
    deepEqual(part(result, 'cooperatives'), [{ number: 1, name: 'one', validators: [KEY] }])
  })

  it('RPC-11, C24: validator_duties shows the registration, and where the node must go on serving', async () => {
    const { result } = await call('validator_duties', { validator: KEY })
    const { status, leases, seats, serving, safeToStop, unbondings } = result as DutiesJson
    deepEqual([status, seats, safeToStop], ['leaving', ['coord'], false])
    deepEqual(leases, [{ shard: 0, until: 240 }])
    equal(unbondings[0]?.consumer, '5')
    deepEqual(
      serving.map(({ chain, safe }) => [chain, safe]),
      [
        ['coord', false],
        [0, true]
      ]
    )
    const { error } = await call('validator_duties', { validator: 'ff'.repeat(32) })
    equal(part(error?.data, 'code'), 'VALIDATOR_UNKNOWN')
  })

  it('RPC-5: a message about a parameter says what was expected', async () => {
    const zero = '00'.repeat(32)
    for (const [method, params, expected] of [
      [
        'validator_rank',
        { category: 'fame', limit: 3 },
        /^bad parameter: category, expected one of validation, /
      ],
      ['validator_rank', { limit: 0 }, /^bad parameter: limit, expected limit: an integer from 1 to 200$/],
      [
        'committee_proof',
        { checkpoint: 0 },
        /^bad parameter: checkpoint, expected checkpoint: an integer from 1$/
      ],
      [
        'validator_get',
        { validator: 'zz' },
        /^bad parameter: validator, expected validator key: 64 lower-case hex digits$/
      ],
      ['tx_submit', { tx: 'zz' }, /^bad parameter: tx, expected .*: at most \d+ lower-case hex digits$/],
      ['account_get', { address: zero }, /^bad parameter: address, expected account address/],
      ['account_get', { chain: 'x', address: zero }, /^bad parameter: address/],
      [
        'chain_head',
        { chain: 'x' },
        /^bad parameter: chain, expected chain: "coord" or the number of a shard$/
      ],
      ['chain_block', { chain: 0, height: 1, raw: 1 }, /^bad parameter: raw, expected .*: true or false$/]
    ] as const)
      match((await call(method, params)).error?.message ?? '', expected, method)
  })

  it('RPC-2: protocols/rpc.md says what every call weighs', () => {
    const page = readFileSync(new URL('../../../../protocols/rpc.md', import.meta.url), 'utf8')
    const rule = /\*\*RPC-2\*\*([^]*?)\n- \*\*/.exec(page)![1]!.replaceAll(/\s+/g, ' ')
    const written = [...rule.matchAll(/((?:`[a-z_]+`(?:, | and )?)+) (?:weigh |weighs )?(\d+)/g)].flatMap(
      ([, names = '', weight]) =>
        [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => [name, Number(weight)])
    )
    const declared = [...METHODS.values()].filter(({ weight }) => weight !== 1)
    deepEqual(
      new Map(written as [string, number][]),
      new Map(declared.map(({ name, weight }) => [name, weight]))
    )
    ok(/every other call 1\b/.test(rule))
  })
})
