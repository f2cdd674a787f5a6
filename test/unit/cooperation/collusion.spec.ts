import { deepEqual, equal } from 'node:assert/strict'
import type { MemberFacts } from '../../../src/codec/cooperation.ts'
import { judgeCollusion, partnersNeeded, riskOf, votesNeeded } from '../../../src/cooperation/collusion.ts'
import { readReputation } from '../../../src/cooperation/reputation.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { commit } from '../../../src/state/commit.ts'
import { NO_FACTS, recordSummary } from '../../../src/state/facts.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { genesisState } from '../../support/state.ts'

const params = { unbondingEpochs: 70 }
const DAY = 10
const HEIGHT = 1_000
const EPOCH = 50
const keyOf = (member: number): Uint8Array => new Uint8Array(32).fill(member)
/** Members 1, 2, … of cooperatives 1, 2, …; the accused is 9, of cooperative 9. */
const cooperativeOf = (key: Uint8Array): number => key[0]!
const ACCUSED = 9

function met(...cooperatives: number[]): Uint8Array {
  const bits = new Uint8Array(8)
  for (const one of cooperatives) bits[one >> 3]! |= 1 << (one & 7)
  return bits
}

/** What an epoch of 100 blocks left of the accused, with so many others that led. */
function after(
  facts: Partial<MemberFacts>,
  others = 4,
  chain: ChainId = COORD,
  state = genesisState([]),
  epoch = EPOCH
) {
  const ledger = new Ledger(state)
  const members = Array.from({ length: others }, (_, index) => ({
    key: keyOf(index + 1),
    facts: { ...NO_FACTS, attended: 100, led: 25, partners: met(1, 2, 3, 4, ACCUSED) }
  }))
  const accused = { key: keyOf(ACCUSED), facts: { ...NO_FACTS, ...facts } }
  recordSummary(ledger, chain, { epoch, height: 1, blocks: 100, members: [...members, accused] })
  judgeCollusion(ledger, { epoch, height: HEIGHT, params, chains: [0 as ChainId, COORD], cooperativeOf })
  return state.apply(commit(state, ledger.changedValues()))
}

const risk = (
  state: ReturnType<typeof after>,
  epoch = EPOCH,
  height = HEIGHT + 1,
  member = ACCUSED
): number => riskOf(state, keyOf(member), { epoch, height, params })
const marks = (state: ReturnType<typeof after>, member = ACCUSED): number =>
  readReputation(state, keyOf(member)).suspicions.length

describe('SAN: signals of collusion', () => {
  it('SAN-9: who votes for one cooperative of four is at 0.75, and for none at 1 with a mark', () => {
    const one = after({ attended: 30, missed: 70, partners: met(2) })
    deepEqual([risk(one), marks(one)], [750_000, 0])
    const none = after({ attended: 30, missed: 70 })
    deepEqual([risk(none), marks(none)], [1_000_000, 1])
  })

  it('SAN-9: who was away for half of the time, or votes with everybody, is not seen', () => {
    const half = after({ attended: 50, missed: 50, partners: met(1, 2, 3, 4) })
    const all = after({ attended: 100, partners: met(1, 2, 3, 4) })
    deepEqual([risk(half), risk(all), marks(half), marks(all)], [0, 0, 0, 0])
  })

  it('SAN-9: fewer votes or fewer misses than the thresholds say nothing', () => {
    deepEqual([votesNeeded(undefined), votesNeeded(0), votesNeeded(60), votesNeeded(200)], [10, 5, 6, 20])
    deepEqual(
      [partnersNeeded(undefined), partnersNeeded(0), partnersNeeded(60), partnersNeeded(200)],
      [3, 2, 3, 10]
    )
    for (const facts of [
      { attended: 9, missed: 91 },
      { attended: 91, missed: 9 }
    ]) {
      deepEqual([risk(after(facts)), marks(after(facts))], [0, 0])
    }
    equal(risk(after({ attended: 10, missed: 90 })), 1_000_000)
    equal(risk(after({ attended: 90, missed: 10 })), 1_000_000)
  })

  it('SAN-9: where fewer than three cooperatives led, nobody chooses among them', () => {
    equal(risk(after({ attended: 30, missed: 70 }, 2)), 0)
    equal(risk(after({ attended: 30, missed: 70 }, 3)), 1_000_000)
  })

  it('SAN-9: the largest of several chains counts, and a clean epoch takes the record away', () => {
    const state = after({ attended: 30, missed: 70, partners: met(2) }, 4, 0 as ChainId)
    after({ attended: 100, partners: met(1, 2, 3, 4) }, 4, COORD, state)
    equal(risk(state), 750_000)
    const cleared = after({ attended: 30, missed: 70, partners: met(2) })
    after({ attended: 900, partners: met(1, 2, 3, 4) }, 4, COORD, cleared, EPOCH + 1)
    equal(risk(cleared), 0)
  })

  it('SAN-9: a key that no registry has leaves nothing, whatever a shard says of it, and has not led', () => {
    const ledger = new Ledger(genesisState([]))
    const all = { ...NO_FACTS, attended: 100, led: 25, partners: met(1, 2, 3, 4, ACCUSED) }
    const members = [1, 2, 3, 4, ACCUSED].map((member) => {
      const facts = member === ACCUSED ? { ...NO_FACTS, attended: 30, missed: 70 } : all
      return { key: keyOf(member), facts }
    })
    recordSummary(ledger, COORD, { epoch: EPOCH, height: 1, blocks: 100, members })
    /** How many records there are then, with the keys of these in the registry. */
    const records = (...registered: number[]): number => {
      judgeCollusion(ledger, {
        epoch: EPOCH,
        height: HEIGHT,
        params,
        chains: [COORD],
        cooperativeOf: (key) => (registered.includes(key[0]!) ? key[0] : undefined)
      })
      return ledger.changedValues().size
    }
    const before = ledger.changedValues().size
    equal(records(1, 2, 3, 4), before, 'the accused is a stranger')
    equal(records(1, 2, ACCUSED), before, 'two have led')
    equal(records(1, 2, 3, ACCUSED), before + 2, 'a signal and a mark')
  })

  it('SAN-10: a signal counts for a day, each of two marks 0.25 for 40,320 heights; nothing stays for ever', () => {
    const state = after({ attended: 30, missed: 70 })
    deepEqual([risk(state, EPOCH + DAY), risk(state, EPOCH + DAY + 1)], [1_000_000, 250_000])
    const late = EPOCH + DAY + 1
    deepEqual([risk(state, late, HEIGHT + 40_319), risk(state, late, HEIGHT + 40_320)], [250_000, 0])
  })

  it('SAN-8: third parties cannot hurt the uninvolved: whatever others do or leave out, only its own votes count', () => {
    // Others collude as they like; the accused votes for everything, and misses what nobody records of it.
    for (const missed of [0, 9, 40, 80]) {
      const state = after({ attended: 100 - missed, missed, partners: met(1, 2, 3, 4) })
      deepEqual([risk(state), marks(state)], [0, 0])
    }
    // A colluder is seen, and nobody else.
    const state = after({ attended: 30, missed: 70 })
    deepEqual(
      [1, 2, 3, 4].map((member) => risk(state, EPOCH, HEIGHT + 1, member) + marks(state, member)),
      [0, 0, 0, 0]
    )
  })
})
