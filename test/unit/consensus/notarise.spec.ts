import assert from 'node:assert/strict'
import type { Block } from '../../../src/codec/block.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import {
  FINALISE,
  NOTARISE,
  NULLIFY,
  Stage,
  WALL_MS,
  hexOf,
  recordNames,
  said
} from '../../support/consensus.ts'
import type { StageInit } from '../../support/consensus.ts'

/** Member 3 is neither the leader of view 1 nor of view 2. */
const voter = (init: StageInit = {}): Stage => new Stage({ self: 3, ...init })

describe('C15: notarise', () => {
  it('C15: the first proposal of the leader that is justified and valid', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    stage.proposal(1, block)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 1, block.hash)])
    assert.equal(stage.only('sign').draft, undefined)
  })

  it('C15: vote and block may come in either order', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    stage.votes([0], NOTARISE, 1, block.hash)
    assert.deepEqual(stage.signed(), [])
    stage.take(block)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 1, block.hash)])
  })

  it('C15: another member’s vote is no proposal', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    stage.take(block)
    stage.votes([1, 2], NOTARISE, 1, block.hash)
    assert.deepEqual(stage.signed(), [])
  })

  it('C15: once; a second proposal of the leader gets no vote', () => {
    const stage = voter()
    const [first, second] = [stage.block({ view: 1 }), stage.block({ view: 1, timeMs: WALL_MS })]
    stage.proposal(1, first)
    stage.proposal(1, second)
    stage.proposal(1, first)
    assert.deepEqual(
      stage.signed().filter((one) => one.startsWith('notarise')),
      [said(NOTARISE, 1, first.hash)]
    )
  })

  it('C15: of two proposals the first counts, even when the second is executed before it', () => {
    const stage = voter({ judging: () => undefined })
    const [first, second] = [stage.block({ view: 1 }), stage.block({ view: 1, timeMs: WALL_MS })]
    stage.proposal(1, first)
    stage.take(second)
    stage.feed({ type: 'verdict', hash: hexOf(second), valid: true, reason: '' })
    assert.deepEqual(stage.signed(), [])
    stage.feed({ type: 'verdict', hash: hexOf(first), valid: true, reason: '' })
    assert.deepEqual(stage.signed(), [said(NOTARISE, 1, first.hash)])
  })

  it('C15: not after it nullified the view', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    stage.tick(1_200)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
    stage.proposal(1, block)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })

  it('C15: not in a view that is not current, and when it becomes current, then', () => {
    const stage = voter()
    const first = stage.block({ view: 1 })
    const second = stage.block({ view: 2, on: first })
    stage.take(first)
    stage.proposal(2, second)
    assert.deepEqual(stage.signed(), [])
    stage.notarised(1, first)
    assert.deepEqual(stage.signed(), [said(FINALISE, 1, first.hash), said(NOTARISE, 2, second.hash)])
    const late = voter()
    late.nullified(1)
    late.proposal(1, late.block({ view: 1 }))
    assert.deepEqual(late.signed(), [])
  })

  it('C15: not before it was executed, and never an invalid block', () => {
    const stage = voter({ judging: () => undefined })
    const block = stage.block({ view: 1 })
    stage.proposal(1, block)
    assert.equal(stage.only('judge').block, block)
    assert.deepEqual(stage.signed(), [])
    stage.feed({ type: 'verdict', hash: hexOf(block), valid: false, reason: 'wrong-state-root' })
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })

  it('C15: execution is asked for once, and in the order of parents', () => {
    const stage = voter({ judging: () => undefined })
    const first = stage.block({ view: 1 })
    const second = stage.block({ view: 2, on: first })
    stage.take(second)
    assert.deepEqual(stage.ofType('judge'), [])
    stage.take(first)
    stage.tick(1)
    assert.deepEqual(
      stage.ofType('judge').map(({ block }) => block.header.height),
      [1]
    )
    stage.feed({ type: 'verdict', hash: hexOf(first), valid: true, reason: '' })
    assert.deepEqual(
      stage.ofType('judge').map(({ block }) => block.header.height),
      [1, 2]
    )
  })

  it('C7, C15: a child of an invalid block is invalid without being executed', () => {
    const stage = voter({ judging: () => false })
    const first = stage.block({ view: 1 })
    const second = stage.block({ view: 2, on: first })
    stage.take(first)
    stage.take(second)
    assert.equal(stage.ofType('judge').length, 1)
    assert.equal(stage.instance.blocks.get(hexOf(second))?.status, 'invalid')
  })

  it('C15: a verdict on a block that nobody asked about changes nothing', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    assert.deepEqual(stage.feed({ type: 'verdict', hash: hexOf(block), valid: true, reason: '' }), [])
    stage.proposal(1, block)
    stage.feed({ type: 'verdict', hash: hexOf(block), valid: false, reason: 'late' })
    assert.equal(stage.instance.blocks.get(hexOf(block))?.status, 'valid')
  })

  it('C15: time just within the drift is voted for; one ahead of it is held and then voted for', () => {
    const stage = voter()
    const atLimit = stage.block({ view: 1, timeMs: WALL_MS + 500 })
    stage.proposal(1, atLimit)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 1, atLimit.hash)])
    const other = voter()
    const early = other.block({ view: 1, timeMs: WALL_MS + 501 })
    other.proposal(1, early)
    assert.deepEqual(other.signed(), [])
    assert.equal(other.wakeMs(), 1)
    other.tick(1)
    assert.deepEqual(other.signed(), [said(NOTARISE, 1, early.hash)])
  })

  it('C15: a follower and a member that may not sign vote for nothing', () => {
    for (const stage of [voter({ self: null }), voter({ signing: false })]) {
      stage.proposal(1, stage.block({ view: 1 }))
      stage.tick(5_000)
      assert.deepEqual(stage.signed(), [])
    }
  })

  it('C15: nothing is signed after signing was switched off', () => {
    const stage = voter()
    stage.feed({ type: 'signing', enabled: false })
    stage.proposal(1, stage.block({ view: 1 }))
    stage.tick(5_000)
    assert.deepEqual(stage.signed(), [])
  })
})

