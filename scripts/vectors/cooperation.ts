/** The vectors of cooperation: factors and scores, cooldowns, facts of blocks, and what an epoch makes of them. */
import { countBlock, emptyRunningFacts } from '../../src/cooperation/attendance.ts'
import type { BlockFacts } from '../../src/cooperation/attendance.ts'
import { countEpoch } from '../../src/cooperation/count.ts'
import { scoreOf } from '../../src/cooperation/score.ts'
import type { ScoreFacts } from '../../src/cooperation/score.ts'
import { socialReputation } from '../../src/cooperation/social.ts'
import { cooldownOf, weightsOf } from '../../src/cooperation/weights.ts'
import { tierOf } from '../../src/cooperation/eligibility.ts'
import {
  CATEGORIES,
  ChainSummaryType,
  MemberFactsType,
  ReputationType,
  RunningFactsType
} from '../../src/codec/cooperation.ts'
import type { MemberFacts } from '../../src/codec/cooperation.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { concat, toHex, utf8 } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { COORD, chainName, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { NO_FACTS, joinFacts, recordSummary, reputationKey, summaryKey } from '../../src/state/facts.ts'
import { buildGenesisState } from '../../src/state/genesis-state.ts'
import { Ledger } from '../../src/state/ledger.ts'
import { toPlain } from './plain.ts'
import type { Plain } from './plain.ts'

const MILLION = 1_000_000

const usual: ScoreFacts = {
  points: CATEGORIES.map((_, index) => (index < 12 ? MILLION : 0)),
  partners: { total: 0, distinct: 0 },
  outcomes: { total: 0, successes: 0, validations: 0 },
  performance: { availability: MILLION, success: MILLION, reliability: MILLION },
  risk: 0,
  shard: undefined,
  idleHours: { part: 0, whole: 1 }
}

const EVERYTHING: ScoreFacts = {
  points: CATEGORIES.map((_, index) => 777_777 * (index + 1)),
  partners: { total: 77, distinct: 7 },
  outcomes: { total: 50, successes: 37, validations: 61 },
  performance: { availability: 912_345, success: 740_000, reliability: 998_877 },
  risk: 512_345,
  shard: { experience: 333_333, selections: 17, successes: 13 },
  idleHours: { part: 100, whole: 3 }
}

/** The same numbers as in the founding documents, and what lies around their steps. */
function scoreFacts(): [name: string, facts: ScoreFacts][] {
  const diversity = [
    [1, 1],
    [10, 1],
    [10, 7],
    [19, 19],
    [20, 20],
    [20, 5],
    [20, 4],
    [100, 5],
    [100, 1],
    [100, 100]
  ]
  const consistency = [
    [50, 50],
    [48, 50],
    [47, 50],
    [41, 50],
    [40, 50],
    [21, 50],
    [20, 50],
    [10, 50],
    [0, 50],
    [3, 9]
  ]
  const performance = [1_000_000, 960_000, 950_001, 950_000, 910_000, 900_000, 500_000]
  const shards = [
    [0, 0, 0],
    [199_999, 1, 1],
    [200_000, 1, 1],
    [500_000, 3, 2],
    [1_000_000, 1, 1],
    [1_000_000, 1, 0]
  ]
  return [
    ['nothing but points', usual],
    ...diversity.map(([total = 0, distinct = 0]): [string, ScoreFacts] => [
      `diversity of ${distinct} in ${total}`,
      { ...usual, partners: { total, distinct } }
    ]),
    ...consistency.flatMap(([successes = 0, total = 0]) =>
      [total, 0].map((validations): [string, ScoreFacts] => [
        `consistency of ${successes} in ${total}, ${validations} ever`,
        { ...usual, outcomes: { total, successes, validations } }
      ])
    ),
    ...performance.map((each): [string, ScoreFacts] => [
      `performance of ${each}`,
      { ...usual, performance: { availability: each, success: each, reliability: each } }
    ]),
    ...[500_000, 500_001, 700_001, 900_001].map((risk): [string, ScoreFacts] => [
      `risk ${risk}`,
      { ...usual, risk }
    ]),
    ...shards.map(([experience = 0, selections = 0, successes = 0]): [string, ScoreFacts] => [
      `shard ${experience} ppm, ${successes} of ${selections}`,
      { ...usual, shard: { experience, selections, successes } }
    ]),
    ...[
      [24, 1],
      [2_401, 100],
      [72, 1],
      [336, 1]
    ].map(([part = 0, whole = 1]): [string, ScoreFacts] => [
      `idle ${part} / ${whole} hours`,
      { ...usual, idleHours: { part, whole } }
    ]),
    ['everything at once', EVERYTHING]
  ]
}

