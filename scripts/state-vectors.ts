/** What protocols/vectors/state.json holds: trees, proofs, mana, fees and executed blocks (STA, TX). */
import { addressOfKey, homeShard } from '../src/crypto/address.ts'
import { sha256 } from '../src/crypto/hash.ts'
import { fromHex, toHex, u64be, utf8 } from '../src/primitives/bytes.ts'
import type { Hex } from '../src/primitives/bytes.ts'
import { shardId } from '../src/primitives/chain-id.ts'
import { OutLaneType } from '../src/codec/receipt.ts'
import type { OutLane } from '../src/codec/receipt.ts'
import { StateProofType } from '../src/codec/state-proof.ts'
import type { StateProof } from '../src/codec/state-proof.ts'
import { ACTION_TRANSFER, TransactionType, TransferType } from '../src/codec/transaction.ts'
import type { Transaction, Transfer } from '../src/codec/transaction.ts'
import { PRESETS } from '../src/params/presets.ts'
import { applyBlock } from '../src/state/apply-block.ts'
import { EMPTY_VIEW, commit } from '../src/state/commit.ts'
import { feeAmounts, feeShares } from '../src/state/fees.ts'
import { outLaneKey } from '../src/state/keys.ts'
import { buildGenesisState } from '../src/state/genesis-state.ts'
import { manaCost, regenerate } from '../src/state/mana.ts'
import type { StateChanges, StateView } from '../src/state/ports.ts'
import { proveKey } from '../src/state/proof.ts'
import { checkStateless } from '../src/state/stateless.ts'
import type { BlockContext, CheckedTransaction } from '../src/state/types.ts'
import { pagesOf } from './vectors/state-pages.ts'

type Json = string | number | readonly Json[] | { readonly [name: string]: Json }

const hexMap = (map: ReadonlyMap<Hex, Uint8Array | undefined>): Json =>
  Object.fromEntries(
    [...map]
      .filter((pair): pair is [Hex, Uint8Array] => pair[1] !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, toHex(value)])
  )

/** A state that was written at once: its changes are its contents. */
function viewOf({ values, pages, root }: StateChanges): StateView {
  return { get: (key) => values.get(toHex(key)), page: (id) => pages.get(id), root }
}

const numbered = (count: number): Map<Hex, Uint8Array> =>
  new Map(Array.from({ length: count }, (_, i) => [toHex(utf8(`key ${i}`)), utf8(`value ${i}`)]))

const trees = (): Json =>
  [0, 1, 2, 3, 17, 100].map((count) => {
    const values = numbered(count)
    const { root } = commit(EMPTY_VIEW, values)
    const pages = pagesOf([...values].map(([key, value]) => [fromHex(key), value] as const))
    return { name: `${count} keys`, values: hexMap(values), root: toHex(root), pages: hexMap(pages) }
  })

interface ProofCase {
  readonly name: string
  readonly root: Uint8Array
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
  readonly proof: StateProof
}

const proofCase = ({ name, root, key, value, proof }: ProofCase): Json => ({
  name,
  root: toHex(root),
  key: toHex(key),
  value: value === undefined ? [] : [toHex(value)],
  proof: toHex(StateProofType.serialize(proof))
})

function proofs(): { readonly accepted: Json; readonly refused: Json } {
  const state = viewOf(commit(EMPTY_VIEW, numbered(100)))
  const about = (view: StateView, name: string): ProofCase => {
    const key = utf8(name)
    return { name, root: view.root, key, value: view.get(key), proof: proveKey(view, key) }
  }
  const one = about(state, 'key 1')
  const absent = Array.from({ length: 20 }, (_, i) => about(state, `absent ${i}`))
  const beside = absent.filter(({ proof }) => proof.other.length === 1)
  const [leafCase] = beside
  const other = leafCase?.proof.other ?? []
  const own = { path: sha256(one.key), valueHash: sha256(one.value ?? utf8('')) }
  const [first, ...rest] = one.proof.siblings
  return {
    accepted: [one, about(state, 'key 99'), ...absent, about(EMPTY_VIEW, 'anything')].map(proofCase),
    refused: [
      { ...one, name: 'another value', value: utf8('value 2') },
      { ...one, name: 'a value that exists, as absent', value: undefined },
      {
        ...one,
        name: 'the key’s own leaf as another',
        value: undefined,
        proof: { ...one.proof, other: [own] }
      },
      { ...one, name: 'a leaf beside a value', proof: { ...one.proof, other } },
      { ...one, name: 'a sibling missing', proof: { ...one.proof, siblings: rest } },
      {
        ...one,
        name: 'a sibling twice',
        proof: { ...one.proof, siblings: first ? [first, first, ...rest] : [] }
      },
      {
        ...one,
        name: 'siblings upwards',
        proof: { ...one.proof, siblings: one.proof.siblings.toReversed() }
      },
      { ...one, name: 'the proof of another key', key: utf8('key 2') },
      { ...one, name: 'another root', root: sha256(state.root) },
      ...beside.map((found) => ({
        ...found,
        name: 'absence without its leaf',
        proof: { ...found.proof, other: [] }
      })),
      ...beside.map((found) => ({ ...found, name: 'an absent key with a value', value: utf8('x') }))
    ].map(proofCase)
  }
}

