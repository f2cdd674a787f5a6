import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict'
import { utf8 } from '../../../src/primitives/bytes.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { MAX_DELIVERIES, MAX_DELIVERY_BYTES } from '../../../src/codec/block.ts'
import type { Account } from '../../../src/codec/state-records.ts'
import { applyBlock } from '../../../src/state/apply-block.ts'
import { selectWork } from '../../../src/state/build.ts'
import { EMPTY_VIEW } from '../../../src/state/commit.ts'
import { buildGenesisState } from '../../../src/state/genesis-state.ts'
import {
  NOTHING_RESERVED,
  checkAdmission,
  checkInclusion,
  reservation
} from '../../../src/state/inclusion.ts'
import type { Reserved } from '../../../src/state/inclusion.ts'
import { InLaneType } from '../../../src/codec/receipt.ts'
import { PARAMETERS_KEY, inLaneKey } from '../../../src/state/keys.ts'
import type { CheckedDelivery } from '../../../src/state/receipts.ts'
import {
  holdings,
  issuedBy,
  readAccount,
  readTotals,
  recount,
  totalSupply
} from '../../../src/state/supply.ts'
import type { CheckedTransaction } from '../../../src/state/types.ts'
import { COIN, PARAMS, START_MS, aContext, aTransfer, genesisState, party } from '../../support/state.ts'

const [alice, bob, carol] = [party(1), party(2), party(3)]
const context = aContext({ height: 10 })
const account: Account = { nonce: 5n, consumer: 10_000n, industrial: 500n, mana: 100n, manaTimeMs: START_MS }
const send = (consumer: bigint, nonce = 5n, maxMana = 3n): CheckedTransaction =>
  aTransfer(alice, { to: bob.address, consumer }, { nonce, maxMana })

describe('Inclusion and admission', () => {
  it('M7: a pool reserves fee, amounts and max mana of what is pending', () => {
    const split = aTransfer(
      alice,
      { to: bob.address, consumer: 5n, industrial: 7n },
      { fee: 1_001n, feeSelector: 2, maxMana: 9n }
    )
    deepEqual(reservation(split), { consumer: 506n, industrial: 507n, mana: 9n })
  })

  it('M7: what is refused for want of tokens says in tokens what it needs and what is left', () => {
    const rich: Account = { ...account, consumer: 12_500_000n }
    const textOf = (checked: CheckedTransaction, consumer: bigint): string | undefined =>
      checkAdmission(rich, checked, context, { reserved: { ...NOTHING_RESERVED, consumer }, ahead: 0 })
        ?.detail
    equal(
      textOf(send(12_000_000n), 2_000_000n),
      'needs 12.001 consumer and 0 industrial with the fee, has 10.5 consumer and 0.0005 industrial'
    )
    equal(
      textOf(send(1n), 13_000_000n),
      'fee 0.001 consumer and 0 industrial, has 0 consumer and 0.0005 industrial'
    )
  })

  it('M7: admits nonces up to the window ahead, a block only the next one', () => {
    const admitted = (nonce: bigint): string | undefined =>
      checkAdmission(account, send(1n, nonce), context, { reserved: NOTHING_RESERVED, ahead: 15 })?.code
    deepEqual([4n, 5n, 20n, 21n].map(admitted), ['nonce-reuse', undefined, undefined, 'nonce-gap'])
    const included = (nonce: bigint): string | undefined =>
      checkInclusion(account, send(1n, nonce), context)?.code
    deepEqual([4n, 5n, 6n].map(included), ['nonce-reuse', undefined, 'nonce-gap'])
  })

  it('M7: the balance covers amount and fee after pending ones; a block asks for the fee alone', () => {
    const admitted = (amount: bigint, reserved: Partial<Reserved>): string | undefined =>
      checkAdmission(account, send(amount), context, {
        reserved: { ...NOTHING_RESERVED, ...reserved },
        ahead: 0
      })?.code
    equal(admitted(9_000n, {}), undefined)
    equal(admitted(9_001n, {}), 'insufficient-funds')
    equal(admitted(1_000n, { consumer: 8_000n }), undefined)
    equal(admitted(1_001n, { consumer: 8_000n }), 'insufficient-funds')
    equal(admitted(1n, { consumer: 9_001n }), 'fee-unpayable')
    equal(checkInclusion(account, send(9_001n), context), undefined)
    const industrial = aTransfer(alice, { to: bob.address, industrial: 501n }, { nonce: 5n })
    equal(
      checkAdmission(account, industrial, context, { reserved: NOTHING_RESERVED, ahead: 0 })?.code,
      'insufficient-funds'
    )
  })

  it('M7: mana covers max mana after pending ones', () => {
    const admitted = (mana: bigint): string | undefined =>
      checkAdmission(account, send(1n, 5n, 60n), context, {
        reserved: { ...NOTHING_RESERVED, mana },
        ahead: 0
      })?.code
    deepEqual([0n, 40n, 41n].map(admitted), [undefined, undefined, 'insufficient-mana'])
  })

  it('M8: nobody without a record is admitted', () => {
    equal(
      checkAdmission(undefined, send(1n), context, { reserved: NOTHING_RESERVED, ahead: 15 })?.code,
      'unknown-account'
    )
    equal(checkInclusion(undefined, send(1n), context)?.code, 'unknown-account')
  })
})