describe('C15: the coordination reference', () => {
  const onShard = (): Stage => voter({ chain: shardId(0), epoch: 3, params: { maxCoordLag: 4 } })

  it('C15: at most maxCoordLag behind the own final coordination height', () => {
    const stage = onShard()
    stage.env = { ...stage.env, coordHeight: 29 }
    const block = stage.block({ view: 1, coordHeight: 25 })
    stage.proposal(1, block)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 1, block.hash)])
  })

  it('C15: one further behind is not voted for', () => {
    const stage = onShard()
    stage.env = { ...stage.env, coordHeight: 30 }
    stage.proposal(1, stage.block({ view: 1, coordHeight: 25 }))
    assert.deepEqual(stage.signed(), [])
  })

  it('C15: a boundary block ends the epoch whatever its reference, when new and when proposed again', () => {
    const stage = onShard()
    stage.env = { ...stage.env, coordHeight: 99 }
    const boundary = stage.block({ view: 1, coordHeight: 32 })
    stage.proposal(1, boundary)
    stage.notarised(1, boundary)
    stage.proposal(2, boundary)
    assert.deepEqual(stage.signed(), [
      said(NOTARISE, 1, boundary.hash),
      said(FINALISE, 1, boundary.hash),
      said(NOTARISE, 2, boundary.hash)
    ])
  })
})

describe('C9: justification of a new block', () => {
  it('C9: its parent has to be notarised', () => {
    const stage = voter()
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.nullified(1)
    const block = stage.block({ view: 2, on: parent })
    stage.proposal(2, block)
    assert.deepEqual(stage.signed(), [])
    stage.notarised(1, parent)
    assert.deepEqual(stage.signed().at(-1), said(NOTARISE, 2, block.hash))
  })

  it('C9: notarised in the view of the parent’s header, not in another', () => {
    const stage = voter()
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.nullified(1)
    stage.notarised(2, parent)
    stage.proposal(3, stage.block({ view: 3, on: parent }))
    assert.deepEqual(
      stage.signed().filter((one) => one.startsWith('notarise')),
      []
    )
  })

  it('C9: a finalisation of the parent serves as its notarisation', () => {
    const stage = voter()
    // The parent cannot become final here: its own parent is missing.
    const unknown = stage.block({ view: 1 })
    const parent = stage.block({ view: 2, on: unknown })
    const block = stage.block({ view: 3, on: parent })
    stage.take(parent)
    stage.finalised(2, parent)
    stage.proposal(3, block)
    assert.deepEqual(stage.signed(), [])
    stage.take(unknown)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 3, block.hash)])
  })

  it('C9: every view strictly between parent and proposal has to be nullified', () => {
    const stage = voter()
    const parent = stage.extend({ view: 1 })
    const block = stage.block({ view: 5, on: parent })
    stage.nullified(2)
    stage.nullified(4)
    stage.clear()
    stage.proposal(5, block)
    assert.deepEqual(stage.signed(), [])
    stage.nullified(3)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 5, block.hash)])
  })

  it('C9: the first and the last of the views between count', () => {
    for (const missing of [2, 4]) {
      const stage = voter()
      const parent = stage.extend({ view: 1 })
      for (const view of [2, 3, 4]) if (view !== missing) stage.nullified(view)
      stage.certify(NULLIFY, 4)
      if (missing === 4) stage.instance.views.get(4)!.nullification = undefined
      stage.clear()
      stage.proposal(5, stage.block({ view: 5, on: parent }))
      assert.deepEqual(stage.signed(), [], `without ${missing}`)
    }
  })

  it('C9: on the base only with all views from 1 nullified', () => {
    const stage = voter()
    stage.nullified(2)
    const block = stage.block({ view: 3 })
    stage.proposal(3, block)
    assert.deepEqual(stage.signed(), [])
    stage.nullified(1)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 3, block.hash)])
  })

  it('C9: the last final block needs no certificate any more', () => {
    const stage = voter()
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.finalised(1, parent)
    const block = stage.block({ view: 2, on: parent })
    stage.clear()
    stage.proposal(2, block)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 2, block.hash)])
  })

  it('C9, C24: a boundary block is extended by nobody, though it is notarised', () => {
    const stage = voter({ params: { epochLength: 1 } })
    const boundary = stage.extend({ view: 1 })
    stage.clear()
    stage.proposal(2, stage.block({ view: 2, on: boundary }))
    assert.deepEqual(
      stage.signed().filter((one) => one.startsWith('notarise')),
      []
    )
  })

  it('C9, C17: a block of an earlier view that is no boundary block may not be proposed again', () => {
    const stage = voter()
    const block = stage.extend({ view: 1 })
    stage.clear()
    stage.proposal(2, block)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 2)])
  })

  it('C9, C17: nor a block whose header names a later view', () => {
    const stage = voter()
    stage.proposal(1, stage.block({ view: 2 }))
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })
})

