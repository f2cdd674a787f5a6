import { deepEqual, equal } from 'node:assert/strict'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { Dispatch, INVALID_PARAMS, REFUSED } from '../../../src/rpc/dispatch.ts'
import type { Reply } from '../../../src/rpc/dispatch.ts'
import type { NodePort, ReceiptFacts } from '../../../src/rpc/port.ts'
import { TRANSFER, bytes32, fakeNodePort } from '../../support/fake-node-port.ts'

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

const LANE = { source: shardId(0), destination: shardId(1) }
const REFUSAL: ReceiptFacts = {
  ...LANE,
  sequence: 4,
  status: 'refused',
  place: { chain: shardId(1), height: 9, hash: bytes32(3) },
  reason: 'below-min-balance',
  refund: 2
}
const REFUND: ReceiptFacts = {
  source: shardId(1),
  destination: shardId(0),
  sequence: 2,
  status: 'acknowledged'
}
const refusalJson = {
  source: 0,
  destination: 1,
  sequence: 4,
  status: 'refused',
  place: { chain: 1, height: 9, hash: '03'.repeat(32) },
  reason: 'below-min-balance',
  refund: 2
}

describe('RPC methods about receipts', () => {
  it('R16, RPC-11: receipt_status tells status, place, reason and refund', async () => {
    const { result } = await call(
      'receipt_status',
      { ...LANE, sequence: 4 },
      { receipt: async (place) => ({ ...REFUSAL, ...place }) }
    )
    deepEqual(result, refusalJson)
  })

  it('R16: one followed end is enough; with neither the call is refused', async () => {
    const code = async (source: unknown, destination: unknown) =>
      (await call('receipt_status', { source, destination, sequence: 0 }, { chains: () => [shardId(0)] }))
        .error?.code
    equal(await code(0, 1), undefined)
    equal(await code(1, 0), undefined)
    const none = await call(
      'receipt_status',
      { ...LANE, sequence: 0 },
      {
        chains: () => []
      }
    )
    equal(none.error?.code, REFUSED)
  })

  it('R16: a lane to itself, a sequence below 0 or that is no integer are wrong parameters', async () => {
    for (const params of [
      { source: 0, destination: 0, sequence: 0 },
      { ...LANE, sequence: -1 },
      { ...LANE, sequence: 0.5 },
      { ...LANE, sequence: '0' },
      { source: 0, sequence: 0 }
    ]) {
      equal((await call('receipt_status', params)).error?.code, INVALID_PARAMS, JSON.stringify(params))
    }
  })

  it('R16: tx_get follows what a transaction sent, refunds behind what they answer', async () => {
    const { result } = await call(
      'tx_get',
      { id: TRANSFER.id },
      {
        transaction: async () => ({
          status: 'final',
          place: { chain: shardId(0), height: 7, hash: bytes32(1), index: 0 },
          result: { code: 'ok', mana: 3n, fee: { consumer: 1n, industrial: 0n } },
          emitted: [{ ...LANE, sequence: 4 }]
        }),
        hops: async () => [REFUSAL, REFUND]
      }
    )
    const { hops } = result as { hops: unknown }
    deepEqual(hops, [refusalJson, { source: 1, destination: 0, sequence: 2, status: 'acknowledged' }])
  })

  it('R16: lane_list shows what was sent and received, and leaves out what never was', async () => {
    const out = {
      next: 5,
      acknowledged: 4,
      bytes: 160,
      sentConsumer: 2n ** 64n - 1n,
      sentIndustrial: 0n,
      refundsReported: 1,
      refundsReceived: 1
    }
    const inbound = { cursor: 3, refunds: 2, receivedConsumer: 9n, receivedIndustrial: 8n }
    const { result } = await call(
      'lane_list',
      { chain: 0 },
      {
        lanes: () => [
          { other: shardId(1), out, in: undefined },
          { other: shardId(2), out: undefined, in: inbound }
        ]
      }
    )
    deepEqual((result as { lanes: unknown }).lanes, [
      {
        other: 1,
        out: {
          next: 5,
          acknowledged: 4,
          bytes: 160,
          consumer: '18446744073709551615',
          industrial: '0'
        }
      },
      { other: 2, in: { cursor: 3, refunds: 2, consumer: '9', industrial: '8' } }
    ])
    equal((await call('lane_list', { chain: 5 })).error?.code, REFUSED)
  })

  it('EMI-5, EMI-9: claim_list: what a key can claim on each followed chain, and its stake', async () => {
    const { result } = await call('claim_list', { validator: '05'.repeat(32) })
    const { claims, stake, validator } = result as Record<string, unknown>
    equal(validator, '05'.repeat(32))
    deepEqual(
      (claims as { chain: unknown; consumer: string }[]).map(({ chain, consumer }) => [chain, consumer]),
      [
        ['coord', '5'],
        [0, '5']
      ]
    )
    deepEqual(stake, { consumer: '3', industrial: '5' })
    equal((await call('claim_list', { validator: '05' })).error?.code, INVALID_PARAMS)
  })
})