describe('Selection', () => {
  const state = genesisState([
    { address: alice.address, consumer: 10n * COIN, industrial: 0n },
    { address: bob.address, consumer: 10n * COIN, industrial: 0n }
  ])
  const pay = (nonce: bigint, memo = 0): CheckedTransaction =>
    aTransfer(alice, { to: bob.address, consumer: 1n, memo: new Uint8Array(memo) }, { nonce, fee: 2_000n })
  const limits = { count: 100, bytes: 100_000, deliveryBytes: 0 }

  it('M13, TX-16: skips what may not be in a block and keeps the order of the rest', () => {
    const stranger = aTransfer(carol, { to: bob.address, consumer: 1n })
    const candidates = [stranger, pay(0n), pay(0n, 1), pay(2n), pay(1n)]
    const selection = selectWork(state, aContext(), { deliveries: [], candidates }, limits)
    deepEqual(selection.transactions, [candidates[1], candidates[4]])
    const { transactions, deliveries, ...execution } = selection
    deepEqual(applyBlock(state, aContext(), { deliveries, transactions }), { ok: true, value: execution })
    notDeepEqual(selection.changes.root, state.root)
  })

  it('M13: stays within count and bytes, at the limit exactly', () => {
    const candidates = [pay(0n), pay(1n, 200), pay(1n), pay(2n)]
    const one = candidates[0]!.bytes.length + 4
    const taken = (count: number, bytes: number): number =>
      selectWork(state, aContext(), { deliveries: [], candidates }, { count, bytes, deliveryBytes: 0 })
        .transactions.length
    deepEqual(
      [taken(2, 100_000), taken(100, 2 * one), taken(100, 2 * one - 1), taken(0, 100_000)],
      [2, 2, 1, 0]
    )
  })

  it('R5, R9: deliveries stay within their half, within what the block has left, and within what a body may hold', () => {
    const at = (index: number, size = 100): CheckedDelivery => ({
      source: shardId(1 + index),
      bytes: new Uint8Array(size),
      receipts: [],
      acknowledgement: { cursor: 0, refunds: 0, receivedConsumer: 0n, receivedIndustrial: 0n }
    })
    const many = Array.from({ length: MAX_DELIVERIES + 1 }, (_, index) => at(index))
    const taken = (deliveries: CheckedDelivery[], bytes: number, deliveryBytes: number): number =>
      selectWork(state, aContext(), { deliveries, candidates: [] }, { count: 1, bytes, deliveryBytes })
        .deliveries.length
    deepEqual([taken(many, 10_000, 208), taken(many, 10_000, 207), taken(many, 208, 10_000)], [2, 1, 2])
    equal(taken(many, 207, 10_000), 1)
    equal(taken(many, 100_000, 100_000), MAX_DELIVERIES)
    const large = [at(0, MAX_DELIVERY_BYTES), at(1, MAX_DELIVERY_BYTES + 1)]
    equal(taken(large, 4_000_000, 4_000_000), 1)
  })

  it('M13: nothing to select leaves the state as it is', () => {
    const selection = selectWork(state, aContext(), { deliveries: [], candidates: [pay(7n)] }, limits)
    deepEqual(selection.changes, { values: new Map(), pages: new Map(), root: state.root })
  })
})

