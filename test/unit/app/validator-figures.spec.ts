import { deepEqual } from 'node:assert/strict'
import { ValidatorFigures } from '../../../src/app/validator-figures.ts'
import { addToHour, readReputation, writeReputation } from '../../../src/cooperation/reputation.ts'
import { createMetrics } from '../../../src/metrics/registry.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { commit } from '../../../src/state/commit.ts'
import { readElectorate, strike } from '../../../src/state/coord/validators.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { CoordChain } from '../../support/coordination.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'

describe('figures of validators', () => {
  it('COOP-15: score and attendance of each registered validator, once an epoch; who has left is forgotten', async () => {
    const { state } = new CoordChain(aGenesis({ validators: [0, 1, 2].map(someKey) }))
    const [one, two, three] = readElectorate(state).map(({ key }) => key)
    const { chain } = createMetrics()
    const figures = new ValidatorFigures(chain)
    const change = (write: (ledger: Ledger) => void): void => {
      const ledger = new Ledger(state)
      write(ledger)
      state.apply(commit(state, ledger.changedValues()))
    }
    const look = async () => {
      const of = async (gauge: typeof chain.validatorScore) =>
        Object.fromEntries(
          (await gauge.get()).values.map(({ labels, value }) => [String(labels.validator), value])
        )
      return { score: await of(chain.validatorScore), attendance: await of(chain.validatorAttendance) }
    }
    figures.finalBlock({ height: 0, epoch: 0 }, state)
    const names = [one!, two!, three!].map(toHex)
    deepEqual(await look(), {
      score: Object.fromEntries(names.map((name) => [name, 12])),
      attendance: {}
    })
    change((ledger) => {
      const counts = { attended: 3, missed: 1, led: 0, skipped: 0 }
      const at = { epoch: 1, params: { unbondingEpochs: 168 } }
      writeReputation(ledger, one!, addToHour(readReputation(state, one!), counts, at))
      strike(ledger, [three!])
    })
    figures.finalBlock({ height: 1, epoch: 0 }, state)
    deepEqual(Object.keys((await look()).attendance), [], 'the same epoch')
    figures.finalBlock({ height: 2, epoch: 1 }, state)
    const { score, attendance } = await look()
    deepEqual(Object.keys(score), names.slice(0, 2))
    deepEqual(attendance, { [names[0]!]: 0.75 })
  })
})
