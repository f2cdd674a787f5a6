import assert from 'node:assert/strict'
import type { Block } from '../../../src/codec/block.ts'
import { sha256Of } from '../../../src/crypto/hash.ts'
import { u64be } from '../../../src/primitives/bytes.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import {
  FINALISE,
  NOTARISE,
  NULLIFY,
  Stage,
  hexOf,
  kindsOf,
  recordNames,
  said
} from '../../support/consensus.ts'
import type { StageInit } from '../../support/consensus.ts'

const follower = (init: StageInit = {}): Stage => new Stage({ self: null, ...init })

/** `count` blocks in views 1, 2, …, each on the one before. */
function chainOf(stage: Stage, count: number): Block[] {
  const blocks: Block[] = []
  for (let view = 1; view <= count; view++) {
    const on = blocks.at(-1)
    blocks.push(stage.block(on === undefined ? { view } : { view, on }))
  }
  return blocks
}

describe('C18: finality', () => {
  it('C18: a block and all its ancestors become final in height order, with the certificate of the last', () => {
    const stage = follower()
    const blocks = chainOf(stage, 3)
    for (const block of blocks) stage.take(block)
    stage.finalised(3, blocks[2]!)
    const { blocks: stored, certificate } = stage.single('finalise')
    assert.deepEqual(stored, blocks)
    assert.deepEqual([certificate.kind, certificate.hash], [FINALISE, blocks[2]!.hash])
    assert.deepEqual([stage.instance.final.height, stage.instance.final.hash], [3, blocks[2]!.hash])
    assert.equal(stage.instance.target, undefined)
  })

  it('C18: not before the last missing ancestor is there, whichever order they come in', () => {
    const stage = follower()
    const [first, second, third] = chainOf(stage, 3) as [Block, Block, Block]
    stage.take(third)
    stage.finalised(3, third)
    stage.take(first)
    assert.deepEqual(stage.ofType('finalise'), [])
    stage.take(second)
    assert.deepEqual(stage.single('finalise').blocks, [first, second, third])
  })

  it('C18: not before all of them are executed', () => {
    const stage = follower({ judging: () => undefined })
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    stage.take(first)
    stage.take(second)
    stage.finalised(2, second)
    stage.feed({ type: 'verdict', hash: hexOf(first), valid: true, reason: '' })
    assert.deepEqual(stage.ofType('finalise'), [])
    stage.feed({ type: 'verdict', hash: hexOf(second), valid: true, reason: '' })
    assert.deepEqual(stage.single('finalise').blocks, [first, second])
  })

  it('C18: from a quorum of votes, and then it is journaled and published', () => {
    const stage = follower()
    const [block] = chainOf(stage, 1) as [Block]
    stage.take(block)
    const effects = stage.votes([0, 1, 2], FINALISE, 1, block.hash)
    assert.equal(stage.single('publish', effects).certificate.kind, FINALISE)
    assert.deepEqual(recordNames(stage.single('journal', effects).records), [
      `certificate ${said(FINALISE, 1, block.hash)}`
    ])
    assert.deepEqual(stage.single('finalise', effects).blocks, [block])
  })

  it('C18: a second certificate of the same block does nothing', () => {
    const stage = follower()
    const [block] = chainOf(stage, 1) as [Block]
    stage.take(block)
    stage.finalised(1, block)
    stage.clear()
    stage.finalised(1, block)
    assert.deepEqual(stage.effects, [])
  })

  it('C18: later finality goes on from there', () => {
    const stage = follower()
    const [first, second, third] = chainOf(stage, 3) as [Block, Block, Block]
    for (const block of [first, second, third]) stage.take(block)
    stage.finalised(1, first)
    stage.finalised(3, third)
    assert.deepEqual(
      stage.ofType('finalise').map(({ blocks }) => blocks),
      [[first], [second, third]]
    )
  })

  it('C18, C23: a range that ends below the highest certificate is settled for itself', () => {
    const stage = follower()
    const [first, second, third, fourth] = chainOf(stage, 4) as [Block, Block, Block, Block]
    stage.finalised(4, fourth)
    stage.take(first)
    stage.take(second)
    stage.finalised(2, second)
    assert.deepEqual(stage.single('finalise').blocks, [first, second])
    assert.equal(stage.instance.target?.view, 4)
    stage.take(third)
    stage.take(fourth)
    assert.deepEqual(
      stage.ofType('finalise').map(({ blocks }) => blocks.length),
      [2, 2]
    )
    assert.equal(stage.instance.target, undefined)
  })

  it('C18: what is executed under a lower certificate does not wait for the highest one', () => {
    const stage = follower({ judging: () => undefined })
    const blocks = chainOf(stage, 4) as [Block, Block, Block, Block]
    const [first, second, , fourth] = blocks
    for (const block of blocks) stage.take(block)
    stage.finalised(4, fourth)
    stage.finalised(2, second)
    stage.feed({ type: 'verdict', hash: hexOf(first), valid: true, reason: '' })
    assert.deepEqual(stage.ofType('finalise'), [])
    stage.feed({ type: 'verdict', hash: hexOf(second), valid: true, reason: '' })
    assert.deepEqual(stage.single('finalise').blocks, [first, second])
    assert.equal(stage.instance.target?.view, 4)
  })

  it('C18: what was pulled below the highest certificate is there still when a lower one was settled', () => {
    const stage = follower()
    const [first, second, third, fourth] = chainOf(stage, 4) as [Block, Block, Block, Block]
    const rival = stage.block({ view: 3, height: 3, parent: sha256Of(u64be(99)) })
    stage.finalised(4, fourth)
    for (const block of [fourth, third, rival, first]) stage.take(block)
    stage.finalised(1, first)
    assert.deepEqual([...stage.instance.blocks.keys()].sort(), [third, fourth].map(hexOf).sort())
    stage.take(second)
    assert.deepEqual(
      stage.ofType('finalise').map(({ blocks }) => blocks),
      [[first], [second, third, fourth]]
    )
  })
})

