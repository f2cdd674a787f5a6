import assert from 'node:assert/strict'
import { limitTable } from '../../../src/net/limits.ts'
import { CONFIG_KEYS, loadNodeConfig } from '../../../src/node/config.ts'
import { readText } from '../../support/repository.ts'
import { sourcesBelow } from '../../tidy/sources.ts'

const page = readText('docs/settings.md')
const cells = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
const rowsOf = (title: string): string[][] => {
  const section = page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map(cells)
}
const settings = rowsOf('Settings')
const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

describe('map of the settings', () => {
  it('there are 34, each once, each with something here or a reason why not', () => {
    assert.equal(settings.length, 34)
    assert.equal(new Set(settings.map(([name]) => name)).size, 34)
    for (const [name, , here = '', answer = ''] of settings) {
      assert.match(here, /^(?:none$|option: |limit: |genesis: |key file: )/, name)
      assert.equal(here === 'none', !answer.startsWith('"'), name)
      assert.ok(answer.length > 10, name)
    }
  })

  it('every option and every limit it names exists', () => {
    const flags = new Set<string>(CONFIG_KEYS.map(({ flag }) => `--${flag}`))
    const limits = limitTable()
    for (const [name, , here = ''] of settings) {
      const words = quoted(here)
      if (here.startsWith('option: '))
        for (const word of words) assert.ok(flags.has(word), `${name}: ${word}`)
      if (here.startsWith('limit: '))
        for (const word of words) assert.ok(limits.has(word), `${name}: ${word}`)
    }
  })

  it('every test it names exists under that title', () => {
    const tests = sourcesBelow('test', '.spec.ts').map(({ text }) => text.replaceAll(/\s+/g, ' '))
    const titles = settings.flatMap(([, , , answer = '']) =>
      [...answer.matchAll(/"([^"]+)"/g)].map(([, t = '']) => t)
    )
    assert.deepEqual(
      titles.filter((title) => !tests.some((text) => text.includes(`'${title}'`))),
      []
    )
    assert.ok(titles.length > 15)
  })

  const message = (flags: Record<string, string>): string => {
    try {
      loadNodeConfig({ flags: { data: '/nowhere', ...flags }, env: {} })
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
    return ''
  }
  const REFUSED: readonly (readonly [rule: string, flags: Record<string, string>])[] = [
    ['2', { rpc: 'x' }],
    ['4', { minPeers: '21', maxPeers: '20' }],
    ['7', { discoveryInterval: '0' }],
    ['9', { cooperativePeers: '51' }],
    ['10', { cooperativeBonus: '101' }]
  ]
  for (const [rule, flags] of REFUSED) {
    it(`rule ${rule} has the message that the page shows`, () => {
      const row = rowsOf('Rules for them').find(([no]) => no === rule)
      assert.ok(quoted(row?.[2] ?? '').includes(message(flags)), message(flags))
    })
  }

  it('there are 12 rules', () => {
    assert.deepEqual(
      rowsOf('Rules for them').map(([no]) => no),
      Array.from({ length: 12 }, (_, index) => String(index + 1))
    )
  })
})