describe('C9: justification of a boundary block proposed again', () => {
  const atBoundary = (): { stage: Stage; boundary: Block } => {
    const stage = voter({ params: { epochLength: 1 } })
    return { stage, boundary: stage.block({ view: 1 }) }
  }

  it('C9: it is notarised in an earlier view and all views between are nullified', () => {
    const boundary = new Stage({ params: { epochLength: 1 } }).block({ view: 1 })
    const other = new Stage({ self: 2, params: { epochLength: 1 } })
    other.take(boundary)
    other.notarised(1, boundary)
    other.nullified(2)
    other.nullified(3)
    other.clear()
    other.proposal(4, boundary)
    assert.deepEqual(other.signed(), [said(NOTARISE, 4, boundary.hash)])
  })

  it('C9: a notarisation from a re-proposal serves as well', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.nullified(1)
    stage.notarised(2, boundary)
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 3, boundary.hash)])
  })

  it('C9: without any notarisation it is not voted for, though every view is nullified', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.nullified(1)
    stage.nullified(2)
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [])
  })

  it('C9: nor with a view between that is not nullified', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.notarised(1, boundary)
    stage.certify(NULLIFY, 2)
    stage.instance.views.get(2)!.nullification = undefined
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [])
  })

  it('C9: nor when another block is notarised in between', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.notarised(1, boundary)
    stage.notarised(2, stage.block({ view: 2 }))
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [])
  })
})

describe('C11: what is durable before a notarise vote', () => {
  it('C11: the block, before the vote', () => {
    const stage = voter()
    stage.proposal(1, stage.block({ view: 1 }))
    assert.deepEqual(recordNames(stage.only('sign').records), ['block 1'])
  })

  it('C11: the certificate that justifies the proposal, where no finalise took it along', () => {
    const stage = voter()
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.tick(1_200)
    stage.nullified(1)
    const block = stage.block({ view: 2, on: parent })
    stage.proposal(2, block)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
    stage.clear()
    stage.notarised(1, parent)
    const { kind, view, records } = stage.only('sign')
    assert.deepEqual([kind, view], [NOTARISE, 2])
    assert.deepEqual(recordNames(records), [`certificate ${said(NOTARISE, 1, parent.hash)}`, 'block 2'])
  })

  it('C11: certificates that no vote takes along are journaled by themselves, once', () => {
    const stage = voter()
    const effects = stage.nullified(1)
    assert.deepEqual(recordNames(stage.only('journal', effects).records), ['certificate nullify 1'])
    assert.deepEqual(stage.ofType('journal', stage.tick(1)), [])
  })

  it('C11: the certificate that lets a member enter a view goes with its first vote there', () => {
    const stage = voter()
    const block = stage.block({ view: 2 })
    stage.proposal(2, block)
    stage.clear()
    const effects = stage.nullified(1)
    const { records, view } = stage.only('sign', effects)
    assert.equal(view, 2)
    assert.deepEqual(recordNames(records), ['certificate nullify 1', 'block 1'])
    assert.deepEqual(stage.ofType('journal', effects), [])
  })
})
