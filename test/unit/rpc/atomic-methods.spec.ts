import { deepEqual, equal } from 'node:assert/strict'
import type { AtomicRecord } from '../../../src/codec/atomic.ts'
import { encodeAddress } from '../../../src/crypto/address.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { Dispatch } from '../../../src/rpc/dispatch.ts'
import type { Reply } from '../../../src/rpc/dispatch.ts'
import type { AtomicFacts, NodePort } from '../../../src/rpc/port.ts'
import { bytes32, fakeNodePort } from '../../support/fake-node-port.ts'

const events = {
  failed: (_: string, error: unknown) => {
    throw error
  },
  refused: () => undefined
}

async function atomicGet(facts: AtomicFacts): Promise<Reply> {
  const request = { jsonrpc: '2.0', id: 1, method: 'atomic_get', params: { id: '07'.repeat(32) } }
  const port: Partial<NodePort> = { atomic: () => facts }
  const reply = await new Dispatch(fakeNodePort(port), events).answer(request, { isAdmin: false })
  return JSON.parse(JSON.stringify(reply)) as Reply
}

const sender = new Uint8Array(21)
const step = (height: number, sequence: number) => [{ height, sequence }]
const RECORD: AtomicRecord = {
  sender,
  height: 4,
  deadline: 9,
  outcome: 2,
  reason: 142,
  decidedAt: 6,
  endedAt: 0,
  parts: [
    { chain: shardId(0), phase: 4, reason: 0, prepare: [], vote: [], decision: [], end: [] },
    {
      chain: shardId(1),
      phase: 1,
      reason: 0,
      prepare: step(4, 0),
      vote: step(5, 3),
      decision: step(6, 1),
      end: []
    },
    {
      chain: shardId(2),
      phase: 2,
      reason: 142,
      prepare: step(4, 7),
      vote: step(6, 0),
      decision: [],
      end: []
    }
  ]
}

describe('RPC method atomic_get', () => {
  it('RPC-11: tells outcome, deadline, and of each shard phase, reason and receipts', async () => {
    const asOf = { chain: shardId(0), height: 8, hash: bytes32(1) }
    const { result } = await atomicGet({ record: { record: RECORD, asOf }, held: [] })
    deepEqual(result, {
      id: '07'.repeat(32),
      record: {
        coordinator: 0,
        sender: encodeAddress(sender),
        outcome: 'abort',
        reason: 'below-min-balance',
        height: 4,
        deadline: 9,
        decidedAt: 6,
        parts: [
          { chain: 0, phase: 'aborted' },
          {
            chain: 1,
            phase: 'prepared',
            prepare: { height: 4, sequence: 0 },
            vote: { height: 5, sequence: 3 },
            decision: { height: 6, sequence: 1 }
          },
          {
            chain: 2,
            phase: 'refused',
            reason: 'below-min-balance',
            prepare: { height: 4, sequence: 7 },
            vote: { height: 6, sequence: 0 }
          }
        ],
        asOf: { chain: 0, height: 8, hash: '01'.repeat(32) }
      },
      held: []
    })
  })

  it('RPC-11: tells what followed shards hold, also where nobody here coordinates it', async () => {
    const asOf = { chain: shardId(1), height: 8, hash: bytes32(1) }
    const escrow = {
      coordinator: shardId(2),
      sender,
      phase: 1,
      paid: 0,
      consumer: 5n,
      industrial: 6n,
      legs: []
    }
    const { result } = await atomicGet({ record: undefined, held: [{ escrow, asOf }] })
    deepEqual(result, {
      id: '07'.repeat(32),
      held: [
        {
          chain: 1,
          phase: 'prepared',
          consumer: '5',
          industrial: '6',
          asOf: { chain: 1, height: 8, hash: '01'.repeat(32) }
        }
      ]
    })
  })

  it('RPC-11: an id that no followed chain knows has neither', async () => {
    const { result, error } = await atomicGet({ record: undefined, held: [] })
    equal(error, undefined)
    deepEqual(result, { id: '07'.repeat(32), held: [] })
  })
})
