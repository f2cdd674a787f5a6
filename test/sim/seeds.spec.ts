/** The random suites in the amount that every test run affords; `npm run sim` runs as many as one likes. */
import assert from 'node:assert/strict'
import { runSeed } from '../../src/testing/sim/consensus-suite.ts'
import { SUITES, runSim } from '../../src/testing/sim/main.ts'

const SEEDS = 20
const RECEIPT_SEEDS = 12

async function linesOf(options: Parameters<typeof runSim>[0]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = []
  const code = await runSim(options, (line) => lines.push(line))
  return { code, lines }
}

describe('random seeds of consensus', function () {
  this.timeout(60_000)

  it(`invariants 1–4, 6, 8, 10: ${SEEDS} seeds pass, and every kind of fault was reached`, async () => {
    const { code, lines } = await linesOf({ suite: 'consensus', seed: 1, count: SEEDS })
    assert.equal(code, 0, lines.join('\n'))
  })

  it('C22, C24: votes of an epoch that the store came back behind bind when that epoch begins', async () => {
    // Its chain databases are lost after it nullified in the new epoch; journal and guard are not.
    for (const seed of [92, 142]) {
      const { code, lines } = await linesOf({ suite: 'consensus', seed, count: 1 })
      assert.equal(code, 0, lines.join('\n'))
    }
  })

  it('D19: the same seed gives the same trace hash, another seed another', async () => {
    const [once, again, other] = [
      await runSeed({ seed: '7' }),
      await runSeed({ seed: '7' }),
      await runSeed({ seed: '8' })
    ]
    assert.equal(once.hash, again.hash)
    assert.notEqual(once.hash, other.hash)
  })

  it('D19: a seed passes with real Ed25519 signatures', async () => {
    const { code, lines } = await linesOf({ suite: 'signatures', seed: 3, count: 2 })
    assert.equal(code, 0, lines.join('\n'))
  })

  it('D2: seeds pass with two shards', async () => {
    const { code, lines } = await linesOf({ suite: 'shards', seed: 11, count: 3 })
    assert.equal(code, 0, lines.join('\n'))
  })

  it('SYN-1, SYN-5, SYN-8: members come back from far behind beside liars, over bad links, killed on the way', async () => {
    const { code, lines } = await linesOf({ suite: 'sync', seed: 1, count: 10 })
    assert.equal(code, 0, lines.join('\n'))
  })

  it(`invariants 4, 5; R7, R10, R11, R14: ${RECEIPT_SEEDS} seeds of receipts pass, and every kind was reached`, async () => {
    const { code, lines } = await linesOf({ suite: 'receipts', seed: 1, count: RECEIPT_SEEDS })
    assert.equal(code, 0, lines.join('\n'))
  }).timeout(300_000)

  it('a suite that does not exist is refused, and the ones that do are named', async () => {
    const { code, lines } = await linesOf({ suite: 'nothing', seed: 1, count: 1 })
    assert.equal(code, 2)
    for (const name of Object.keys(SUITES)) assert(lines.join().includes(name))
  })
})
