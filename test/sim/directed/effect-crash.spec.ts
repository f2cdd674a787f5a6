/** C10–C12, C22: the power fails for everybody at every single effect between a proposal and its finality. */
import assert from 'node:assert/strict'
import { crashAllAt, effectsOfOneBlock } from '../scenarios/effect-crash.ts'
import type { Struck } from '../scenarios/effect-crash.ts'

const SEED = 'effects'
/** Fewer would mean that the span was missed. */
const EFFECTS_MIN = 60

describe('power failure at every effect of one block', function () {
  this.timeout(90_000)

  it('C11, C12, C22: at each index the chain finalises again and no key contradicts itself', async () => {
    const { from, until } = await effectsOfOneBlock(SEED)
    assert(until - from >= EFFECTS_MIN, `${until - from} effects`)
    const table: Struck[] = []
    for (let index = from; index < until; index++) table.push(await crashAllAt(SEED, index))
    process.stdout.write(`${tableText(table, from)}\n`)
  })
})

function tableText(table: readonly Struck[], from: number): string {
  const rows = table.map(({ index, node, effect, lost, recoveredMs }) =>
    [
      String(index - from).padStart(5),
      `node ${node}`,
      effect.padEnd(22),
      `${lost} lost`,
      `${recoveredMs} ms`
    ].join('  ')
  )
  return ['      index  where   before                  unsynced writes, time to finality again', ...rows]
    .map((row) => `      ${row}`)
    .join('\n')
}
