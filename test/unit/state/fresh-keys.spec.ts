import { equal, ok } from 'node:assert/strict'
import { applyBlock } from '../../../src/state/apply-block.ts'
import { readAccount } from '../../../src/state/supply.ts'
import type { CheckedTransaction } from '../../../src/state/types.ts'
import { COIN, START_MS, aContext, aTransfer, genesisState, party } from '../../support/state.ts'
import type { MemoryState, Party } from '../../support/state.ts'

const ATTACKER = 1
const KEYS = 10_000
const BLOCKS = 40

const wallet = (): MemoryState =>
  genesisState([{ address: party(ATTACKER).address, consumer: COIN, industrial: 0n }])

/** Executes one transaction in a block of its own; whether it got in. */
function include(state: MemoryState, transaction: CheckedTransaction, second: number): boolean {
  const context = aContext({ height: second + 1, timeMs: START_MS + second * 1_000 })
  const verdict = applyBlock(state, context, { deliveries: [], transactions: [transaction] })
  if (verdict.ok) state.apply(verdict.value.changes)
  return verdict.ok
}

const floorTransfer = (from: Party, to: Party, consumer: bigint, nonce: bigint): CheckedTransaction => {
  const draft = aTransfer(from, { to: to.address, consumer }, { nonce })
  return aTransfer(from, { to: to.address, consumer }, { nonce, fee: BigInt(draft.bytes.length) + 30n })
}

/** Executions that one account buys with its coin in `blocks` blocks, as fast as one a block. */
function byOneAccount(): number {
  const state = wallet()
  const me = party(ATTACKER)
  let included = 0
  for (let second = 0; second < BLOCKS; second++) {
    if (include(state, floorTransfer(me, me, 1n, BigInt(included)), second)) included++
  }
  return included
}

/** The same coin, handed from key to key: every key passes on all it can to a fresh one. */
function byFreshKeys(): { included: number; records: number; inSameBlock: number } {
  const state = wallet()
  let included = 0
  let inSameBlock = 0
  let holder = ATTACKER
  for (let second = 0; second < BLOCKS; second++) {
    for (let step = 0; step < KEYS / BLOCKS; step++) {
      const from = party(holder)
      const account = readAccount(state, from.address)
      if (account === undefined) break
      const next = party(holder + 1)
      const fee = floorTransfer(from, next, 1n, account.nonce).transaction.fee
      const rest = account.consumer - fee - 100_000n
      const amount = rest > 0n ? rest : account.consumer
      if (!include(state, floorTransfer(from, next, amount, account.nonce), second)) break
      included++
      if (step > 0) inSameBlock++
      if (readAccount(state, next.address) === undefined) break
      holder++
    }
  }
  return { included, inSameBlock, records: holder - ATTACKER }
}

describe('Fresh keys', () => {
  it('M8, M11: 10,000 fresh keys passing one coin around buy no more execution than one account', () => {
    const one = byOneAccount()
    const many = byFreshKeys()
    equal(one, BLOCKS)
    ok(many.included <= one, `${many.included} with fresh keys, ${one} with one account`)
    // A coin pays for nine records, and a record made in a block cannot spend in it.
    equal(many.records, 9)
    equal(many.inSameBlock, 0)
  })

  it('M8: keys that never received anything execute nothing', () => {
    const state = wallet()
    for (let number = ATTACKER + 1; number <= KEYS; number++) {
      equal(include(state, aTransfer(party(number), { to: party(ATTACKER).address, consumer: 1n }), 0), false)
    }
  })
})
