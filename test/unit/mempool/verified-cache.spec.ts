import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { sha256 } from '../../../src/crypto/hash.ts'
import { HashSet } from '../../../src/mempool/hash-set.ts'
import { VerifiedCache } from '../../../src/mempool/verified-cache.ts'
import { toHex, utf8 } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { fc } from '../../support/fast-check.ts'

const hash = (n: number): Hex => toHex(sha256(utf8(String(n))))

describe('verified cache', () => {
  it('M6: remembers at least half of its bound and never more than the bound', () => {
    const cache = new VerifiedCache(10)
    for (let n = 0; n < 1_000; n++) {
      cache.add(hash(n))
      assert.ok(cache.size <= 10)
      for (let back = 0; back < Math.min(5, n + 1); back++) assert.ok(cache.has(hash(n - back)))
    }
    assert.equal(cache.has(hash(980)), false)
  })

  it('M6: a hash that is added again takes no more room, not even when it came long ago', () => {
    const cache = new VerifiedCache(4)
    for (let n = 0; n < 10; n++) cache.add(hash(1))
    assert.equal(cache.size, 1)
    cache.add(hash(2))
    cache.add(hash(3))
    cache.add(hash(1))
    assert.equal(cache.size, 3)
  })
})

describe('hash set', () => {
  it('M6: holds exactly what was added since it was cleared, whatever it grew to', () => {
    const words = fc.array(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), {
      minLength: 8,
      maxLength: 8
    })
    const digits = words.map((list) => list.map((word) => word.toString(16).padStart(8, '0')).join('') as Hex)
    const lists = fc.array(fc.array(digits, { maxLength: 400, size: 'max' }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(lists, digits, (turns, other) => {
        const set = new HashSet()
        for (const [index, turn] of turns.entries()) {
          set.clear()
          for (const each of turns[index - 1] ?? []) assert.equal(set.has(each), false)
          const model = new Set<Hex>()
          for (const each of turn) {
            assert.equal(set.has(each), model.has(each))
            if (!model.has(each)) set.add(each)
            model.add(each)
          }
          assert.equal(set.size, model.size)
          assert.equal(set.has(other), model.has(other))
          for (const each of model) assert.ok(set.has(each))
        }
      }),
      { numRuns: 50 }
    )
  })

  it('M6: hashes that differ in one digit alone are different, at every digit and for every value of it', () => {
    const base = '0'.repeat(64)
    const all = Array.from({ length: 64 }, (_, at) =>
      Array.from('123456789abcdef', (digit) => (base.slice(0, at) + digit + base.slice(at + 1)) as Hex)
    ).flat()
    const set = new HashSet()
    for (const each of all) {
      assert.equal(set.has(each), false)
      set.add(each)
    }
    assert.equal(set.size, 960)
    for (const each of all) assert.ok(set.has(each))
    assert.equal(set.has(base as Hex), false)
  })
})