const facts = (change: Partial<MemberFacts>): MemberFacts => ({ ...NO_FACTS, ...change })
const hexOf = (value: MemberFacts): string => toHex(MemberFactsType.serialize(value))

function joins(): Plain {
  const spans = [
    facts({ attended: 5, missed: 1, led: 2, skipped: 3, firstRun: 1, lastRun: 2, longestRun: 2 }),
    facts({ skipped: 4, firstRun: 4, lastRun: 4, longestRun: 4, late: 9 }),
    facts({
      led: 1,
      skipped: 1,
      lastRun: 1,
      longestRun: 1,
      partners: Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 128)
    }),
    facts({ attended: 0xffff_ffff, firstRun: 0xffff, lastRun: 0xffff, longestRun: 0xffff, skipped: 0xffff })
  ]
  return spans.flatMap((before) =>
    spans.map((after) => ({
      before: hexOf(before),
      after: hexOf(after),
      joined: hexOf(joinFacts(before, after))
    }))
  )
}

const COOPERATIVES = [1, 2, 2, 0, 65]

const BLOCKS: BlockFacts[] = [
  { leader: 0, skipped: [1, 1, 2], lateVotes: 0, counted: [] },
  { leader: 1, skipped: [2, 1], lateVotes: 3, counted: [] },
  {
    leader: 1,
    skipped: [],
    lateVotes: 32,
    counted: [{ cooperative: 1, recorded: new Set([0, 1, 2]), isComplete: true }]
  },
  {
    leader: 3,
    skipped: [4],
    lateVotes: 1,
    counted: [{ cooperative: 0, recorded: new Set([4]), isComplete: true }]
  },
  {
    leader: 4,
    skipped: [],
    lateVotes: 0,
    counted: [
      { cooperative: 65, recorded: new Set([0, 1, 3, 4]), isComplete: true },
      { cooperative: 2, recorded: new Set([0, 2, 4]), isComplete: false }
    ]
  },
  { leader: undefined, skipped: [1], lateVotes: 2, counted: [] },
  { leader: undefined, skipped: [1, 0], lateVotes: 0, counted: [] }
]

function blocks(): Plain {
  let record = emptyRunningFacts(7, COOPERATIVES.length)
  return BLOCKS.map((block) => {
    record = countBlock(record, block, COOPERATIVES)
    return {
      leader: block.leader === undefined ? [] : [block.leader],
      skipped: [...block.skipped],
      lateVotes: block.lateVotes,
      counted: block.counted.map(({ cooperative, recorded, isComplete }) => ({
        cooperative,
        recorded: [...recorded],
        isComplete: isComplete ? 1 : 0
      })),
      record: toHex(record)
    }
  })
}

const PARAMS = { unbondingEpochs: 14 }
const VALIDATORS = ['a', 'b', 'c', 'd'].map((name) => sha256(utf8(`validator ${name}`)))
const CHAINS = [shardId(0), shardId(1), COORD]
const PARTNERS = Uint8Array.of(0b1110, 0, 1, 0, 0, 0, 0, 0)

/** What each validator did on a chain in an epoch: steady, failing, silent, and coming back. */
function conduct(validator: number, chain: ChainId, epoch: number): MemberFacts {
  if (validator === 0) return facts({ attended: 40, led: 9 + (chain % 7), late: 17, partners: PARTNERS })
  if (validator === 1)
    return facts({ attended: 19, missed: 21, led: 3, skipped: 8, firstRun: 2, lastRun: 1, longestRun: 5 })
  if (validator === 2) return facts({ skipped: 2, firstRun: 2, lastRun: 2, longestRun: 2, missed: 40 })
  return epoch < 3 ? NO_FACTS : facts({ attended: 39, missed: 1, partners: PARTNERS })
}

