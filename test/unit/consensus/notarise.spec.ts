import assert from 'node:assert/strict'
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
    assert.equal(stage.single('sign').draft, undefined)
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
    assert.equal(stage.single('judge').block, block)
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

  it('C15: a block that comes again is not executed again', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    stage.take(block)
    stage.take(block)
    assert.equal(stage.ofType('judge').length, 1)
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

describe('C11: what is durable before a notarise vote', () => {
  it('C11: the block, before the vote', () => {
    const stage = voter()
    stage.proposal(1, stage.block({ view: 1 }))
    assert.deepEqual(recordNames(stage.single('sign').records), ['block 1'])
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
    const { kind, view, records } = stage.single('sign')
    assert.deepEqual([kind, view], [NOTARISE, 2])
    assert.deepEqual(recordNames(records), [`certificate ${said(NOTARISE, 1, parent.hash)}`, 'block 2'])
  })

  it('C11: certificates that no vote takes along are journaled by themselves, once', () => {
    const stage = voter()
    const effects = stage.nullified(1)
    assert.deepEqual(recordNames(stage.single('journal', effects).records), ['certificate nullify 1'])
    assert.deepEqual(stage.ofType('journal', stage.tick(1)), [])
  })

  it('C11: the certificate that lets a member enter a view goes with its first vote there', () => {
    const stage = voter()
    const block = stage.block({ view: 2 })
    stage.proposal(2, block)
    stage.clear()
    const effects = stage.nullified(1)
    const { records, view } = stage.single('sign', effects)
    assert.equal(view, 2)
    assert.deepEqual(recordNames(records), ['certificate nullify 1', 'block 1'])
    assert.deepEqual(stage.ofType('journal', effects), [])
  })
})
