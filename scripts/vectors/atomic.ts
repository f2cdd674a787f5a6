/** The vectors of atomic actions: what M2 says of legs, and stories of three shards, block by block (ATO-1 … ATO-15). */
import { ACTION_MULTI_TRANSFER, MultiTransferType, cosignedBytes } from '../../src/codec/atomic.ts'
import type { MultiTransfer } from '../../src/codec/atomic.ts'
import { OutboxEntryType, ReceiptType } from '../../src/codec/receipt.ts'
import type { Receipt } from '../../src/codec/receipt.ts'
import { refusalNumber } from '../../src/codec/refusals.ts'
import { TransactionType } from '../../src/codec/transaction.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { must } from '../../src/primitives/errors.ts'
import { multiTransfer } from '../../src/state/actions/multi-transfer.ts'
import { applyBlock } from '../../src/state/apply-block.ts'
import { buildGenesisState } from '../../src/state/genesis-state.ts'
import type { StateChanges, StateView } from '../../src/state/ports.ts'
import { checkStateless } from '../../src/state/stateless.ts'
import type { CheckedTransaction, Execution } from '../../src/state/types.ts'
import { toPlain } from './plain.ts'
import type { Plain } from './plain.ts'
import {
  BALANCE,
  PLOTS,
  SHARDS,
  START_MS,
  alice,
  bob,
  carol,
  consent,
  fresh,
  leg,
  owner,
  params
} from './atomic-plots.ts'
import type { Plot } from './atomic-plots.ts'
import { NETWORK, digest } from './samples.ts'

/** What stories are told of: accounts, escrows, records, their index. Prefixes in hex. */
const TOLD = ['01', '06', '07', '08']

/** A shard in memory, written down as it goes. */
class Shard implements StateView {
  readonly chain: ChainId
  readonly values = new Map<Hex, Uint8Array>()
  readonly #pages = new Map<Hex, Uint8Array>()
  root: Uint8Array
  height = 0
  /** Receipts that no block of their destination has taken in. */
  readonly sent = new Map<ChainId, Receipt[]>()

  constructor(chain: ChainId) {
    this.chain = chain
    const accounts = [{ address: owner(chain).address, consumer: BALANCE, industrial: BALANCE }]
    const reserve = { consumer: 0n, industrial: 0n }
    const changes = buildGenesisState({ accounts, reserve, extra: [], params, timeMs: START_MS })
    this.root = changes.root
    this.#write(changes)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.values.get(toHex(key))
  }

  page(path: Hex): Uint8Array | undefined {
    return this.#pages.get(path)
  }

  run(
    height: number,
    source: ChainId,
    receipts: readonly Receipt[],
    transactions: CheckedTransaction[]
  ): Execution {
    const deliveries =
      receipts.length === 0
        ? []
        : [{ source, bytes: new Uint8Array(0), receipts, acknowledgement: undefined }]
    const { chain } = this
    const context = {
      network: NETWORK,
      chain,
      shards: SHARDS,
      height,
      epoch: 0,
      timeMs: START_MS + 1_000 * height,
      proposer: digest('proposer'),
      params
    }
    const applied = applyBlock(this, context, { deliveries, transactions })
    if (!applied.ok) throw new RangeError(`${applied.code}: ${applied.detail}`)
    this.height = height
    this.#write(applied.value.changes)
    for (const { destination, value } of applied.value.emitted) {
      const known = this.sent.get(destination) ?? []
      this.sent.set(destination, [...known, ...OutboxEntryType.deserialize(value).receipts])
    }
    return applied.value
  }

  #write({ values, pages, root }: StateChanges): void {
    for (const [key, value] of values) {
      if (value === undefined) this.values.delete(key)
      else this.values.set(key, value)
    }
    for (const [id, page] of pages) {
      if (page === undefined) this.#pages.delete(id)
      else this.#pages.set(id, page)
    }
    this.root = root
  }
}

function order({ legs, consents = [], heights = 60 }: Plot): CheckedTransaction {
  const terms = {
    sender: alice.address,
    chain: shardId(0),
    nonce: 0n,
    validUntil: 50,
    heights,
    legs: [...legs]
  }
  const cosignatures = consents.map((sign) => sign(terms))
  const bytes = TransactionType.serialize({
    version: 1,
    chain: shardId(0),
    keyType: 0,
    sender: alice.publicKey,
    nonce: 0n,
    validUntil: 50,
    action: ACTION_MULTI_TRANSFER,
    payload: MultiTransferType.serialize({ heights, legs: terms.legs, cosignatures }),
    maxMana: 100n,
    fee: 10_000n,
    feeSelector: 0,
    signature: new Uint8Array(64)
  })
  const checked = checkStateless(
    { network: NETWORK, shards: SHARDS, payloadBytesMax: params.payloadBytesMax },
    bytes
  )
  if (!checked.ok) throw new RangeError(checked.code)
  return checked.value
}

const told = (values: Iterable<readonly [Hex, Uint8Array | undefined]>): Plain =>
  Object.fromEntries(
    [...values]
      .filter(([key]) => TOLD.includes(key.slice(0, 2)))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, value === undefined ? [] : [toHex(value)]])
  )

