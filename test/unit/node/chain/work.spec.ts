import { equal } from 'node:assert/strict'
import { AtomicDueType } from '../../../../src/codec/atomic.ts'
import { Work } from '../../../../src/node/chain/work.ts'
import type { WorkComponents } from '../../../../src/node/chain/work.ts'
import { equal as same } from '../../../../src/primitives/bytes.ts'
import { atomicDueKey } from '../../../../src/state/keys.ts'
import { PARAMS } from '../../../support/state.ts'

const HEAD = 7

/** Nothing waits, but what the head's state says is due at a height. */
function idleBut(due: number | undefined): boolean {
  const value = AtomicDueType.serialize({ deadlines: [new Uint8Array(32)], forgotten: 0 })
  const state = {
    get: (key: Uint8Array) => (due !== undefined && same(key, atomicDueKey(due)) ? value : undefined)
  }
  const parts = {
    pool: { pendingCount: 0 },
    tree: { head: () => ({ header: { height: HEAD }, state }) },
    inbox: { hasWork: () => false },
    evidence: { hasWork: () => false }
  } as unknown as WorkComponents
  return new Work(parts, () => ({ epoch: 0, params: PARAMS })).waits
}

describe('Work', () => {
  it('C14, ATO-12: an atomic action whose deadline is the next height is work, at any other height it is none', () => {
    equal(idleBut(HEAD + 1), true)
    equal(idleBut(HEAD), false)
    equal(idleBut(HEAD + 2), false)
    equal(idleBut(undefined), false)
  })
})
