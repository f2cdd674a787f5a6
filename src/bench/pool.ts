/** The pool: transfers admitted, and a block's worth selected, against a map and a sort. */
import { createPool } from '../mempool/pool.ts'
import type { Pool } from '../mempool/pool.ts'
import { assert } from '../primitives/errors.ts'
import type { CheckedTransaction } from '../state/types.ts'
import type { Bench } from './figure.ts'
import { BLOCK_TRANSACTIONS, SHARD, checkAll, createFixture, signTransfers } from './fixture.ts'
import type { Fixture } from './fixture.ts'
import { compare, nothing } from './timing.ts'

/** Transfers of each sender that wait. */
const NONCES = 10

export const pool: Bench = {
  name: 'pool',
  summary: 'admission to the pool and selection for a block',
  async run() {
    const fixture = createFixture()
    const nonces = Array.from({ length: NONCES }, (_, nonce) => BigInt(nonce))
    const transfers = nonces.flatMap((nonce) => checkAll(fixture, signTransfers(fixture, nonce)))
    const admit = await compare({
      prepare: nothing,
      work: () => fill(fixture, transfers),
      raw: () => new Map(transfers.map((each) => [each.key, each]))
    })
    const full = fill(fixture, transfers)
    const select = await compare({
      prepare: nothing,
      work() {
        const candidates = full.select()
        for (let taken = 0; taken < BLOCK_TRANSACTIONS; taken++) {
          assert(candidates.next() !== undefined, 'the pool holds more than a block')
        }
      },
      raw: () =>
        transfers
          .toSorted((a, b) => Number(b.transaction.fee - a.transaction.fee))
          .slice(0, BLOCK_TRANSACTIONS)
    })
    return [
      {
        name: 'admit to the pool',
        what: `one of ${transfers.length} transfers of ${transfers.length / NONCES} senders`,
        unit: 'µs',
        value: (admit.value * 1_000) / transfers.length,
        raw: { what: 'into a map', value: (admit.raw * 1_000) / transfers.length }
      },
      {
        name: 'select for a block',
        what: `each of ${BLOCK_TRANSACTIONS} taken out of ${transfers.length} by fee and nonce`,
        unit: 'µs',
        value: (select.value * 1_000) / BLOCK_TRANSACTIONS,
        raw: { what: 'all sorted by fee', value: (select.raw * 1_000) / BLOCK_TRANSACTIONS }
      }
    ]
  }
}

function fill({ genesis, state }: Fixture, transfers: readonly CheckedTransaction[]): Pool {
  const made = createPool(SHARD, genesis.params)
  const head = { height: 0, timeMs: genesis.timeMs }
  for (const checked of transfers) {
    assert(made.admit(checked, state, head, 'gossip').ok, 'a transfer of the fixture is admitted')
  }
  return made
}
