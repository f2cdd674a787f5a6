import assert from 'node:assert/strict'
import { Tree } from '@chainsafe/persistent-merkle-tree'
import { HeaderType } from '../../../src/codec/block.ts'
import { rootFromBranch, verifyBranch } from '../../../src/crypto/merkle.ts'
import { toHex } from '../../../src/primitives/bytes.ts'

const header = HeaderType.defaultValue()
header.stateRoot = new Uint8Array(32).fill(5)
const root = HeaderType.hashTreeRoot(header)
const { gindex } = HeaderType.getPathInfo(['stateRoot'])
const branch = new Tree(HeaderType.value_toTree(header)).getSingleProof(gindex)
const leaf = header.stateRoot

describe('Merkle branches', () => {
  it('ENC-15: a field of a header leads to the header hash', () => {
    assert.equal(toHex(rootFromBranch(leaf, gindex, branch)), toHex(root))
    assert.equal(verifyBranch(root, gindex, { leaf, branch }), true)
  })

  it('ENC-15: another leaf, sibling, index or root is a false proof', () => {
    const other = new Uint8Array(32).fill(6)
    assert.equal(verifyBranch(root, gindex, { leaf: other, branch }), false)
    for (let i = 0; i < branch.length; i++) {
      assert.equal(verifyBranch(root, gindex, { leaf, branch: branch.with(i, other) }), false)
    }
    assert.equal(verifyBranch(root, gindex ^ 1n, { leaf, branch }), false)
    assert.equal(verifyBranch(other, gindex, { leaf, branch }), false)
  })

  it('ENC-15: a branch of another length than the index has is refused, not followed', () => {
    for (const wrong of [branch.slice(1), [...branch, leaf], []]) {
      assert.equal(verifyBranch(root, gindex, { leaf, branch: wrong }), false)
      assert.throws(() => rootFromBranch(leaf, gindex, wrong), RangeError)
    }
    for (const index of [0n, -1n, 2n]) assert.equal(verifyBranch(leaf, index, { leaf, branch: [] }), false)
    assert.equal(verifyBranch(leaf, 1n, { leaf, branch: [] }), true)
  })

  it('ENC-15: nodes that are not 32 bytes are refused, although their join hashes alike', () => {
    const sibling = branch[0]!
    const moved = [Uint8Array.from([leaf.at(-1)!, ...sibling]), ...branch.slice(1)]
    const short = leaf.subarray(0, 31)
    assert.equal(verifyBranch(root, gindex & ~1n, { leaf: short, branch: moved }), false)
    assert.throws(() => rootFromBranch(short, gindex, branch), RangeError)
    assert.throws(() => rootFromBranch(leaf, gindex, moved), RangeError)
  })
})
