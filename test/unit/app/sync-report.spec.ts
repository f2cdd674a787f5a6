import assert from 'node:assert/strict'
import { trustOf } from '../../../src/app/sync-report.ts'

describe('app/sync-report', () => {
  it('SYN-11, SYN-14: a checkpoint is what is trusted once the chain has reached it, and not before', () => {
    const checkpoint = { height: 40, hash: new Uint8Array(32) }
    assert.equal(trustOf({ checkpoint, isUnvouched: false }, 39), 'genesis')
    assert.equal(trustOf({ checkpoint, isUnvouched: false }, 40), 'checkpoint')
    assert.equal(trustOf({ checkpoint: undefined, isUnvouched: false }, 40), 'genesis')
    assert.equal(trustOf({ checkpoint: undefined, isUnvouched: true }, 40), 'genesis-unvouched')
  })
})