describe('C18: what is missing is pulled', () => {
  it('C18: a notarised block that is not here, once a second', () => {
    const stage = follower()
    const [block] = chainOf(stage, 1) as [Block]
    stage.notarised(1, block)
    assert.deepEqual(stage.single('fetch').hash, block.hash)
    stage.clear()
    stage.tick(999)
    assert.deepEqual(stage.ofType('fetch'), [])
    stage.tick(1_000)
    assert.deepEqual(stage.single('fetch').hash, block.hash)
    assert.equal(stage.wakeMs() <= 2_000, true)
    stage.clear()
    stage.take(block)
    stage.tick(5_000)
    assert.deepEqual(stage.ofType('fetch'), [])
  })

  it('C15: the block of the leader’s vote in the current view, not of other members or views', () => {
    const stage = follower()
    const [block, later] = chainOf(stage, 2) as [Block, Block]
    stage.votes([2], NOTARISE, 1, block.hash)
    stage.votes([1], NOTARISE, 2, later.hash)
    assert.deepEqual(stage.ofType('fetch'), [])
    stage.votes([0], NOTARISE, 1, block.hash)
    assert.deepEqual(stage.single('fetch').hash, block.hash)
  })

  it('C18: nothing of views that are over, though their certificates are still held', () => {
    const stage = follower()
    const block = stage.block({ view: 3 })
    stage.take(block)
    stage.finalised(3, block)
    stage.clear()
    const record = stage.instance.views.get(3)!
    record.notarisation = stage.certificate(NOTARISE, 3, sha256Of(u64be(7)))
    stage.tick(10)
    assert.deepEqual(stage.ofType('fetch'), [])
  })

  it('C18: the parent of a certified block', () => {
    const stage = follower()
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    stage.take(second)
    stage.notarised(2, second)
    assert.deepEqual(stage.single('fetch').hash, first.hash)
  })

  it('C18: not the parent of a block right above the final one: it can only be on another branch', () => {
    const stage = follower()
    const rival = stage.block({ view: 2, parent: sha256Of(u64be(99)) })
    stage.take(rival)
    assert.deepEqual(stage.ofType('fetch'), [])
    stage.take(stage.block({ view: 3, height: 2, parent: sha256Of(u64be(98)) }))
    assert.deepEqual(stage.single('fetch').hash, sha256Of(u64be(98)))
  })

  it('C23: below a finality certificate the whole range, not block by block', () => {
    const stage = follower()
    const [first, second, third] = chainOf(stage, 3) as [Block, Block, Block]
    stage.take(third)
    stage.clear()
    stage.at(10).finalised(3, third)
    assert.deepEqual(stage.ofType('fetch'), [])
    assert.deepEqual(stage.single('catch-up').certificate.hash, third.hash)
    stage.clear()
    stage.tick(1_009)
    assert.deepEqual(stage.ofType('catch-up'), [])
    stage.tick(1_010)
    assert.equal(stage.ofType('catch-up').length, 1)
    stage.take(first)
    stage.take(second)
    assert.equal(stage.instance.final.height, 3)
  })

  it('C10: what faulty leaders made be held gives way to what a certificate names', () => {
    const stage = follower()
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    stage.proposal(1, first)
    stage.votes([1], NOTARISE, 2, second.hash)
    for (let i = 1; i <= 300; i++) stage.take(stage.block({ view: 1, timeMs: i }))
    assert.ok(stage.instance.blocks.size <= 256)
    stage.notarised(1, first)
    stage.take(second)
    stage.finalised(2, second)
    assert.deepEqual(
      stage
        .ofType('finalise')
        .flatMap(({ blocks }) => blocks)
        .map(hexOf),
      [first, second].map(hexOf)
    )
  })

  it('C10: nor does an invented branch of any length keep the final chain out', () => {
    const stage = follower()
    const [first] = chainOf(stage, 1) as [Block]
    let parent = sha256Of(u64be(999))
    for (let height = 2; height <= 300; height++) {
      const block = stage.block({ view: 1, height, parent })
      stage.take(block)
      parent = block.hash
    }
    assert.ok(stage.instance.blocks.size <= 256)
    stage.finalised(1, first)
    stage.take(first)
    assert.deepEqual(stage.single('finalise').blocks, [first])
  })
})

