/** What a shard whose committee was taken over may say to others: whatever it is, they go on, and hold what they held. */
import { deepEqual, ok } from 'node:assert/strict'
import { buildChainGenesis } from '../../src/chain/genesis-block.ts'
import { freezeSeats } from '../../src/chain/freeze-step.ts'
import {
  AtomicAnswerType,
  AtomicDecisionType,
  ATOMIC_LEGS_MAX,
  CALL_PREPARE,
  PrepareType
} from '../../src/codec/atomic.ts'
import { SummaryType } from '../../src/codec/cooperation.ts'
import { RECEIPT_CALL, RECEIPT_SYSTEM } from '../../src/codec/receipt.ts'
import type { Receipt } from '../../src/codec/receipt.ts'
import { addressOfKey, homeShard } from '../../src/crypto/address.ts'
import { concat, fromHex } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { applyBlock } from '../../src/state/apply-block.ts'
import type { BlockEnd } from '../../src/state/apply-block.ts'
import { holdings, issuedBy, readTotals, recount, wrongCounters } from '../../src/state/supply.ts'
import { readInLane } from '../../src/node/chain/outbox.ts'
import { fc } from '../support/fast-check.ts'
import { aGenesis, someKey } from '../support/genesis.ts'
import { MemoryState, aContext, genesisState, partyOn } from '../support/state.ts'

const SHARDS = 2
const LIMIT = 2n ** 64n
const HERE = shardId(0)
const HOSTILE = shardId(1)
const KEYS = [0, 1, 2, 3, 40].map(someKey)
const ORIGINS = [1, 2].map((byte) => new Uint8Array(32).fill(byte))
const OWNER = partyOn(0, SHARDS)
const PLACES = [
  OWNER.address,
  partyOn(0, SHARDS, 50).address,
  partyOn(1, SHARDS).address,
  ...KEYS.map((key) => addressOfKey(key))
]

const amount = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: 0n, max: 10n ** 9n }),
  fc.bigInt({ min: 0n, max: 2n ** 63n })
)
const u32 = fc.oneof(fc.nat(60), fc.constant(0xffff_ffff))
const u16 = fc.oneof(fc.nat(9), fc.constant(0xffff))
const key = fc.constantFrom(...KEYS)
const place = fc.constantFrom(...PLACES)
const behind = (number: number) => (content: Uint8Array) => concat(Uint8Array.of(number), content)

const facts = fc.record({
  attended: u32,
  missed: u32,
  led: u32,
  skipped: u32,
  late: u32,
  firstRun: u16,
  lastRun: u16,
  longestRun: u16,
  partners: fc.uint8Array({ minLength: 8, maxLength: 8 })
})
const summary = fc
  .record({
    epoch: fc.oneof(fc.nat(9), fc.constant(Number.MAX_SAFE_INTEGER)),
    height: fc.nat(99),
    blocks: u32,
    members: fc.array(fc.record({ key, facts }), { maxLength: 8 })
  })
  .map((value) => SummaryType.serialize(value))
  .map(behind(1))
const owed = fc.oneof(amount, fc.constant(2n ** 64n - 1n))
const leg = fc.record({ from: place, to: place, consumer: owed, industrial: owed })
const prepare = fc
  .record({
    terms: fc.record({
      sender: place,
      chain: fc.constantFrom(HOSTILE, HERE) as fc.Arbitrary<ChainId>,
      nonce: amount,
      validUntil: fc.nat(99),
      heights: u32,
      legs: fc.array(leg, { maxLength: ATOMIC_LEGS_MAX })
    }),
    cosignatures: fc.array(fc.record({ key, sequence: amount, signature: fc.constant(new Uint8Array(64)) }), {
      maxLength: 2
    })
  })
  .map((value) => PrepareType.serialize(value))
  .map(behind(CALL_PREPARE))
