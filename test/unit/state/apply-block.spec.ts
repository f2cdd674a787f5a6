import { deepEqual, equal, ok } from 'node:assert/strict'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { AccountType, ChainTotalsType, ClaimType } from '../../../src/codec/state-records.ts'
import type { Account } from '../../../src/codec/state-records.ts'
import { applyBlock } from '../../../src/state/apply-block.ts'
import { EMPTY_VIEW, commit } from '../../../src/state/commit.ts'
import { TOTALS_KEY, accountKey, claimKey } from '../../../src/state/keys.ts'
import { ACCOUNT_STATE_BYTES } from '../../../src/state/ledger.ts'
import { holdings, readAccount, readTotals, recount, wrongCounters } from '../../../src/state/supply.ts'
import type { BlockContext, CheckedTransaction } from '../../../src/state/types.ts'
import { fromHex } from '../../../src/primitives/bytes.ts'
import {
  COIN,
  PARAMS,
  PROPOSER,
  START_MS,
  TRANSFER_MANA,
  aContext,
  aTransfer,
  genesisState,
  party,
  withParams
} from '../../support/state.ts'
import type { MemoryState } from '../../support/state.ts'

const [alice, bob, carol, dave] = [party(1), party(2), party(3), party(4)]
const FEE = 1_000n
const rich = { consumer: 10n * COIN, industrial: 10n * COIN }

const twoAccounts = (): MemoryState =>
  genesisState([
    { address: alice.address, ...rich },
    { address: bob.address, ...rich }
  ])

/** The code that makes the block invalid, or 'ok'. */
const blockCode = (state: MemoryState, transactions: CheckedTransaction[], context = aContext()): string => {
  const verdict = applyBlock(state, context, { deliveries: [], transactions })
  return verdict.ok ? 'ok' : verdict.code
}

/** Applies a valid block to the state; answers how each transaction ended. */
function run(
  state: MemoryState,
  transactions: CheckedTransaction[],
  context: BlockContext = aContext()
): string[] {
  const before = holdings(readTotals(state))
  const verdict = applyBlock(state, context, { deliveries: [], transactions })
  ok(verdict.ok, verdict.ok ? '' : `${verdict.code}: ${verdict.detail}`)
  state.apply(verdict.value.changes)
  deepEqual(holdings(readTotals(state)), before, 'supply is an equality')
  return verdict.value.results.map((result) => result.failure ?? 'applied')
}

const account = (state: MemoryState, who: { address: Uint8Array }): Account | undefined =>
  readAccount(state, who.address)
const change = (state: MemoryState, who: { address: Uint8Array }, fields: Partial<Account>): void => {
  const record = { ...account(state, who)!, ...fields }
  state.apply(commit(state, new Map([[toHex(accountKey(who.address)), AccountType.serialize(record)]])))
}

