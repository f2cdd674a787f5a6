/** Alarms that stop a chain locally (C27). */
import assert from 'node:assert/strict'
import type { Block } from '../../../src/codec/block.ts'
import { sha256Of } from '../../../src/crypto/hash.ts'
import { u64be } from '../../../src/primitives/bytes.ts'
import { FINALISE, NOTARISE, Stage } from '../../support/consensus.ts'
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

describe('C27: alarms', () => {
  const halts = (stage: Stage): string => stage.single('halt').reason

  it('C27: a final block that does not execute to its roots', () => {
    const stage = follower({ judging: () => false })
    const [block] = chainOf(stage, 1) as [Block]
    stage.take(block)
    stage.finalised(1, block)
    assert.match(halts(stage), /does not execute/)
    assert.deepEqual(stage.ofType('finalise'), [])
  })

  it('C27: an invalid ancestor of a final block', () => {
    const stage = follower({ judging: (block) => block.header.height !== 1 })
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    stage.take(first)
    stage.take(second)
    stage.finalised(2, second)
    assert.match(halts(stage), /height 1/)
  })

  for (const [name, kind] of [
    ['notarisations', NOTARISE],
    ['finality certificates', FINALISE]
  ] as const) {
    it(`C27: two ${name} of one view for different blocks`, () => {
      const stage = follower()
      stage.certify(kind, 3, stage.block({ view: 3 }).hash)
      stage.certify(kind, 3, stage.block({ view: 3, timeMs: 5 }).hash)
      assert.match(halts(stage), /view 3/)
    })
  }

  it('C27: two certificates over one statement are no alarm', () => {
    const stage = follower()
    const [block] = chainOf(stage, 1) as [Block]
    stage.notarised(1, block)
    stage.certify(NOTARISE, 1, block.hash, false)
    assert.deepEqual(stage.ofType('halt'), [])
  })

  it('C27: finality of a branch that contradicts the final chain', () => {
    const stage = follower()
    const [first] = chainOf(stage, 1) as [Block]
    stage.take(first)
    stage.finalised(1, first)
    const rival = stage.block({ view: 2, height: 2, parent: sha256Of(u64be(99)) })
    stage.take(rival)
    stage.finalised(2, rival)
    assert.match(halts(stage), /contradicts/)
  })

  it('C27: also through later blocks of that branch', () => {
    const stage = follower()
    const [first] = chainOf(stage, 1) as [Block]
    stage.take(first)
    stage.finalised(1, first)
    const rival = stage.block({ view: 2, height: 2, parent: sha256Of(u64be(99)) })
    const later = stage.block({ view: 3, on: rival })
    stage.take(later)
    stage.finalised(3, later)
    assert.deepEqual(stage.ofType('halt'), [])
    stage.take(rival)
    assert.match(halts(stage), /contradicts/)
  })

  /** Heights 1 to 3 are final in views 1 to 3. */
  function aFinalChain(): { readonly stage: Stage; readonly third: Block } {
    const stage = follower()
    const blocks = chainOf(stage, 3)
    for (const block of blocks) {
      stage.take(block)
      stage.finalised(block.header.view, block)
    }
    assert.equal(stage.instance.final.height, 3)
    stage.clear()
    return { stage, third: blocks[2]! }
  }

  it('C27: finality of another block in a view that the final chain passed over', () => {
    const stage = follower()
    const first = stage.block({ view: 1 })
    const last = stage.block({ view: 4, on: first })
    for (const block of [first, last]) stage.take(block)
    stage.finalised(4, last)
    stage.certify(FINALISE, 3, sha256Of(u64be(1)), false)
    assert.match(halts(stage), /contradicts/)
  })

  it('C27: finality of an own block of before is no alarm, certified itself or not', () => {
    const stage = follower()
    const [first, second] = chainOf(stage, 2) as [Block, Block]
    for (const block of [first, second]) stage.take(block)
    stage.finalised(2, second)
    stage.certify(FINALISE, 2, second.hash, false)
    stage.certify(FINALISE, 1, first.hash, false)
    assert.deepEqual(stage.ofType('halt'), [])
  })

  it('C27: of final blocks 64 are remembered, and what is certified below them says nothing', () => {
    const stage = follower({ params: { epochLength: 1_000 } })
    for (const block of chainOf(stage, 80)) {
      stage.take(block)
      stage.finalised(block.header.view, block)
    }
    assert.equal(stage.instance.finals.size, 64)
    stage.certify(FINALISE, 17, sha256Of(u64be(1)), false)
    assert.deepEqual(stage.ofType('halt'), [])
    stage.certify(FINALISE, 18, sha256Of(u64be(1)), false)
    assert.match(halts(stage), /contradicts/)
  })

  it('C27: proven finality that no range leads to: its block is asked for, and is not above the final one', () => {
    const { stage, third } = aFinalChain()
    const rival = stage.block({ view: 5, height: third.header.height, parent: sha256Of(u64be(7)) })
    stage.certify(FINALISE, 5, rival.hash, false)
    assert.deepEqual(stage.single('fetch').hash, rival.hash)
    assert.equal(stage.ofType('catch-up').length, 1)
    stage.take(rival)
    const { reason, proof } = stage.single('halt')
    assert.match(reason, /contradicts the final block at height 3/)
    assert.deepEqual(
      proof.map(({ view }) => view),
      [3, 5]
    )
  })

  it('C27: so are the blocks below it, one by one, until one stands beside the final block', () => {
    const { stage } = aFinalChain()
    const branch = [stage.block({ view: 4, height: 4, parent: sha256Of(u64be(7)) })]
    for (const view of [5, 6]) branch.push(stage.block({ view, on: branch.at(-1)! }))
    stage.certify(FINALISE, 6, branch[2]!.hash, false)
    for (const block of branch.toReversed()) {
      assert.deepEqual(stage.ofType('fetch').at(-1)?.hash, block.hash)
      stage.take(block)
    }
    assert.match(halts(stage), /contradicts/)
  })

  it('C27: a block that is far above is left to the ranges', () => {
    const { stage } = aFinalChain()
    const far = (height: number): Block =>
      stage.block({ view: height, height, parent: sha256Of(u64be(height)) })
    stage.certify(FINALISE, 20, far(20).hash, false)
    stage.take(far(20))
    assert.equal(stage.ofType('fetch').length, 1)
    const near = aFinalChain().stage
    near.certify(FINALISE, 19, far(19).hash, false)
    near.take(far(19))
    assert.equal(near.ofType('fetch').length, 2)
  })

  it('C27: after an alarm nothing is signed and nothing taken in', () => {
    const stage = new Stage({ self: 3, judging: () => false })
    const [block] = chainOf(stage, 1) as [Block]
    stage.take(block)
    stage.finalised(1, block)
    stage.clear()
    stage.tick(60_000)
    stage.nullified(5)
    stage.take(stage.block({ view: 2, on: block }))
    assert.deepEqual(stage.effects, [])
    assert.equal(stage.instance.blocks.size, 1)
  })
})
