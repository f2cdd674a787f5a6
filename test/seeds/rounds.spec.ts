/** What seed 002's own tests of consensus rounds were after, under their numbers: a round is a view here. */
import assert from 'node:assert/strict'
import { tierOf } from '../../src/cooperation/eligibility.ts'
import { admitValidator, readReputation } from '../../src/cooperation/reputation.ts'
import { createMetrics } from '../../src/metrics/registry.ts'
import { quorumOf } from '../../src/sharding/quorum.ts'
import { FINALISE, NOTARISE, NULLIFY, Stage, hexOf, said } from '../support/consensus.ts'
import { CooperationScene } from '../support/cooperation.ts'
import { someKey } from '../support/genesis.ts'

describe('seed 002: its tests of consensus rounds', () => {
  it('no. 44: its defaults: two thirds and one agree, one validator is enough, and a newcomer may lead', () => {
    const agreeing = [3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 21, 30, 50, 99, 100].map(quorumOf)
    assert.deepEqual(agreeing, [3, 3, 4, 5, 5, 6, 7, 7, 9, 11, 14, 15, 21, 34, 67, 67])
    assert.equal(quorumOf(1), 1)
    const { ledger, view } = new CooperationScene(1)
    admitValidator(ledger, someKey(9), 0)
    const points = readReputation(view, someKey(9)).points.reduce((sum, value) => sum + value, 0)
    assert.equal(points, tierOf(0), 'registering gives what leading asks for')
  })

  it('no. 46: metrics can be read before anything happened, and after', async () => {
    const { registry, chain } = createMetrics()
    assert.match(await registry.metrics(), /icn_consensus_view/)
    chain.view.set({ chain: 'coord' }, 7)
    assert.match(await registry.metrics(), /icn_consensus_view\{chain="coord"\} 7/)
  })

  it('no. 50: with three validators the leader proposes, three agree, and the block is final', () => {
    const stage = new Stage({ n: 3, self: 2 })
    const block = stage.block({ view: 1 })
    stage.proposal(1, block)
    stage.votes([1], NOTARISE, 1, block.hash)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 1, block.hash), said(FINALISE, 1, block.hash)])
    stage.votes([0], FINALISE, 1, block.hash)
    assert.deepEqual(stage.ofType('finalise'), [], 'two of three are not enough')
    stage.votes([1], FINALISE, 1, block.hash)
    assert.deepEqual(stage.single('finalise').blocks, [block])
  })

  it('no. 52: a start begins the first view, without a block', () => {
    const stage = new Stage({ self: 3 })
    assert.deepEqual([stage.view, stage.leader(1), stage.instance.final.height], [1, 0, 0])
    assert.deepEqual(stage.effects, [])
  })

  it('no. 53: the proposal of the leader is accepted, and of nobody else', () => {
    const stage = new Stage({ self: 3 })
    const block = stage.block({ view: 1 })
    stage.take(block)
    stage.votes([1], NOTARISE, 1, block.hash)
    assert.deepEqual(stage.signed(), [], 'a block that others vote for is no proposal')
    stage.votes([stage.leader(1)], NOTARISE, 1, block.hash)
    assert.equal(stage.signed()[0], said(NOTARISE, 1, block.hash))
  })

  it('no. 54: votes finish a view when they are enough; no single one is, whatever it weighs', () => {
    const stage = new Stage({ self: null })
    const block = stage.block({ view: 1 })
    stage.take(block)
    for (const [signer, view] of [
      [0, 1],
      [1, 1],
      [2, 2]
    ] as const) {
      stage.votes([signer], NOTARISE, 1, block.hash)
      assert.equal(stage.view, view)
    }
  })

  it('no. 55: a second vote of the same validator counts nothing; another one in its place is evidence', () => {
    const stage = new Stage({ self: null })
    const [block, rival] = [stage.block({ view: 1 }), stage.block({ view: 1, timeMs: 1 })]
    stage.take(block)
    stage.votes([0, 1, 1, 1], NOTARISE, 1, block.hash)
    assert.equal(stage.view, 1)
    assert.deepEqual(stage.ofType('evidence'), [])
    stage.votes([1], NOTARISE, 1, rival.hash)
    assert.equal(stage.ofType('evidence').length, 1)
  })

  it('no. 56: when its time is over a view fails, and the next one begins with another leader', () => {
    const stage = new Stage({ self: 3 })
    stage.tick(1_200)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
    stage.votes([1, 2], NULLIFY, 1)
    assert.equal(stage.view, 2)
    assert.notEqual(stage.leader(2), stage.leader(1))
  })

  it('no. 57: what became final is told once, the view is over, and the block is the ground of the next', () => {
    const stage = new Stage({ self: null })
    const block = stage.extend({ view: 1 })
    stage.finalised(1, block)
    stage.finalised(1, block)
    assert.deepEqual(stage.single('finalise').blocks, [block])
    assert.deepEqual([stage.view, stage.instance.final.height], [2, 1])
    const next = stage.extend({ view: 2, on: block })
    stage.clear()
    stage.finalised(2, next)
    assert.deepEqual(stage.single('finalise').blocks.map(hexOf), [hexOf(next)])
  })
})
