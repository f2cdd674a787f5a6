import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict'
import { EMPTY_RECEIPTS_ROOT } from '../../../src/codec/block.ts'
import {
  OUTCOME_BRANCH_LENGTH,
  RUN_RECEIPTS_MAX,
  entriesRoot,
  outcomeRuns,
  proveOutcome,
  receiptsOutRoot,
  verifyOutcome
} from '../../../src/codec/outcome.ts'
import type { RefusalCode } from '../../../src/codec/refusals.ts'
import { refusalNumber } from '../../../src/codec/refusals.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { fc } from '../../support/fast-check.ts'

const received = (source: number, first: number, count: number, refused: readonly number[] = []) =>
  Array.from({ length: count }, (_, index) => ({
    source: shardId(source),
    sequence: first + index,
    refusal: refused.includes(index) ? ('below-min-balance' satisfies RefusalCode as RefusalCode) : undefined
  }))

const ENTRY = { key: Uint8Array.of(5, 1), value: Uint8Array.of(1, 2, 3) }

describe('outcomes of receipts', () => {
  it('R17: receipts of a delivery in runs of at most 64, never of two sources', () => {
    const runs = outcomeRuns([...received(0, 7, 2 * RUN_RECEIPTS_MAX + 1, [1]), ...received(2, 0, 3)])
    deepEqual(
      runs.map(({ source, first, codes }) => [source, first, codes.length]),
      [
        [0, 7, 64],
        [0, 71, 64],
        [0, 135, 1],
        [2, 0, 3]
      ]
    )
    deepEqual(runs[0]?.codes.slice(0, 3), [0, refusalNumber('below-min-balance'), 0])
  })

  it('R2, R17: the root is zero without receipts and commits to every entry and every outcome', () => {
    deepEqual(receiptsOutRoot([], []), EMPTY_RECEIPTS_ROOT)
    const roots = [
      receiptsOutRoot([ENTRY], []),
      receiptsOutRoot([], received(0, 0, 1)),
      receiptsOutRoot([ENTRY], received(0, 0, 1)),
      receiptsOutRoot([ENTRY], received(0, 0, 1, [0])),
      receiptsOutRoot([ENTRY], received(0, 1, 1)),
      receiptsOutRoot([ENTRY], received(1, 0, 1)),
      receiptsOutRoot([ENTRY, ENTRY], received(0, 0, 1))
    ]
    for (const [index, root] of roots.entries()) {
      for (const other of roots.slice(index + 1)) notDeepEqual(root, other)
    }
  })

  it('R17: each run is proven in its place, and nothing else is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat(15), (count, pick, changed) => {
        const answers = received(3, 0, count, [0])
        const runs = outcomeRuns(answers)
        const root = receiptsOutRoot([ENTRY], answers)
        const index = pick % runs.length
        const run = runs[index]!
        const branch = proveOutcome(entriesRoot([ENTRY]), runs, index)
        equal(branch.length, OUTCOME_BRANCH_LENGTH)
        ok(verifyOutcome(root, run, index, branch))
        ok(!verifyOutcome(root, run, index ^ 1, branch))
        ok(!verifyOutcome(root, run, index + 2 ** 14, branch))
        ok(!verifyOutcome(root, { ...run, first: run.first + 1 }, index, branch))
        ok(!verifyOutcome(root, { ...run, codes: run.codes.map((code) => code ^ 1) }, index, branch))
        ok(!verifyOutcome(root, run, index, branch.with(changed, new Uint8Array(32).fill(7))))
        ok(!verifyOutcome(root, run, index, branch.slice(1)))
      })
    )
  })
})
