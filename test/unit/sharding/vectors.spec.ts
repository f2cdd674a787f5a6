import assert from 'node:assert/strict'
import { genesis } from '../../../scripts/vectors/genesis.ts'
import { leaders } from '../../../scripts/vectors/leaders.ts'
import { toText } from '../../../scripts/vectors/plain.ts'
import { genesisToJson, parseGenesis } from '../../../src/params/genesis-json.ts'
import { networkId } from '../../../src/params/genesis.ts'
import { PARAMETERS } from '../../../src/params/params.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { readJson, readText } from '../../support/repository.ts'

interface GenesisVectors {
  readonly accepted: readonly { name: string; genesis: unknown; networkId: string }[]
  readonly refused: readonly { name: string; rule: string; code: string; genesis: unknown }[]
}

describe('vectors of genesis and sharding', () => {
  const { accepted, refused } = readJson('protocols/vectors/genesis.json') as GenesisVectors

  for (const { name, genesis: value, networkId: expected } of accepted) {
    it(`GEN-1, GEN-3: ${name}`, () => {
      const parsed = parseGenesis(JSON.stringify(value))
      assert(parsed.ok)
      assert.equal(toHex(networkId(parsed.value)), expected)
      const again = parseGenesis(genesisToJson(parsed.value))
      assert.deepEqual(again, parsed)
    })
  }

  for (const { name, rule, code, genesis: value } of refused) {
    it(`${rule}: refuses ${name} as ${code}`, () => {
      const parsed = parseGenesis(JSON.stringify(value))
      assert.equal(parsed.ok || parsed.code, code)
    })
  }

  it('GEN-2: the order of the file changes nothing, one base unit changes the network id', () => {
    const [first, reordered, more] = accepted
    assert.equal(first?.networkId, reordered?.networkId)
    assert.notEqual(first?.networkId, more?.networkId)
  })

  it('EPO-5 … EPO-10: the files are what the generator writes', () => {
    assert.equal(readText('protocols/vectors/genesis.json'), toText(genesis()))
    assert.equal(readText('protocols/vectors/leaders.json'), toText(leaders()))
  })

  it('GEN-5: the table of the specification names every parameter in its order, with its range', () => {
    const rows = [
      ...readText('protocols/genesis.md').matchAll(/^\| \d+ \| `(\w+)` \| ([\d,]+) \| ([\d,]+) \|/gm)
    ]
    const number = (text: string | undefined): number => Number(text?.replaceAll(',', ''))
    assert.deepEqual(
      rows.map(([, name, min, max]) => ({ name, min: number(min), max: number(max) })),
      PARAMETERS.map(({ name, min, max }) => ({ name, min, max }))
    )
  })
})