function story(plot: Plot): Plain {
  const shards = [0, 1, 2].map((number) => new Shard(shardId(number)))
  const at = (number: number): Shard => must(shards[number], 'one of three shards')
  const action = order(plot)
  const begun = at(0).run(1, shardId(0), [], [action])
  const [result] = begun.results
  if (result?.failure !== undefined) throw new RangeError(`${plot.name}: ${result.failure}`)
  const emittedOf = ({ emitted }: Execution): Plain =>
    emitted.flatMap(({ value }) =>
      OutboxEntryType.deserialize(value).receipts.map((receipt) => toHex(ReceiptType.serialize(receipt)))
    )
  const before = shards.map(({ values }) => told(values))
  const first = emittedOf(begun)
  const last = new Map<string, Receipt>()
  const blocks = plot.steps.map((step) => {
    const shard = at('on' in step ? step.on : step.to)
    const source = shardId('on' in step ? step.on : step.from)
    const receipts = 'on' in step ? [] : arriving(at(step.from), shard, step, last)
    const height = 'on' in step ? step.height : shard.height + 1
    const done = shard.run(height, source, receipts, [])
    return {
      chain: shard.chain,
      height,
      timeMs: START_MS + 1_000 * height,
      receipts: receipts.map((receipt) => toHex(ReceiptType.serialize(receipt))),
      outcomes: done.received.map(({ refusal }) => (refusal === undefined ? 0 : refusalNumber(refusal))),
      emitted: emittedOf(done),
      changes: told(done.changes.values)
    }
  })
  return {
    name: plot.name,
    id: toHex(action.id),
    transaction: toHex(action.bytes),
    before,
    emitted: first,
    blocks
  }
}

/** What is under way, or the last receipt of the lane, or of another one, as if it were sent here. */
function arriving(
  from: Shard,
  to: Shard,
  { again, instead }: { readonly again?: boolean; readonly instead?: number },
  last: Map<string, Receipt>
): Receipt[] {
  const lane = `${from.chain}/${to.chain}`
  if (again === true || instead !== undefined) {
    const sent = must(last.get(`${from.chain}/${instead ?? to.chain}`), 'something went that way before')
    const sequence = instead === undefined ? sent.sequence + 1 : 0
    const next = { ...sent, destination: to.chain, sequence }
    last.set(lane, next)
    return [next]
  }
  const before = last.get(lane)
  // What was made up took the numbers of what follows.
  const first = before === undefined ? 0 : before.sequence + 1
  const receipts = (from.sent.get(to.chain) ?? []).map((receipt, index) => ({
    ...receipt,
    sequence: first + index
  }))
  from.sent.set(to.chain, [])
  const end = receipts.at(-1)
  if (end !== undefined) last.set(lane, end)
  return receipts
}

const someKey = { key: bob.publicKey, sequence: 0n, signature: new Uint8Array(64) }
const PAYLOADS: readonly (readonly [string, Partial<MultiTransfer>])[] = [
  ['one leg', {}],
  ['ten legs', { legs: Array.from({ length: 10 }, () => leg(alice, bob, 1n)) }],
  ['the shortest deadline', { heights: 1 }],
  ['the longest deadline', { heights: 5_760 }],
  [
    'on three shards, with a co-signer',
    { legs: [leg(alice, carol, 1n), leg(bob, carol, 1n)], cosignatures: [someKey] }
  ],
  ['all on one shard', { legs: [leg(alice, fresh(0), 1n)] }],
  ['no legs', { legs: [] }],
  ['a leg of nothing', { legs: [leg(alice, bob, 1n), leg(alice, bob, 0n)] }],
  ['a leg to its own payer', { legs: [leg(alice, alice, 1n)] }],
  ['no deadline', { heights: 0 }],
  ['a deadline too far', { heights: 5_761 }],
  ['a payer who has not signed', { legs: [leg(bob, alice, 1n)] }],
  ['a signer who does not pay', { cosignatures: [someKey] }],
  ['a signer twice', { legs: [leg(bob, alice, 1n)], cosignatures: [someKey, someKey] }]
]

function legCases(): Plain {
  const constants = { network: NETWORK, shards: SHARDS, payloadBytesMax: params.payloadBytesMax }
  return PAYLOADS.map(([name, changes]) => {
    const payload = { heights: 60, legs: [leg(alice, bob, 1n)], cosignatures: [], ...changes }
    const others = multiTransfer.destinations(payload, alice.address, constants)
    return {
      name,
      payload: toHex(MultiTransferType.serialize(payload)),
      verdict: multiTransfer.stateless(payload, alice.address, constants) ?? 'ok',
      others: [...others],
      cost: multiTransfer.cost(1_100, others.length).toString()
    }
  })
}

export function atomic(): Plain {
  return {
    rules: [
      'ATO-1',
      'ATO-3',
      'ATO-4',
      'ATO-5',
      'ATO-6',
      'ATO-8',
      'ATO-9',
      'ATO-10',
      'ATO-12',
      'ATO-13',
      'ATO-14'
    ],
    network: toHex(NETWORK),
    shards: SHARDS,
    minBalance: params.minBalance,
    sender: toHex(alice.address),
    cosigned: toPlain(cosignedCase()),
    legs: legCases(),
    stories: PLOTS.map(story)
  }
}

function cosignedCase() {
  const terms = {
    sender: alice.address,
    chain: shardId(0),
    nonce: 3n,
    validUntil: 77,
    heights: 300,
    legs: [leg(bob, alice, 5n)]
  }
  const { key, signature } = consent(bob, 9n)(terms)
  return { terms, sequence: 9, message: cosignedBytes(NETWORK, terms, 9n), key, signature }
}