const mana = (): Json => ({
  costs: [1, 200, 1024, 1025, 4096, 16_640].flatMap((bytes) =>
    [0, 1, 5].map((otherShards) => ({ bytes, otherShards, cost: manaCost(bytes, otherShards).toString() }))
  ),
  regained: [
    [0, 1_499, 1_000, 10, 15_000],
    [0, 1_500, 1_000, 10, 15_000],
    [998, 4_000, 1_000, 10, 15_000],
    [5, 10, 1_000_000, 7, 3],
    [5, 10, 1_000_000, 3, 7],
    [5, 10, 1_000_000, 0, 7],
    [9, 10, 4, 1, 1_000]
  ].map(([stored = 0, elapsed = 0, manaCap = 0, manaPerPeriod = 0, manaPeriodMs = 0]) => {
    const account = { mana: BigInt(stored), manaTimeMs: 100 }
    const after = regenerate(account, 100 + elapsed, { manaCap, manaPerPeriod, manaPeriodMs })
    const result = { mana: after.mana.toString(), manaTimeMs: after.manaTimeMs }
    return {
      stored: String(stored),
      storedAt: 100,
      timeMs: 100 + elapsed,
      manaCap,
      manaPerPeriod,
      manaPeriodMs,
      result
    }
  })
})

const fees = (): Json =>
  [0, 1, 2].flatMap((selector) =>
    [0n, 1n, 1_001n].map((fee) => {
      const paid = feeAmounts(fee, selector)
      const { treasury } = feeShares(paid, 300_000)
      const text = ({ consumer, industrial }: typeof paid): Json => [
        consumer.toString(),
        industrial.toString()
      ]
      return {
        fee: fee.toString(),
        selector,
        treasurySharePpm: 300_000,
        paid: text(paid),
        treasury: text(treasury)
      }
    })
  )

const NETWORK = sha256(utf8('state vectors'))
const START_MS = 1_700_000_000_000
const { params } = PRESETS.devnet
const key = (number: number): Uint8Array => sha256(u64be(number))
const address = (number: number): Uint8Array => addressOfKey(key(number))
const context: BlockContext = {
  network: NETWORK,
  chain: shardId(0),
  shards: 1,
  height: 10,
  epoch: 0,
  timeMs: START_MS + 2_500,
  proposer: sha256(utf8('proposer')),
  params
}

function order(
  from: number,
  payload: Partial<Transfer>,
  fields: Partial<Transaction> = {},
  shards = 1
): CheckedTransaction {
  const transfer = { to: address(from), consumer: 0n, industrial: 0n, memo: new Uint8Array(), ...payload }
  const bytes = TransactionType.serialize({
    version: 1,
    chain: context.chain,
    keyType: 0,
    sender: key(from),
    nonce: 0n,
    validUntil: 100,
    action: ACTION_TRANSFER,
    payload: TransferType.serialize(transfer),
    maxMana: 3n,
    fee: 1_001n,
    feeSelector: 0,
    signature: new Uint8Array(64),
    ...fields
  })
  const checked = checkStateless({ network: NETWORK, shards, payloadBytesMax: params.payloadBytesMax }, bytes)
  if (!checked.ok) throw new RangeError(checked.code)
  return checked.value
}

const blockCases = (): readonly (readonly [string, readonly CheckedTransaction[]])[] => {
  const pay = { to: address(2), consumer: 5n }
  return [
    ['no transactions', []],
    ['both tokens', [order(1, { ...pay, industrial: 7n }), order(2, { to: address(1), consumer: 1n })]],
    ['fee selectors', [0, 1, 2].map((feeSelector, i) => order(1, pay, { nonce: BigInt(i), feeSelector }))],
    ['a new account', [order(1, { to: address(3), consumer: 10_000n })]],
    ['a new account by industrial', [order(1, { to: address(3), industrial: 10_000n })]],
    ['to oneself', [order(1, { consumer: 1_000n })]],
    ['below the minimum balance', [order(1, { to: address(3), consumer: 9_999n, industrial: 9_999n })]],
    ['insufficient funds', [order(1, { ...pay, consumer: 1_000_000n }), order(1, pay, { nonce: 1n })]],
    ['creation unpaid', [order(1, { to: address(3), consumer: 950_000n })]],
    ['unknown account', [order(3, pay)]],
    ['nonce reuse', [order(1, pay), order(1, pay)]],
    ['nonce gap', [order(1, pay, { nonce: 1n })]],
    ['expired', [order(1, pay, { validUntil: 9 })]],
    ['lifetime too long', [order(1, pay, { validUntil: 10 + params.maxLifetime })]],
    ['below the fee floor', [order(1, pay, { fee: 100n })]],
    ['mana below cost', [order(1, pay, { maxMana: 2n })]],
    ['fee unpayable', [order(1, pay, { fee: 1_000_001n })]],
    ['insufficient mana', [order(1, pay, { maxMana: 1_000_001n, fee: 2n ** 40n, feeSelector: 1 })]]
  ]
}

