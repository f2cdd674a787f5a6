import assert from 'node:assert/strict'
import { RELATIONS, checkParams, paramsFromList, paramsToList } from '../../../src/params/check.ts'
import { PARAMETERS } from '../../../src/params/params.ts'
import type { ParameterName, Params } from '../../../src/params/params.ts'
import { PRESETS } from '../../../src/params/presets.ts'

/** Every relation holds with room: what is small stays small, what is large stays large. */
const ROOMY: Params = {
  ...PRESETS.devnet.params,
  epochLength: 1_000_000,
  freezeDistance: 1,
  deltaMinMs: 1,
  deltaInitialMs: 10,
  deltaMaxMs: 60_000,
  poolPerSender: 1,
  poolCountMax: 1_000_000,
  manaCap: 1_000_000_000,
  manaPerPeriod: 0
}

/** A set in which `name` has `value` and every relation holds, as far as some set can do that. */
function withValue(name: ParameterName, value: number): Record<ParameterName, number> {
  const params = { ...ROOMY, [name]: value }
  for (const { key, other, strict } of RELATIONS) {
    if (key === name && other === 'deltaInitialMs')
      params.deltaInitialMs = Math.max(params.deltaInitialMs, value)
    if (other === name) params[key] = Math.min(params[key], strict ? value - 1 : value)
  }
  return params
}

describe('parameters', () => {
  for (const [preset, { params }] of Object.entries(PRESETS)) {
    it(`GEN-5, GEN-6: the preset ${preset} passes`, () => {
      assert.deepEqual(checkParams(params), { ok: true, value: params })
    })
  }

  for (const { name, min, max } of PARAMETERS) {
    it(`GEN-5: ${name} is accepted at ${min} and ${max} and refused one past each`, () => {
      for (const value of [min, max])
        assert.equal(checkParams(withValue(name, value)).ok, true, `${name} = ${value}`)
      for (const value of [min - 1, max + 1, min + 0.5, Number.NaN]) {
        const verdict = checkParams({ ...ROOMY, [name]: value })
        assert(!verdict.ok)
        assert.equal(verdict.code, 'parameter-range')
        assert.match(verdict.detail, new RegExp(`\\b${name}\\b`))
      }
    })

    it(`GEN-5: ${name} may not be missing, nor a text`, () => {
      const { [name]: _, ...rest } = ROOMY
      const missing = checkParams(rest)
      assert(!missing.ok)
      assert.deepEqual([missing.code, missing.detail], ['parameter-missing', `parameter ${name} is missing`])
      const text = checkParams({ ...ROOMY, [name]: String(ROOMY[name]) })
      assert.equal(text.ok || text.code, 'parameter-range')
    })
  }

  it('GEN-5: an unknown parameter is refused by its name', () => {
    const verdict = checkParams({ ...ROOMY, blockSize: 1 })
    assert(!verdict.ok)
    assert.deepEqual([verdict.code, verdict.detail], ['parameter-unknown', 'unknown parameter blockSize'])
  })

  const RELATED: readonly [ParameterName, ParameterName, number][] = [
    ['freezeDistance', 'epochLength', 99],
    ['deltaMinMs', 'deltaInitialMs', 100],
    ['deltaInitialMs', 'deltaMaxMs', 100],
    ['poolPerSender', 'poolCountMax', 100],
    ['manaPerPeriod', 'manaCap', 100]
  ]

  it('GEN-6: the table below names every relation', () => {
    assert.deepEqual(
      RELATED.map(([key, other]) => [key, other]),
      RELATIONS.map(({ key, other }) => [key, other])
    )
  })

  for (const [key, other, largest] of RELATED) {
    it(`GEN-6: with ${other} at 100, ${key} may be ${largest} and not ${largest + 1}`, () => {
      assert.equal(checkParams({ ...ROOMY, [other]: 100, [key]: largest }).ok, true)
      const verdict = checkParams({ ...ROOMY, [other]: 100, [key]: largest + 1 })
      assert(!verdict.ok)
      assert.equal(verdict.code, 'parameter-relation')
      assert.match(verdict.detail, new RegExp(`^parameter ${key} `))
    })
  }

  it('GEN-5: the list form has the order of the table and is checked like the named form', () => {
    const list = paramsToList(ROOMY)
    assert.deepEqual(
      list,
      PARAMETERS.map(({ name }) => ROOMY[name])
    )
    assert.deepEqual(paramsFromList(list), { ok: true, value: ROOMY })
    const long = paramsFromList([...list, 1])
    const short = paramsFromList(list.slice(1))
    assert.equal(long.ok || long.code, 'parameter-unknown')
    assert.notEqual(short.ok, true)
    const missing = paramsFromList(list.slice(0, -1))
    assert.equal(missing.ok || missing.code, 'parameter-missing')
  })
})