describe('applyBlock: a block that may not be', () => {
  const state = twoAccounts()
  const pay = { to: bob.address, consumer: 1n }

  it('M9, TX-7: names the code and leaves nothing behind', () => {
    const verdict = applyBlock(state, aContext(), {
      deliveries: [],
      transactions: [aTransfer(alice, pay), aTransfer(alice, pay)]
    })
    deepEqual(verdict, { ok: false, code: 'nonce-reuse', detail: 'transaction 1: nonce 0, next is 1' })
  })

  it('M8, STA-2: unknown-account: free key pairs own nothing', () => {
    equal(
      blockCode(
        state,
        [aTransfer(carol, pay, { fee: 0n })],
        withParams({ minFeePerByte: 0, minFeePerMana: 0 })
      ),
      'unknown-account'
    )
  })

  it('M10: nonce-reuse and nonce-gap', () => {
    equal(blockCode(state, [aTransfer(alice, pay, { nonce: 1n })]), 'nonce-gap')
    equal(blockCode(state, [aTransfer(alice, pay), aTransfer(alice, pay, { nonce: 2n })]), 'nonce-gap')
    equal(blockCode(state, [aTransfer(alice, pay), aTransfer(alice, pay, { nonce: 0n })]), 'nonce-reuse')
    equal(blockCode(state, [aTransfer(alice, pay), aTransfer(alice, pay, { nonce: 1n })]), 'ok')
  })

  it('TX-8: expired above valid-until, not at it', () => {
    const transaction = aTransfer(alice, pay, { validUntil: 50 })
    equal(blockCode(state, [transaction], aContext({ height: 50 })), 'ok')
    equal(blockCode(state, [transaction], aContext({ height: 51 })), 'expired')
  })

  it('TX-8: lifetime-too-long more than maxLifetime above the parent', () => {
    const last = (height: number): CheckedTransaction =>
      aTransfer(alice, pay, { validUntil: height - 1 + PARAMS.maxLifetime })
    equal(blockCode(state, [last(7)], aContext({ height: 7 })), 'ok')
    equal(blockCode(state, [last(8)], aContext({ height: 7 })), 'lifetime-too-long')
  })

  it('M9: fee-floor one unit below, not at it', () => {
    const floor = BigInt(aTransfer(alice, pay).bytes.length) + 10n * TRANSFER_MANA
    equal(blockCode(state, [aTransfer(alice, pay, { fee: floor })]), 'ok')
    equal(blockCode(state, [aTransfer(alice, pay, { fee: floor - 1n })]), 'fee-floor')
    equal(blockCode(state, [aTransfer(alice, pay, { fee: floor, maxMana: TRANSFER_MANA + 1n })]), 'fee-floor')
  })

  it('M9: mana-below-cost when max mana does not cover the action', () => {
    equal(blockCode(state, [aTransfer(alice, pay, { maxMana: TRANSFER_MANA - 1n })]), 'mana-below-cost')
  })

  it('M9: fee-unpayable one unit short of the fee, in the token the selector names', () => {
    for (const [feeSelector, balances] of [
      [0, { consumer: FEE, industrial: 0n }],
      [1, { consumer: 0n, industrial: FEE }],
      [2, { consumer: FEE / 2n + 1n, industrial: FEE / 2n }]
    ] as const) {
      const fee = feeSelector === 2 ? FEE + 1n : FEE
      const transaction = aTransfer(alice, pay, { feeSelector, fee })
      const poor = twoAccounts()
      change(poor, alice, balances)
      equal(blockCode(poor, [transaction]), 'ok')
      for (const token of ['consumer', 'industrial'] as const) {
        if (balances[token] === 0n) continue
        change(poor, alice, { ...balances, [token]: balances[token] - 1n })
        equal(blockCode(poor, [transaction]), 'fee-unpayable')
      }
    }
  })

  it('M11: insufficient-mana when the pool does not cover max mana; time refills it', () => {
    const tired = twoAccounts()
    change(tired, alice, { mana: 9n, manaTimeMs: START_MS })
    const fee = FEE
    equal(blockCode(tired, [aTransfer(alice, pay, { maxMana: 9n, fee })]), 'ok')
    equal(blockCode(tired, [aTransfer(alice, pay, { maxMana: 10n, fee })]), 'insufficient-mana')
    equal(
      blockCode(tired, [aTransfer(alice, pay, { maxMana: 10n, fee })], aContext({ timeMs: START_MS + 1 })),
      'ok'
    )
  })

  it('TX-4: wrong-chain: a transaction of another chain', () => {
    equal(blockCode(state, [aTransfer(alice, pay)], aContext({ chain: shardId(1) })), 'wrong-chain')
  })
})

