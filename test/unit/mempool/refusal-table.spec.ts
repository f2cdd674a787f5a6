import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { REFUSALS, refusalByNumber, refusalNumber } from '../../../src/codec/refusals.ts'
import type { RefusalCode } from '../../../src/codec/refusals.ts'

const table = readFileSync('protocols/mempool.md', 'utf8')
  .split('\n')
  .map((line) => /^\| (\d+) \| `([^`]+)` \| (.+) \|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, number, code, sentence]) => [code, Number(number), sentence])

describe('refusal codes', () => {
  it('POOL-5, D10: the table of the specification is the registry: every code, number and sentence', () => {
    assert.deepEqual(
      table,
      Object.entries(REFUSALS).map(([code, { number, sentence }]) => [code, number, sentence])
    )
  })

  it('D10: a number belongs to one code and leads back to it', () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[]) {
      assert.equal(refusalByNumber(refusalNumber(code)), code)
    }
    assert.equal(refusalByNumber(0), undefined)
  })
})
