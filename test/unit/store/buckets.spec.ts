import assert from 'node:assert/strict'
import { compare } from '../../../src/primitives/bytes.ts'
import { CHAIN_BUCKETS, NODE_BUCKETS, bucketKey, bucketRange } from '../../../src/store/buckets.ts'
import type { Bucket } from '../../../src/store/buckets.ts'
import { readText } from '../../support/repository.ts'

const row = ({ prefix, name, key, value }: Bucket): string =>
  `| 0x${prefix.toString(16).padStart(2, '0')} | ${name} | ${key} | ${value} |`

const tables = (): string[] =>
  readText('docs/storage.md')
    .split('\n')
    .filter((line) => line.startsWith('| 0x'))

describe('buckets', () => {
  it('are the tables of docs/storage.md, line by line', () => {
    const all: Bucket[] = [...Object.values(CHAIN_BUCKETS), ...Object.values(NODE_BUCKETS)]
    assert.deepEqual(tables(), all.map(row))
  })

  it('have a prefix of their own, below the byte that carries', () => {
    for (const buckets of [CHAIN_BUCKETS, NODE_BUCKETS]) {
      const prefixes = Object.values(buckets).map(({ prefix }) => prefix)
      assert.equal(new Set(prefixes).size, prefixes.length)
      assert.ok(prefixes.every((prefix) => prefix < 0xff))
    }
  })

  it('every error code of the store and the guard is explained in docs/storage.md', () => {
    const source = readText('src/store/errors.ts') + readText('src/store/guard-transfer.ts')
    const codes = new Set(source.match(/(?:STORE|GUARD)_[A-Z_]*[A-Z]/g))
    assert.ok(codes.size >= 12)
    for (const code of codes) assert.match(readText('docs/storage.md'), new RegExp(`\\b${code}\\b`))
  })

  it('a range holds exactly the keys that begin with its parts, also behind trailing 0xff bytes', () => {
    const { gte, lt } = bucketRange(NODE_BUCKETS.journal, Uint8Array.of(0xff, 0xff))
    const isIn = (key: Uint8Array): boolean => compare(key, gte) >= 0 && compare(key, lt) < 0
    assert.ok(isIn(bucketKey(NODE_BUCKETS.journal, Uint8Array.of(0xff, 0xff))))
    assert.ok(isIn(bucketKey(NODE_BUCKETS.journal, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff))))
    assert.ok(!isIn(bucketKey(NODE_BUCKETS.journal, Uint8Array.of(0xff, 0xfe, 0xff))))
    assert.ok(!isIn(bucketKey(NODE_BUCKETS.localTransaction)))
  })
})
