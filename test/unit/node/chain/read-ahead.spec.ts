import assert from 'node:assert/strict'
import { toHex } from '../../../../src/primitives/bytes.ts'
import { READ_AHEAD_ACCOUNTS, READ_AHEAD_FROM, readAhead } from '../../../../src/node/chain/read-ahead.ts'
import { ChainTotalsType } from '../../../../src/codec/state-records.ts'
import { accountKey } from '../../../../src/state/keys.ts'
import { readSet } from '../../../../src/state/read-set.ts'
import { aTransfer, party } from '../../../support/state.ts'

const [alice, bob] = [party(1), party(2)]
const transfers = (count: number) =>
  Array.from({ length: count }, (_, nonce) =>
    aTransfer(alice, { to: bob.address, consumer: 1n }, { nonce: BigInt(nonce) })
  )

describe('Reading ahead of a block', () => {
  it('D7: the accounts of senders and receivers, each once', () => {
    const keys = [alice, bob].map(({ address }) => toHex(accountKey(address)))
    assert.deepEqual(readSet(transfers(3)).map(toHex), keys)
  })

  it('D7: accounts of a large block in a large state are read and let go, all others left to execution', async () => {
    for (const [count, accounts] of [
      [READ_AHEAD_FROM - 1, READ_AHEAD_ACCOUNTS],
      [READ_AHEAD_FROM, READ_AHEAD_ACCOUNTS - 1],
      [READ_AHEAD_FROM, READ_AHEAD_ACCOUNTS]
    ] as const) {
      const asked: number[] = []
      let letGo = 0
      const store = {
        get: () => ChainTotalsType.serialize({ ...ChainTotalsType.defaultValue(), accounts }),
        readAhead: async (keys: readonly Uint8Array[]) => {
          asked.push(keys.length)
          return () => void (letGo += 1)
        }
      }
      const done = await readAhead(store, transfers(count))
      const isLarge = count >= READ_AHEAD_FROM && accounts >= READ_AHEAD_ACCOUNTS
      assert.deepEqual(asked, isLarge ? [2] : [])
      done()
      assert.equal(letGo, asked.length)
    }
    const done = await readAhead(undefined, transfers(READ_AHEAD_FROM))
    done()
  })
})
