import assert from 'node:assert/strict'
import { ZERO_HASH, toHex } from '../../../src/primitives/bytes.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../../src/codec/statement.ts'
import { UNUSED_GUARD, afterFloor, afterStatement, judgeStatement } from '../../../src/store/guard-rules.ts'
import type { GuardRefusal, GuardState, GuardStatement } from '../../../src/store/guard-rules.ts'
import { hashOf } from './builders.ts'

const A = hashOf(1)
const B = hashOf(2)
const notarise = (hash: Uint8Array, view = 5, epoch = 3): GuardStatement => ({
  epoch,
  view,
  kind: NOTARISE,
  hash
})
const finalise = (hash: Uint8Array, view = 5, epoch = 3): GuardStatement => ({
  epoch,
  view,
  kind: FINALISE,
  hash
})
const nullify = (view = 5, epoch = 3): GuardStatement => ({ epoch, view, kind: NULLIFY, hash: ZERO_HASH })

const after = (...statements: GuardStatement[]): GuardState => statements.reduce(afterStatement, UNUSED_GUARD)

interface Case {
  readonly title: string
  readonly state: GuardState
  readonly asked: GuardStatement
  readonly expected: GuardRefusal | 'accepted'
}

const row = (title: string, state: GuardState, asked: GuardStatement, expected: Case['expected']): Case => {
  return { title, state, asked, expected }
}

const CASES: readonly Case[] = [
  row('notarise for another hash', after(notarise(A)), notarise(B), 'notarised-another'),
  row('finalise for another hash', after(finalise(A)), finalise(B), 'finalised-another'),
  row('finalise after nullify', after(nullify()), finalise(A), 'nullified-before'),
  row('finalise after notarise and nullify', after(notarise(A), nullify()), finalise(A), 'nullified-before'),
  row('nullify after finalise', after(finalise(A)), nullify(), 'finalised-before'),
  row('notarise after nullify', after(nullify()), notarise(A), 'nullified-before'),
  row(
    'another notarise after notarise and nullify',
    after(notarise(A), nullify()),
    notarise(B),
    'notarised-another'
  ),
  row('a view below the floor', afterFloor(UNUSED_GUARD, 3, 5), notarise(A, 4), 'view-below-floor'),
  row('a view at the floor', afterFloor(UNUSED_GUARD, 3, 5), notarise(A, 5), 'view-below-floor'),
  row(
    'even the same statement at the floor',
    afterFloor(after(notarise(A)), 3, 5),
    notarise(A),
    'view-below-floor'
  ),
  row('view 0, which is the base', UNUSED_GUARD, nullify(0, 0), 'view-below-floor'),
  row('view 0 of a later epoch', after(nullify()), nullify(0, 4), 'view-below-floor'),
  row('an epoch below the highest signed', after(nullify(1, 3)), nullify(9, 2), 'epoch-below-highest'),
  row('an epoch below a floor', afterFloor(UNUSED_GUARD, 3, 0), nullify(9, 2), 'epoch-below-highest'),

  row('the first statement of all', UNUSED_GUARD, nullify(1, 0), 'accepted'),
  row('the view above the floor', afterFloor(UNUSED_GUARD, 3, 5), notarise(A, 6), 'accepted'),
  row('notarise again', after(notarise(A)), notarise(A), 'accepted'),
  row('finalise again', after(finalise(A)), finalise(A), 'accepted'),
  row('nullify again', after(nullify()), nullify(), 'accepted'),
  row('notarise again after nullify', after(notarise(A), nullify()), notarise(A), 'accepted'),
  row('nullify after notarise', after(notarise(A)), nullify(), 'accepted'),
  row('finalise after notarise of the same', after(notarise(A)), finalise(A), 'accepted'),
  row(
    'finalise after notarise of another, which the quorum chose',
    after(notarise(A)),
    finalise(B),
    'accepted'
  ),
  row('another hash in another view', after(notarise(A), finalise(A)), notarise(B, 6), 'accepted'),
  row('another hash in a lower view above the floor', after(notarise(A)), notarise(B, 4), 'accepted'),
  row('another hash for the same view of a later epoch', after(notarise(A)), notarise(B, 5, 4), 'accepted'),
  row(
    'view 1 of a later epoch, below the old floor',
    afterFloor(after(notarise(A)), 3, 90),
    nullify(1, 4),
    'accepted'
  )
]

describe('judgeStatement', () => {
  for (const { title, state, asked, expected } of CASES) {
    it(`C12: ${expected === 'accepted' ? 'accepts' : 'refuses'} ${title}`, () => {
      const verdict = judgeStatement(state, asked)
      assert.equal(verdict.ok ? 'accepted' : verdict.code, expected)
    })
  }

  it('C12: a floor drops what it covers, keeps the rest, and is never lowered', () => {
    const state = after(notarise(A, 4), notarise(A, 5), nullify(6))
    const raised = afterFloor(state, 3, 5)
    assert.deepEqual([...raised.views.keys()], [6])
    assert.equal(afterFloor(raised, 3, 5), raised)
    assert.equal(afterFloor(raised, 3, 4), raised)
    assert.equal(afterFloor(raised, 2, 99), raised)
    assert.deepEqual(afterFloor(raised, 4, 0), { epoch: 4, floor: 0, views: new Map() })
  })

  it('C12: the first statement of a later epoch forgets the older one', () => {
    const state = after(notarise(A), nullify(2, 7))
    assert.deepEqual(state, {
      epoch: 7,
      floor: 0,
      views: new Map([[2, new Map([[NULLIFY, toHex(ZERO_HASH)]])]])
    })
  })
})
