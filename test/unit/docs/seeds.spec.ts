import assert from 'node:assert/strict'
import { REFUSALS } from '../../../src/codec/refusals.ts'
import { readText } from '../../support/repository.ts'
import { definedRules } from '../../tidy/rules.ts'
import { sourcesBelow } from '../../tidy/sources.ts'

const page = readText('docs/seeds.md')
const rows = page
  .split('\n')
  .filter((line) => /^\| (?!---|feature|no\.|counter|-)/.test(line) && !line.startsWith('|---'))
  .map((line) => ({ line, answer: line.split('|').at(-2)?.trim() ?? '' }))
const words = [...page.matchAll(/`([^`\s]+)`/g)].map(([, word = '']) => word)
const withoutStrings = (code: string): string => code.replaceAll(/\s+/g, ' ')

describe('map of the seeds', () => {
  it('every row names a rule, a refusal, a metric or a test, or says why not', () => {
    const empty = rows.filter(
      ({ answer }) => !/^(?:changed|dropped|later|open): \S/.test(answer) && !/^[`"]/.test(answer)
    )
    assert.deepEqual(empty, [])
    assert.ok(rows.length > 100)
  })

  it('has one row for each number that it has to have', () => {
    const numbersBelow = (title: string): number[] => {
      const section = page.split(`\n## ${title}`)[1]?.split('\n## ')[0] ?? ''
      return [...section.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number))
    }
    const firstPart = numbersBelow('Seed 000, part 1')
    const secondPart = numbersBelow('Seed 000, part 2')
    assert.deepEqual([...new Set(firstPart)], firstPart, 'twice')
    const missing = (held: readonly number[], from: number, to: number): number[] =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((number) => !held.includes(number))
    const cooperation = numbersBelow('Seed 000, part 2: proof of cooperation')
    assert.deepEqual([...new Set(cooperation)], cooperation, 'twice')
    assert.deepEqual([...missing(firstPart, 73, 123), ...missing(firstPart, 162, 263)], [])
    assert.deepEqual(missing(secondPart, 106, 134), [])
    assert.deepEqual(missing(cooperation, 166, 259), [])
  })

  it('every rule it names is defined', () => {
    const defined = definedRules()
    const ids = words.filter((word) => /^[A-Z]{1,4}-?\d+$/.test(word))
    assert.deepEqual(
      ids.filter((id) => !defined.has(id)),
      []
    )
    assert.ok(ids.length > 80)
  })

  it('every refusal it names has a number', () => {
    const codes = words.filter((word) => /^[a-z]+(?:-[a-z]+)+$/.test(word) || word === 'duplicate')
    assert.deepEqual(
      codes.filter((code) => !Object.hasOwn(REFUSALS, code)),
      []
    )
    assert.ok(codes.length > 20)
  })

  it('every metric it names is documented', () => {
    const metrics = readText('docs/metrics.md')
    const named = words.filter((word) => /^icn_[a-z]/.test(word))
    assert.deepEqual(
      named.filter((name) => !metrics.includes(`| ${name} |`)),
      []
    )
    assert.ok(named.length > 5)
  })

  it('every test it names exists under that title', () => {
    const tests = sourcesBelow('test', '.spec.ts').map(({ text }) => withoutStrings(text))
    const titles = rows.flatMap(({ answer }) =>
      [...answer.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title)
    )
    assert.deepEqual(
      titles.filter((title) => !tests.some((text) => text.includes(`'${title}'`))),
      []
    )
    assert.ok(titles.length > 10)
  })
})