describe('applyBlock: transfers', () => {
  it('D6, STA-14: an empty block changes nothing', () => {
    const state = twoAccounts()
    const verdict = applyBlock(state, aContext(), { deliveries: [], transactions: [] })
    ok(verdict.ok)
    deepEqual(verdict.value.changes, { values: new Map(), pages: new Map(), root: state.root })
    ok(applyBlock(EMPTY_VIEW, aContext(), { deliveries: [], transactions: [] }).ok, 'and reads nothing')
  })

  it('TX-9, TX-10: moves both tokens, charges fee and mana, advances the nonce', () => {
    const state = twoAccounts()
    deepEqual(
      run(state, [aTransfer(alice, { to: bob.address, consumer: 5n, industrial: 7n }, { maxMana: 50n })]),
      ['applied']
    )
    deepEqual(account(state, alice), {
      nonce: 1n,
      consumer: rich.consumer - 5n - FEE,
      industrial: rich.industrial - 7n,
      mana: BigInt(PARAMS.manaCap) - TRANSFER_MANA,
      manaTimeMs: START_MS
    })
    deepEqual(account(state, bob), {
      nonce: 0n,
      consumer: rich.consumer + 5n,
      industrial: rich.industrial + 7n,
      mana: BigInt(PARAMS.manaCap),
      manaTimeMs: START_MS
    })
  })

  it('M9, M12, TX-13: the fee is split between treasury and proposer; odd units go to consumer and to the proposer', () => {
    const table: [
      number,
      { consumer: bigint; industrial: bigint },
      { consumer: bigint; industrial: bigint }
    ][] = [
      [0, { consumer: 500n, industrial: 0n }, { consumer: 501n, industrial: 0n }],
      [1, { consumer: 0n, industrial: 500n }, { consumer: 0n, industrial: 501n }],
      [2, { consumer: 250n, industrial: 250n }, { consumer: 251n, industrial: 250n }]
    ]
    for (const [feeSelector, treasury, claim] of table) {
      const state = twoAccounts()
      run(state, [aTransfer(alice, { to: bob.address, consumer: 1n }, { feeSelector, fee: 1_001n })])
      const totals = readTotals(state)
      deepEqual({ consumer: totals.treasuryConsumer, industrial: totals.treasuryIndustrial }, treasury)
      deepEqual(ClaimType.deserialize(state.get(claimKey(PROPOSER))!), claim)
      deepEqual({ consumer: totals.rewardsConsumer, industrial: totals.rewardsIndustrial }, claim)
    }
  })

  it('M12: claims add up over blocks and are kept per proposer', () => {
    const state = twoAccounts()
    run(state, [aTransfer(alice, { to: bob.address, consumer: 1n })])
    run(state, [aTransfer(alice, { to: bob.address, consumer: 1n }, { nonce: 1n })])
    run(
      state,
      [aTransfer(alice, { to: bob.address, consumer: 1n }, { nonce: 2n })],
      aContext({ proposer: alice.key })
    )
    deepEqual(ClaimType.deserialize(state.get(claimKey(PROPOSER))!), { consumer: 1_000n, industrial: 0n })
    deepEqual(ClaimType.deserialize(state.get(claimKey(alice.key))!), { consumer: 500n, industrial: 0n })
  })

  it('M9, TX-15: a failed transfer pays fee and mana, its nonce advances, and nothing else happens', () => {
    const state = twoAccounts()
    deepEqual(run(state, [aTransfer(alice, { to: bob.address, consumer: rich.consumer })]), [
      'insufficient-funds'
    ])
    deepEqual(account(state, alice), {
      nonce: 1n,
      consumer: rich.consumer - FEE,
      industrial: rich.industrial,
      mana: BigInt(PARAMS.manaCap) - TRANSFER_MANA,
      manaTimeMs: START_MS
    })
    equal(account(state, bob)!.consumer, rich.consumer)
  })

  it('TX-10: insufficient-funds one unit short, in either token, also to oneself', () => {
    for (const to of [alice, bob]) {
      const table: [bigint, bigint, string][] = [
        [rich.consumer - FEE, rich.industrial, 'applied'],
        [rich.consumer - FEE + 1n, 0n, 'insufficient-funds'],
        [0n, rich.industrial + 1n, 'insufficient-funds']
      ]
      for (const [consumer, industrial, outcome] of table) {
        deepEqual(run(twoAccounts(), [aTransfer(alice, { to: to.address, consumer, industrial })]), [outcome])
      }
    }
  })

  it('TX-10: a transfer to oneself costs its fee and nothing more', () => {
    const state = twoAccounts()
    run(state, [aTransfer(alice, { to: alice.address, consumer: COIN, industrial: COIN })])
    const after = account(state, alice)!
    deepEqual([after.consumer, after.industrial, after.nonce], [rich.consumer - FEE, rich.industrial, 1n])
  })

  it('TX-10: balance-overflow in either token, not at the last unit', () => {
    for (const token of ['consumer', 'industrial'] as const) {
      const state = twoAccounts()
      change(state, bob, { [token]: 2n ** 64n - 1n - 5n })
      const send = (amount: bigint, nonce: bigint): CheckedTransaction =>
        aTransfer(alice, { to: bob.address, [token]: amount }, { nonce })
      deepEqual(run(state, [send(6n, 0n), send(5n, 1n)]), ['balance-overflow', 'applied'])
      equal(account(state, bob)![token], 2n ** 64n - 1n)
    }
  })

  it('TX-9: transactions see what earlier ones of the block did', () => {
    const state = twoAccounts()
    const context = aContext({ timeMs: START_MS + 5 })
    deepEqual(
      run(
        state,
        [
          aTransfer(alice, { to: carol.address, consumer: COIN }),
          aTransfer(bob, { to: carol.address, industrial: COIN }),
          aTransfer(alice, { to: bob.address, consumer: 1n }, { nonce: 1n })
        ],
        context
      ),
      ['applied', 'applied', 'applied']
    )
    deepEqual(account(state, carol), {
      nonce: 0n,
      consumer: COIN,
      industrial: COIN,
      mana: 0n,
      manaTimeMs: START_MS + 5
    })
  })
})

