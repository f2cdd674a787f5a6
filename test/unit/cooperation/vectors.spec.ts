import assert from 'node:assert/strict'
import { cooperation } from '../../../scripts/vectors/cooperation.ts'
import { toText } from '../../../scripts/vectors/plain.ts'
import { scoreOf } from '../../../src/cooperation/score.ts'
import type { ScoreFacts } from '../../../src/cooperation/score.ts'
import { readJson, readText } from '../../support/repository.ts'

interface ScoreCase {
  readonly name: string
  readonly facts: Omit<ScoreFacts, 'performance' | 'shard'> & Partial<ScoreFacts>
  readonly factors: Readonly<Record<string, number>>
  readonly score: number
}

describe('vectors of cooperation', () => {
  const { scores } = readJson('protocols/vectors/cooperation.json') as { scores: readonly ScoreCase[] }

  it('COOP-1 … COOP-24: cooperation.json is what the generator writes', () => {
    assert.equal(readText('protocols/vectors/cooperation.json'), toText(cooperation()))
  })

  it('COOP-2: every stated score is the product of its stated factors, rounded down after each', () => {
    for (const { name, facts, factors, score } of scores) {
      const ours = scoreOf({ performance: undefined, shard: undefined, ...facts })
      assert.deepEqual({ ...ours.factors }, factors, name)
      assert.equal(ours.ppm, score, name)
      const { base = 0, ...others } = factors
      const product = Object.values(others).reduce(
        (value, factor) => Number((BigInt(value) * BigInt(factor)) / 1_000_000n),
        base
      )
      assert.equal(product, score, name)
    }
  })
})