describe('C23: behind', () => {
  it('C23: a member with finality of a block it has not executed signs nothing, and goes on when it has', () => {
    const stage = new Stage({ self: 3, judging: () => undefined })
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    stage.finalised(1, first)
    stage.proposal(2, second)
    stage.notarised(2, second)
    stage.tick(60_000)
    assert.deepEqual(stage.signed(), [])
    stage.judging = () => true
    stage.take(first)
    assert.deepEqual(stage.signed().at(0), said(FINALISE, 2, second.hash))
  })

  it('C23: nothing else counts as behind: far views, votes and notarisations do not', () => {
    const stage = new Stage({ self: 3 })
    stage.votes([0, 1], FINALISE, 40, stage.block({ view: 40 }).hash)
    stage.nullified(30)
    stage.tick(60_000)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 31)])
  })
})

describe('C24: hand-over', () => {
  const init = { params: { epochLength: 2 } }

  it('C24: finality of the boundary block ends the instance, after it is stored', () => {
    const stage = follower(init)
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    stage.take(first)
    stage.take(second)
    const effects = stage.finalised(2, second)
    assert.deepEqual(
      kindsOf(effects).filter((type) => type === 'finalise' || type === 'ended'),
      ['finalise', 'ended']
    )
    const { block, certificate } = stage.single('ended', effects)
    assert.deepEqual([block, certificate.hash], [second, second.hash])
    assert.equal(stage.instance.ended, true)
  })

  it('C24: a block before the boundary does not', () => {
    const stage = follower(init)
    const [first] = chainOf(stage, 2) as [Block]
    stage.take(first)
    stage.finalised(1, first)
    assert.deepEqual(stage.ofType('ended'), [])
    assert.equal(stage.instance.ended, false)
  })

  it('C24: no statement is made and no input is heard in an ended epoch', () => {
    const stage = new Stage({ self: 0, ...init })
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    stage.take(first)
    stage.take(second)
    stage.finalised(2, second)
    stage.clear()
    stage.tick(60_000)
    stage.votes([1, 2, 3], NULLIFY, 3)
    stage.nullified(4)
    stage.notarised(5, second)
    stage.take(stage.block({ view: 3, on: second }))
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.effects, [])
    assert.equal(stage.instance.views.get(4)?.nullification, undefined)
  })

  it('C24: final in the view of a re-proposal, the boundary keeps its own view', () => {
    const stage = follower({ params: { epochLength: 1 } })
    const boundary = stage.block({ view: 1 })
    stage.take(boundary)
    stage.nullified(1)
    stage.finalised(2, boundary)
    assert.equal(stage.instance.final.view, 1)
    assert.equal(stage.single('ended').certificate.view, 2)
  })

  it('C6, C24: a shard’s epoch ends with the first reference at or past its end', () => {
    for (const [coordHeight, ends] of [
      [31, 0],
      [32, 1],
      [47, 1]
    ] as const) {
      const stage = follower({ chain: shardId(1), epoch: 3 })
      const block = stage.block({ view: 1, coordHeight })
      stage.take(block)
      stage.finalised(1, block)
      assert.equal(stage.ofType('ended').length, ends, `reference ${coordHeight}`)
    }
  })
})