describe('Sums of lanes', () => {
  it('R11: go around at 2^64, and the chain still holds what it was given', () => {
    const state = genesisState([{ address: alice.address, consumer: 7n, industrial: 0n }])
    const totals = readTotals(state)
    const most = 2n ** 64n
    const later = { ...totals, receivedConsumer: most - 3n, sentConsumer: 5n, lostConsumer: most - 8n }
    deepEqual(issuedBy(later), issuedBy(totals))
    const lane = (received: bigint): [Uint8Array, Uint8Array] => [
      inLaneKey(shardId(received === 4n ? 1 : 2)),
      InLaneType.serialize({ cursor: 1, refunds: 0, receivedConsumer: received, receivedIndustrial: 0n })
    ]
    equal(recount([lane(most - 1n), lane(4n)]).receivedConsumer, 3n)
  })
})

describe('Genesis state', () => {
  const genesis = {
    accounts: [{ address: alice.address, consumer: 5n, industrial: 6n }],
    reserve: { consumer: 100n, industrial: 200n },
    extra: [[PARAMETERS_KEY, utf8('parameters')]] as const,
    params: PARAMS,
    timeMs: START_MS
  }

  it('D3, STA-4: accounts start with a full pool of mana, and the totals hold all that was issued', () => {
    const state = genesisState(genesis.accounts, genesis.extra)
    deepEqual(readAccount(state, alice.address), {
      nonce: 0n,
      consumer: 5n,
      industrial: 6n,
      mana: BigInt(PARAMS.manaCap),
      manaTimeMs: START_MS
    })
    deepEqual(state.get(PARAMETERS_KEY), utf8('parameters'))
    equal(readAccount(state, bob.address), undefined)
    deepEqual(holdings(readTotals(state)), { consumer: 12n, industrial: 15n })
    deepEqual(totalSupply([readTotals(state), readTotals(state)]), { consumer: 24n, industrial: 30n })
    equal(readTotals(state).stateBytes, 22 + 40 + 1 + 10)
  })

  it('D3: a key set twice, or more than 64 bits of a token, is a broken invariant', () => {
    const [account] = genesis.accounts
    throws(() => buildGenesisState({ ...genesis, accounts: [account!, account!] }), {
      name: 'AssertionFailure'
    })
    for (const token of ['consumer', 'industrial'] as const) {
      const reserve = { ...genesis.reserve, [token]: 2n ** 64n - account![token] }
      throws(() => buildGenesisState({ ...genesis, reserve }), { name: 'AssertionFailure' })
      buildGenesisState({ ...genesis, reserve: { ...reserve, [token]: reserve[token] - 1n } })
    }
  })

  it('D1: does not depend on the order of accounts', () => {
    const accounts = [1, 2, 3, 4].map((number) => ({
      address: party(number).address,
      consumer: BigInt(number),
      industrial: 0n
    }))
    const root = buildGenesisState({ ...genesis, accounts }).root
    deepEqual(buildGenesisState({ ...genesis, accounts: accounts.toReversed() }).root, root)
    throws(() => readTotals(EMPTY_VIEW), { name: 'AssertionFailure' })
  })
})
