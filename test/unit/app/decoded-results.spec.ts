import assert from 'node:assert/strict'
import { DecodedResults, RESULTS_KEPT } from '../../../src/app/decoded-results.ts'
import { encodeResults } from '../../../src/codec/results.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'

describe('app/decoded-results', () => {
  function scene() {
    const reads: number[] = []
    const bytes = encodeResults({ results: [], received: [], emitted: [] })
    const store = {
      results: (height: number) => {
        reads.push(height)
        return height === 0 ? new Uint8Array(0) : height > 1_000 ? undefined : bytes
      }
    }
    const results = new DecodedResults()
    return { reads, of: (height: number, chain = 0) => results.of({ chain: shardId(chain), store }, height) }
  }

  it('a block that is asked for again and again is decoded once, each of its chain', () => {
    const { reads, of } = scene()
    for (let turn = 0; turn < 3; turn++) for (let height = 1; height <= RESULTS_KEPT; height++) of(height)
    assert.equal(reads.length, RESULTS_KEPT)
    of(1, 1)
    assert.equal(reads.length, RESULTS_KEPT + 1)
  })

  it('no more are kept than so many of a chain: the one that was asked for longest ago goes', () => {
    const { reads, of } = scene()
    for (let height = 1; height <= RESULTS_KEPT; height++) of(height)
    of(1)
    of(RESULTS_KEPT + 1)
    reads.length = 0
    of(1)
    assert.deepEqual(reads, [])
    of(2)
    assert.deepEqual(reads, [2])
  })

  it('genesis has none, and neither has a block that is not held', () => {
    const { of } = scene()
    assert.equal(of(0), undefined)
    assert.equal(of(1_001), undefined)
  })
})
