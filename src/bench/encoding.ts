/** The canonical encoding of a transaction, there and back, against a copy of its bytes there and back. */
import { TransactionType } from '../codec/transaction.ts'
import { assert } from '../primitives/errors.ts'
import type { Bench } from './figure.ts'
import { createFixture, signTransfers } from './fixture.ts'
import { compare, nothing } from './timing.ts'

const ROUNDS = 20

export const encoding: Bench = {
  name: 'encoding',
  summary: 'SSZ round trip of a transaction',
  async run() {
    const transfers = signTransfers(createFixture())
    const count = transfers.length * ROUNDS
    let bytes = 0
    const { value, raw } = await compare({
      prepare: nothing,
      work() {
        for (let round = 0; round < ROUNDS; round++) {
          for (const each of transfers) {
            bytes += TransactionType.serialize(TransactionType.deserialize(each)).length
          }
        }
      },
      raw() {
        for (let round = 0; round < ROUNDS; round++) {
          for (const each of transfers) bytes += each.slice().slice().length
        }
      }
    })
    assert(bytes > 0, 'the work was done')
    return [
      {
        name: 'encode and decode',
        what: 'a signed transfer from its bytes and back',
        unit: 'µs',
        value: (value * 1_000) / count,
        raw: { what: 'two copies of its bytes', value: (raw * 1_000) / count }
      }
    ]
  }
}
