import { deepEqual, equal } from 'node:assert/strict'
import { freezeSeats } from '../../../src/chain/freeze-step.ts'
import { isExcluded } from '../../../src/cooperation/count.ts'
import { readReputation, writeReputation } from '../../../src/cooperation/reputation.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { committeesOf, readSeats } from '../../../src/sharding/seat-records.ts'
import { readValidator, recordsOf, writeValidator } from '../../../src/state/coord/validators.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { CoordChain } from '../../support/coordination.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'

describe('what a freeze makes of conduct', () => {
  /** Five of the genesis, one of them excluded; it says `ready` or not, and the next epoch is frozen a day later. */
  function seated(says: boolean): { readonly excluded: boolean; readonly sits: boolean } {
    const validators = [0, 1, 2, 3, 4].map(someKey)
    const chain = new CoordChain(aGenesis({ validators, overrides: { unbondingEpochs: 7 } }))
    const { epochLength, freezeDistance } = chain.params
    const out = someKey(4)
    const ledger = new Ledger(chain.state)
    const view = recordsOf(ledger)
    writeReputation(ledger, out, { ...readReputation(view, out), excludedFrom: 1 })
    const height = epochLength - freezeDistance
    const record = readValidator(view, out)!
    equal(record.joined, 0, 'of the genesis')
    if (says) writeValidator(ledger, out, { ...record, ready: height })
    freezeSeats(ledger, { chain: COORD, height, shards: chain.genesis.shards, params: chain.params })
    const { members } = committeesOf(readSeats(view)).get(COORD)!
    return {
      excluded: isExcluded(view, out),
      sits: members.some(({ key }) => toHex(key) === toHex(out))
    }
  }

  it('COOP-19: a validator of the genesis that is excluded is back by saying that it is ready, as any other', () => {
    deepEqual(seated(false), { excluded: true, sits: false })
    deepEqual(seated(true), { excluded: false, sits: true })
  })
})
