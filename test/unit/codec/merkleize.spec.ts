import assert from 'node:assert/strict'
import { hasher as library } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256'
import { hasher } from '../../../src/codec/merkleize.ts'

/** Bytes that differ from block to block. */
const blocksOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) =>
    Uint8Array.from({ length: 64 }, (_, i) => (31 * at + 7 * i) & 0xff)
  )

const COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 250]
const LIMITS = [1, 2, 4, 16, 32, 1024, 16_384]

describe('roots of SSZ values', () => {
  it('D6: blocks lead to the same root as the library’s, for every count and limit, wherever it is written', () => {
    for (const count of COUNTS)
      for (const padFor of LIMITS.filter((limit) => limit >= 2 * count || count <= 1)) {
        const [ours, theirs] = [new Uint8Array(40), new Uint8Array(40)]
        const bytes = Uint8Array.from(blocksOf(count).flatMap((block) => [...block]))
        hasher.merkleizeBlocksBytes(bytes.slice(), padFor, ours, 5)
        library.merkleizeBlocksBytes(bytes.slice(), padFor, theirs, 5)
        assert.deepEqual(ours, theirs, `${count} blocks of ${padFor}`)
        hasher.merkleizeBlockArray(blocksOf(count), count, padFor, ours, 8)
        library.merkleizeBlockArray(blocksOf(count), count, padFor, theirs, 8)
        assert.deepEqual(ours, theirs, `${count} blocks of ${padFor}, in an array`)
      }
  })

  it('D6: blocks behind the first ones of an array are of an earlier list and do not count', () => {
    const [ours, theirs] = [new Uint8Array(32), new Uint8Array(32)]
    hasher.merkleizeBlockArray(blocksOf(9), 3, 64, ours, 0)
    library.merkleizeBlockArray(blocksOf(3), 3, 64, theirs, 0)
    assert.deepEqual(ours, theirs)
  })

  it('D6: a single chunk that needs no layer is its own root', () => {
    const [chunk, root] = [new Uint8Array(32).fill(7), new Uint8Array(32)]
    hasher.merkleizeBlocksBytes(chunk, 1, root, 0)
    assert.deepEqual(root, new Uint8Array(32).fill(7))
  })
})