describe('applyBlock: new accounts (M8)', () => {
  const minBalance = BigInt(PARAMS.minBalance)
  const charge = BigInt(PARAMS.creationCharge)

  it('M8, TX-14: the sender pays the creation charge to the treasury; the record starts without mana', () => {
    const state = twoAccounts()
    const treasuryOfFee = FEE / 2n
    deepEqual(run(state, [aTransfer(alice, { to: carol.address, consumer: minBalance })]), ['applied'])
    equal(account(state, alice)!.consumer, rich.consumer - minBalance - charge - FEE)
    deepEqual(account(state, carol), {
      nonce: 0n,
      consumer: minBalance,
      industrial: 0n,
      mana: 0n,
      manaTimeMs: START_MS
    })
    equal(readTotals(state).treasuryConsumer, charge + treasuryOfFee)
    equal(readTotals(state).accounts, 3)
  })

  it('M8: below-min-balance unless one token alone reaches the minimum', () => {
    const table: [bigint, bigint, string][] = [
      [minBalance, 0n, 'applied'],
      [0n, minBalance, 'applied'],
      [minBalance - 1n, minBalance - 1n, 'below-min-balance']
    ]
    for (const [consumer, industrial, outcome] of table) {
      const state = twoAccounts()
      deepEqual(run(state, [aTransfer(alice, { to: carol.address, consumer, industrial })]), [outcome])
      equal(account(state, carol) !== undefined, outcome === 'applied')
    }
  })

  it('M8: creation-unpaid one unit short of amount and charge', () => {
    const send = aTransfer(alice, { to: carol.address, consumer: minBalance })
    const state = twoAccounts()
    change(state, alice, { consumer: minBalance + charge + FEE })
    deepEqual(run(state, [send]), ['applied'])
    equal(account(state, alice)!.consumer, 0n)
    const short = twoAccounts()
    change(short, alice, { consumer: minBalance + charge + FEE - 1n })
    deepEqual(run(short, [send]), ['creation-unpaid'])
  })

  it('D7, STA-15: state-full when the record does not fit, exactly', () => {
    const send = (to: Uint8Array, nonce: bigint): CheckedTransaction =>
      aTransfer(alice, { to, consumer: COIN }, { nonce })
    const state = twoAccounts()
    // The proposer's claim of the first transaction is in the state by then.
    const room = readTotals(state).stateBytes + 49 + ACCOUNT_STATE_BYTES
    const context = withParams({ maxStateBytes: room })
    deepEqual(
      run(state, [send(carol.address, 0n), send(dave.address, 1n), send(carol.address, 2n)], context),
      ['applied', 'state-full', 'applied']
    )
    equal(readTotals(state).stateBytes, room)
    deepEqual(run(twoAccounts(), [send(carol.address, 0n)], withParams({ maxStateBytes: room - 1 })), [
      'state-full'
    ])
  })

  it('D7, STA-3: counters equal a recount of all records', () => {
    const state = twoAccounts()
    run(state, [
      aTransfer(alice, { to: carol.address, consumer: COIN, industrial: 3n }, { feeSelector: 2 }),
      aTransfer(bob, { to: dave.address, industrial: COIN }, { feeSelector: 1 }),
      aTransfer(bob, { to: dave.address, industrial: 2n ** 60n }, { nonce: 1n })
    ])
    const flat = [...state.values].map(([key, value]) => [fromHex(key), value] as const)
    deepEqual(wrongCounters(readTotals(state), recount(flat)), [])
    const totals = { ...readTotals(state), balancesConsumer: 1n, accounts: 0 }
    deepEqual(wrongCounters(totals, recount(flat)), ['accounts', 'balancesConsumer'])
    ok(ChainTotalsType.deserialize(state.get(TOTALS_KEY)!).stateBytes > 0)
  })
})
