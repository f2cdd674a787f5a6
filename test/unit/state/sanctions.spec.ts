import { deepEqual, equal } from 'node:assert/strict'
import { commit } from '../../../src/state/commit.ts'
import { offenceId } from '../../../src/codec/evidence.ts'
import type { EvidenceKind, Offence } from '../../../src/codec/evidence.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { isProven, provenOffences, recordOffence } from '../../../src/state/conduct/evidence.ts'
import type { Slash } from '../../../src/state/conduct/evidence.ts'
import { sanctionsOf, slashOf } from '../../../src/state/conduct/sanctions.ts'
import { slashStake } from '../../../src/state/conduct/slash.ts'
import { VALIDATORS_KEY } from '../../../src/state/keys.ts'
import { creditStake, stakeOf } from '../../../src/state/stake.ts'
import { holdings, readTotals } from '../../../src/state/supply.ts'
import { ValidatorListType } from '../../../src/codec/registry.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { UNKNOWN_CONDUCT } from '../../../src/sharding/transition.ts'
import type { Conduct } from '../../../src/sharding/transition.ts'
import { CoordChain } from '../../support/coordination.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'
import { genesisState } from '../../support/state.ts'
import type { MemoryState } from '../../support/state.ts'

const KEY = new Uint8Array(32).fill(5)
const PERIOD = 10
const params = { unbondingEpochs: PERIOD }
const noStake: Slash = () => ({ consumer: 0n, industrial: 0n })

/** Coordination's state, to which offences happen. */
class Court {
  state: MemoryState = genesisState([])

  prove(epoch: number, at: number, more: Partial<Offence> = {}, slash = noStake): void {
    const offence = { publicKey: KEY, chain: COORD, epoch, view: 7, kind: 1 as EvidenceKind, ...more }
    const ledger = new Ledger(this.state)
    recordOffence(ledger, offence, { epoch: at, height: at * 20, params }, slash)
    this.state.apply(commit(this.state, ledger.changedValues()))
  }

  at = (epoch: number) => sanctionsOf(this.state, KEY, { epoch, params })
  levels = (...epochs: number[]): number[] => epochs.map((epoch) => this.at(epoch).level)
}