const message = fc.oneof(
  summary,
  fc
    .record({ phase: fc.nat(5), reason: u16 })
    .map((value) => AtomicAnswerType.serialize(value))
    .map(behind(2)),
  fc
    .tuple(fc.constantFrom(3, 6), fc.nat(3))
    .map(([number, outcome]) => behind(number)(AtomicDecisionType.serialize({ outcome }))),
  fc.tuple(fc.constantFrom(4, 5, 7), key).map(([number, content]) => behind(number)(content)),
  fc.uint8Array({ maxLength: 40 })
)
const said = fc.oneof(
  fc.record({ kind: fc.constant(RECEIPT_SYSTEM), payload: message }),
  fc.record({ kind: fc.constant(RECEIPT_CALL), payload: prepare }),
  fc.record({ kind: fc.nat(7), payload: fc.uint8Array({ maxLength: 40 }) })
)
const about = fc.record({
  origin: fc.constantFrom(...ORIGINS),
  hop: fc.constantFrom(0, 255),
  sender: place,
  receiver: place,
  consumer: amount,
  industrial: amount
})
const receipts = fc.array(fc.tuple(said, about), { maxLength: 12 })
const blocks = fc.array(receipts, { maxLength: 6 })
type Said = typeof receipts extends fc.Arbitrary<infer T> ? T : never

/** Blocks of a chain that take all of it in, or refuse what brings more than can be counted. */
function takeIn(
  chain: ChainId,
  state: MemoryState,
  lists: readonly Said[],
  end: (height: number) => BlockEnd
): void {
  const issued = issuedBy(readTotals(state))
  let height = 0
  for (const list of lists) {
    const cursor = readInLane(state, HOSTILE)?.cursor ?? 0
    const delivered = list.map(([one, more], index): Receipt => ({
      source: HOSTILE,
      destination: chain,
      sequence: cursor + index,
      mana: 0n,
      ...one,
      ...more
    }))
    height += 1
    const delivery = {
      source: HOSTILE,
      bytes: new Uint8Array(0),
      receipts: delivered,
      acknowledgement: undefined
    }
    const deliveries = delivered.length === 0 ? [] : [delivery]
    const context = aContext({ chain, shards: SHARDS, height })
    const verdict = applyBlock(state, context, { deliveries, transactions: [] }, end(height))
    if (!verdict.ok) {
      ok(verdict.code === 'inflow-capped', verdict.code)
      continue
    }
    state.apply(verdict.value.changes)
    const totals = readTotals(state)
    deepEqual(issuedBy(totals), issued)
    const held = holdings(totals)
    ok(held.consumer < LIMIT && held.industrial < LIMIT, 'more than 64 bits count')
    const flat = [...state.values].map(([name, value]) => [fromHex(name), value] as const)
    deepEqual(wrongCounters(totals, recount(flat)), [])
  }
}

describe('receipts of a shard that was taken over', () => {
  it('R8, R12, STA-4: no receipt stops a shard, nor makes it hold more than its counters can', () => {
    ok(homeShard(OWNER.address, SHARDS) === HERE)
    fc.assert(
      fc.property(blocks, (lists) => {
        const state = genesisState([{ address: OWNER.address, consumer: 10n ** 12n, industrial: 10n ** 12n }])
        takeIn(HERE, state, lists, () => () => undefined)
      }),
      { numRuns: 300 }
    )
  })

  it('R8, R12, COOP-24: nor coordination, which freezes an epoch out of whatever it is told', () => {
    const genesis = aGenesis({ shards: SHARDS })
    const { params } = genesis
    const first = params.epochLength - params.freezeDistance
    fc.assert(
      fc.property(blocks, (lists) => {
        const state = new MemoryState(buildChainGenesis(genesis, COORD).changes)
        takeIn(COORD, state, lists, (block) => (ledger) => {
          const height = first + (block - 1) * params.epochLength
          freezeSeats(ledger, { chain: COORD, height, shards: SHARDS, params })
        })
      }),
      { numRuns: 150 }
    )
  })
})