/** Epoch after epoch, each from what the one before left: records as they stand in state. */
function counts(): Plain {
  const genesis = buildGenesisState({
    accounts: [],
    reserve: { consumer: 0n, industrial: 0n },
    extra: [],
    params: { manaCap: 0 },
    timeMs: 0
  })
  const values = new Map<Hex, Uint8Array | undefined>(genesis.values)
  const view = { get: (key: Uint8Array) => values.get(toHex(key)), page: () => undefined, root: genesis.root }
  const ledger = new Ledger(view)
  const record = (key: Uint8Array): string => toHex(ledger.record(key) ?? new Uint8Array())
  return [1, 2, 3, 4, 5, 6].map((epoch) => {
    const reported = CHAINS.filter((chain) => chain !== shardId(1) || epoch !== 2)
    for (const chain of reported) {
      const members = VALIDATORS.map((key, index) => ({ key, facts: conduct(index, chain, epoch) }))
      members.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1))
      recordSummary(ledger, chain, { epoch: epoch - 1, height: 8 * epoch, blocks: 40, members })
    }
    const summaries = CHAINS.map((chain): [string, string] => [chainName(chain), record(summaryKey(chain))])
    const before = VALIDATORS.map((key) => record(reputationKey(key)))
    const { excluded } = countEpoch(ledger, { epoch, params: PARAMS, chains: CHAINS, validators: VALIDATORS })
    const at = { epoch, height: 8 * epoch + 6, params: PARAMS, riskOf: () => 0 }
    const reader = { get: (key: Uint8Array) => ledger.record(key) }
    return {
      epoch,
      summaries: Object.fromEntries(summaries),
      before,
      after: VALIDATORS.map((key) => record(reputationKey(key))),
      summariesAfter: Object.fromEntries(
        CHAINS.map((chain) => [chainName(chain), record(summaryKey(chain))])
      ),
      excluded: [...excluded].sort(),
      weights: Object.fromEntries(
        CHAINS.map((chain) => [
          chainName(chain),
          weightsOf(reader, chain, VALIDATORS, at).map(({ weight, cooldown }) => [weight, cooldown])
        ])
      ),
      social: VALIDATORS.map((key) => {
        const bytes = ledger.record(reputationKey(key))
        return bytes === undefined
          ? 0
          : socialReputation(ReputationType.deserialize(bytes), Math.floor(epoch / 2)).total
      })
    }
  })
}

export const cooperation = (): Plain => ({
  rules: [...Array(26).keys()]
    .map((index) => `COOP-${index + 1}`)
    .filter((id) => !['COOP-25', 'COOP-26'].includes(id)),
  sizes: {
    empty: toHex(concat(RunningFactsType.serialize({ epoch: 0, blocks: 0, members: [] }))),
    summary: toHex(ChainSummaryType.serialize({ epoch: 0, height: 0, blocks: 0, tenures: [] }))
  },
  scores: scoreFacts().map(([name, { performance, shard, ...rest }]) => ({
    name,
    facts: toPlain({
      ...rest,
      ...(performance === undefined ? {} : { performance }),
      ...(shard === undefined ? {} : { shard })
    }),
    factors: toPlain(scoreOf({ performance, shard, ...rest }).factors),
    score: scoreOf({ performance, shard, ...rest }).ppm
  })),
  tiers: [0, 4, 5, 10, 11, 20, 21].map((validations) => [validations, tierOf(validations)]),
  cooldowns: [0, 1, 2, 3, 4, 5, 6, 10, 20].flatMap((selections) =>
    [1_000_000, 500_000, 0].map((success) => [selections, success, cooldownOf(selections, success)])
  ),
  joins: joins(),
  cooperatives: COOPERATIVES,
  blocks: blocks(),
  unbondingEpochs: PARAMS.unbondingEpochs,
  validators: VALIDATORS.map((key) => toHex(key)),
  counts: counts()
})