function blocks(): Json {
  const before = buildGenesisState({
    accounts: [
      { address: address(1), consumer: 1_000_000n, industrial: 2n ** 41n },
      { address: address(2), consumer: 1_000_000n, industrial: 0n }
    ],
    reserve: { consumer: 11n, industrial: 13n },
    extra: [],
    params,
    timeMs: START_MS
  })
  const { height, timeMs, proposer } = context
  return {
    network: toHex(NETWORK),
    before: hexMap(before.values),
    root: toHex(before.root),
    height,
    timeMs,
    proposer: toHex(proposer),
    params: { ...params },
    cases: blockCases().map(([name, transactions]) => {
      const applied = applyBlock(viewOf(before), context, { deliveries: [], transactions })
      const wires = transactions.map(({ bytes }) => toHex(bytes))
      if (!applied.ok) return { name, transactions: wires, invalid: applied.code }
      const { changes, results } = applied.value
      return {
        name,
        transactions: wires,
        ids: results.map(({ id }) => toHex(id)),
        outcomes: results.map(({ failure }) => failure ?? 'applied'),
        changes: hexMap(changes.values),
        root: toHex(changes.root)
      }
    })
  }
}

/** The first number from `from` on whose address is at home on this shard of two. */
function atHome(shard: number, from: number): number {
  for (let number = from; ; number++) if (homeShard(address(number), 2) === shard) return number
}

const LANE: OutLane = {
  next: 1_000,
  acknowledged: 1_000,
  bytes: 0,
  sentConsumer: 0n,
  sentIndustrial: 0n,
  refundsReported: 40,
  refundsReceived: 40
}

/** R9: lanes with room for exactly one more, and with none. */
function lanes(): Json {
  const { laneReceiptsMax, laneBytesMax } = params
  const receipts = Math.ceil((laneReceiptsMax * 80) / 100)
  const bytes = Math.ceil((laneBytesMax * 80) / 100)
  const cases: readonly (readonly [string, Partial<OutLane>])[] = [
    ['empty', {}],
    ['one below by receipts', { next: LANE.next + receipts - 1 }],
    ['one below by receipts, some of them refused', { next: LANE.next + receipts - 11, refundsReported: 50 }],
    ['at the limit by receipts', { next: LANE.next + receipts }],
    ['at the limit by refunds on the way', { next: LANE.next + receipts - 10, refundsReported: 50 }],
    ['one below by bytes', { next: LANE.next + 1, bytes: bytes - 1 }],
    ['at the limit by bytes', { next: LANE.next + 1, bytes }]
  ]
  return {
    laneReceiptsMax,
    laneBytesMax,
    cases: cases.map(([name, fields]) => {
      const lane = { ...LANE, ...fields }
      return { name, lane: toHex(OutLaneType.serialize(lane)), outcome: acrossWith(lane) }
    })
  }
}

/** What becomes of a transfer to shard 1 that a block of shard 0 includes. */
function acrossWith(lane: OutLane): string {
  const [from, to] = [atHome(0, 1), atHome(1, 1)]
  const account = { address: address(from), consumer: 1_000_000n, industrial: 0n }
  const extra = [[outLaneKey(shardId(1)), OutLaneType.serialize(lane)] as const]
  const reserve = { consumer: 0n, industrial: 0n }
  const before = buildGenesisState({ accounts: [account], reserve, extra, params, timeMs: START_MS })
  const transaction = order(from, { to: address(to), consumer: 5n }, { maxMana: 100n, fee: 10_000n }, 2)
  const work = { deliveries: [], transactions: [transaction] }
  const applied = applyBlock(viewOf(before), { ...context, shards: 2 }, work)
  if (!applied.ok) throw new RangeError(applied.code)
  return applied.value.results[0]?.failure ?? 'applied'
}

/** The file's text: equal for every run. */
export function stateVectors(): string {
  const { accepted, refused } = proofs()
  const rules = [
    'STA-1',
    'STA-5',
    'STA-6',
    'STA-7',
    'STA-8',
    'STA-9',
    'STA-10',
    'STA-11',
    'STA-12',
    'TX-7',
    'TX-12',
    'R9'
  ]
  const file: Json = {
    rules,
    trees: trees(),
    accepted,
    refused,
    mana: mana(),
    fees: fees(),
    blocks: blocks(),
    lanes: lanes()
  }
  return `${JSON.stringify(file, null, 1)}\n`
}