describe('SAN: sanctions', () => {
  it('SAN-1: who did nothing is at level 0, and may be seated', () => {
    const standing = new Court().at(3)
    deepEqual([standing.level, standing.isExcluded, standing.offences], [0, false, 0])
    deepEqual([standing.penalty, standing.bonus, standing.recoversAtEpoch], [0n, 0n, undefined])
  })

  it('SAN-2: levels 1, 2, 3 cost 5.0, 7.5 and 11.25, and every level excludes', () => {
    const court = new Court()
    const penalties: bigint[] = []
    for (const epoch of [1, 2, 3]) {
      court.prove(epoch, epoch)
      equal(court.at(epoch).isExcluded, true)
      penalties.push(court.at(epoch).penalty)
    }
    deepEqual(penalties, [5_000_000n, 12_500_000n, 23_750_000n])
    equal(court.at(3).level, 3)
    court.prove(4, 4)
    deepEqual([court.at(4).level, court.at(4).penalty, court.at(4).offences], [3, 23_750_000n, 4])
  })

  it('SAN-3: all offences of one epoch raise one level, on whatever chain, and whenever they are proven', () => {
    const court = new Court()
    court.prove(1, 1)
    court.prove(1, 1, { view: 8 })
    court.prove(1, 1, { kind: 2 })
    court.prove(1, 2, { chain: 0 as ChainId })
    deepEqual([court.at(2).level, court.at(2).offences], [1, 4])
    court.prove(0, 2)
    deepEqual(court.at(2).steps, [
      { offenceEpoch: 1, epoch: 1, level: 1 },
      { offenceEpoch: 0, epoch: 2, level: 2 }
    ])
  })

  it('SAN-4: a level goes after the period, not an epoch before, and brings 4.32 or 3.6 back', () => {
    const court = new Court()
    court.prove(1, 1)
    court.prove(2, 2)
    deepEqual(court.levels(2, 11, 12, 21, 22, 90), [2, 2, 1, 1, 0, 0])
    deepEqual(
      [court.at(12).bonus, court.at(22).bonus, court.at(90).bonus],
      [4_320_000n, 7_920_000n, 7_920_000n]
    )
    deepEqual(
      [court.at(2).recoversAtEpoch, court.at(12).recoversAtEpoch, court.at(22).recoversAtEpoch],
      [12, 22, undefined]
    )
    equal(court.at(22).isExcluded, false)
  })

  it('SAN-4: another offence starts the time again, from the level that was left', () => {
    const court = new Court()
    court.prove(1, 1)
    court.prove(10, 10)
    deepEqual(court.levels(10, 19, 20, 30), [2, 2, 1, 0])
    court.prove(31, 31)
    deepEqual(court.levels(31, 40, 41), [1, 1, 0])
    equal(court.at(41).bonus, 4_320_000n + 3_600_000n + 3_600_000n)
  })

  it('SAN-4: level 3 does not end by itself', () => {
    const court = new Court()
    for (const epoch of [1, 2, 3]) court.prove(epoch, epoch)
    deepEqual(court.levels(3, 13, 1_000_000), [3, 3, 3])
    equal(court.at(1_000_000).recoversAtEpoch, undefined)
  })

  it('SAN-4, SAN-1: no action of this version ends level 3: it is disputed, leaves, registers again, is ready, and still out', () => {
    const chain = new CoordChain(aGenesis({ validators: [0, 1, 2, 3, 4].map(someKey) }))
    const [key, sponsor] = [someKey(0), someKey(1)]
    const offences = [1, 2, 3].map((epoch): Offence => {
      return { publicKey: key, chain: COORD, epoch, view: 7, kind: 1 }
    })
    chain.block([], {
      end: (ledger) => {
        for (const offence of offences)
          recordOffence(ledger, offence, { epoch: offence.epoch, height: 1, params: chain.params }, noStake)
      }
    })
    const level = (): number =>
      sanctionsOf(chain.state, key, { epoch: 1_000_000, params: chain.params }).level
    const conduct: Conduct = {
      ...UNKNOWN_CONDUCT,
      isSanctioned: (one) => toHex(one) === toHex(key) && level() > 0
    }
    equal(level(), 3)
    const { cooperative } = chain.record(key)
    const dispute = { offence: offenceId(offences[0]!), textHash: new Uint8Array(32) }
    const register = { key, cooperative, tip: [] }
    equal(chain.say(key, { ready: true }, conduct), undefined)
    equal(chain.say(key, { dispute }, conduct), undefined)
    equal(chain.say(key, { deregister: true }, conduct), undefined)
    chain.freeze(conduct)
    equal(chain.record(key).status, 2, 'it has left')
    equal(chain.say(sponsor, { register }, conduct), undefined)
    equal(chain.say(key, { ready: true }, conduct), undefined)
    chain.freeze(conduct)
    deepEqual([level(), chain.seated().includes(toHex(key)), chain.seated().length], [3, false, 4])
  })

  it('SAN-4: reading is not writing: the record says the same whenever it is read', () => {
    const court = new Court()
    court.prove(1, 1)
    const { root } = court.state
    court.at(50)
    deepEqual([court.state.root, court.at(2).level], [root, 1])
  })

  it('SAN-5: a rise takes 5, 7.5 and 11.25 % of the stake, an offence without a rise nothing', () => {
    const court = new Court()
    const taken: number[] = []
    const slash: Slash = (_ledger, _key, level) => {
      taken.push(level)
      return { consumer: slashOf(1_000_000n, level), industrial: slashOf(10n, level) }
    }
    for (const epoch of [1, 1, 2, 3, 4]) court.prove(epoch, epoch, { view: taken.length }, slash)
    deepEqual(taken, [1, 2, 3])
    deepEqual(court.at(4).slashed, { consumer: 50_000n + 75_000n + 112_500n, industrial: 0n + 0n + 1n })
  })

  it('SAN-5, D3: what is taken leaves the stake for the treasury, and the chain holds what it held', () => {
    const validator = { key: KEY, cooperative: 1, weight: 1 }
    const court = new Court()
    court.state = genesisState([], [[VALIDATORS_KEY, ValidatorListType.serialize([validator])]])
    const ledger = new Ledger(court.state)
    equal(creditStake(ledger, KEY, { consumer: 1_000_001n, industrial: 19n }), true)
    court.state.apply(commit(court.state, ledger.changedValues()))
    const before = readTotals(court.state)
    court.prove(1, 1, {}, slashStake)
    court.prove(1, 1, { view: 8 }, slashStake)
    const after = readTotals(court.state)
    deepEqual(holdings(after), holdings(before))
    equal(after.treasuryConsumer - before.treasuryConsumer, 50_000n)
    equal(after.treasuryIndustrial, before.treasuryIndustrial)
    deepEqual(stakeOf(new Ledger(court.state), KEY), { consumer: 950_001n, industrial: 19n })
    deepEqual(court.at(1).slashed, { consumer: 50_000n, industrial: 0n })
  })

  it('SAN-6: steps are bounded: the last 16 are known', () => {
    const court = new Court()
    for (let round = 0; round < 20; round++) court.prove(round * 40, round * 40)
    equal(court.at(19 * 40).steps.length, 16)
    equal(court.at(19 * 40).steps.at(-1)?.offenceEpoch, 760)
    equal(court.at(19 * 40).penalty, 100_000_000n)
  })

  it('C30: what is proven is found by what it is about, and listed, the newest first', () => {
    const court = new Court()
    court.prove(1, 1)
    court.prove(1, 2, { view: 8 })
    const offence: Offence = { publicKey: KEY, chain: COORD, epoch: 1, view: 8, kind: 1 }
    equal(isProven(court.state, offence), true)
    equal(isProven(court.state, { ...offence, view: 9 }), false)
    deepEqual(
      provenOffences(court.state, 10).map(({ view, level, height }) => [view, level, height]),
      [
        [8, 0, 40],
        [7, 1, 20]
      ]
    )
    equal(provenOffences(court.state, 1).length, 1)
    equal(offenceId(offence).length, 32)
  })
})
