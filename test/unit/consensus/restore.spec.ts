import assert from 'node:assert/strict'
import type { Block } from '../../../src/codec/block.ts'
import type { Proposal } from '../../../src/codec/proposal.ts'
import type { JournalRecord } from '../../../src/consensus/types.ts'
import { FINALISE, NOTARISE, NULLIFY, Stage, WALL_MS, recordNames, said } from '../../support/consensus.ts'
import type { StageInit } from '../../support/consensus.ts'

const plan = new Stage({ self: 3 })
const first = plan.block({ view: 1 })
const rival = plan.block({ view: 1, timeMs: WALL_MS })
const second = plan.block({ view: 2, on: first })

const vote = (kind: 1 | 2 | 3, view: number, block?: Block): JournalRecord => ({
  type: 'vote',
  vote: plan.vote(3, kind, view, block?.hash)
})
const certificate = (kind: 1 | 2 | 3, view: number, block?: Block): JournalRecord => ({
  type: 'certificate',
  certificate: plan.certificate(kind, view, block?.hash)
})
const stored = (block: Block): JournalRecord => ({ type: 'block', block })
const restored = (records: JournalRecord[], init: StageInit = {}): Stage =>
  new Stage({ self: 3, ...init }, records)

describe('C22: restart', () => {
  it('C22, C13: the view follows from the certificates', () => {
    assert.equal(restored([]).view, 1)
    assert.equal(restored([certificate(NULLIFY, 1), certificate(NULLIFY, 4)]).view, 5)
  })

  it('C22: blocks of the journal are executed again, in the order of parents', () => {
    const stage = new Stage({ self: 3, signing: false }, [stored(second), stored(first)])
    stage.tick(1)
    assert.deepEqual(
      stage.ofType('judge').map(({ block }) => block.header.height),
      [1, 2]
    )
  })

  it('C22: nothing comes back as an effect: certificates of the journal are neither published nor written again', () => {
    const stage = new Stage({ self: 3, signing: false }, [certificate(NOTARISE, 1, first), stored(first)])
    stage.tick(1)
    assert.deepEqual(stage.ofType('publish'), [])
    assert.deepEqual(stage.ofType('journal'), [])
  })

  it('C22, C15: an own notarise binds: no other proposal of the view is voted for', () => {
    const stage = restored([vote(NOTARISE, 1, first)])
    stage.proposal(1, rival)
    stage.tick(10)
    assert.deepEqual(stage.signed(), [])
  })

  it('C22, C15, C16: an own nullify binds: neither notarise nor finalise, nor a second nullify', () => {
    const stage = restored([vote(NULLIFY, 1)])
    stage.proposal(1, first)
    stage.notarised(1, first)
    assert.deepEqual(stage.signed(), [])
    const waiting = restored([vote(NULLIFY, 1)])
    waiting.tick(5_000)
    assert.deepEqual(waiting.signed(), [])
  })

  it('C22, C17: an own finalise binds: the view is not nullified', () => {
    const stage = restored([vote(FINALISE, 1, first)])
    stage.tick(60_000)
    assert.deepEqual(stage.signed(), [])
  })

  it('C22, C16: a notarisation whose finalise was not signed yet is voted for', () => {
    const stage = new Stage({ self: 3, signing: false }, [
      vote(NOTARISE, 1, first),
      certificate(NOTARISE, 1, first)
    ])
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [said(FINALISE, 1, first.hash)])
  })

  it('C14, C22: a leader that proposed in its view does not propose in it again', () => {
    const proposal: Proposal = {
      header: first.header,
      body: first.bodyBytes,
      vote: plan.vote(0, NOTARISE, 1, first.hash),
      notarisation: [],
      nullifications: [],
      coordination: []
    }
    const journaled: JournalRecord[] = [{ type: 'proposal', view: 1, proposal }]
    const stage = restored(journaled, { self: 0 })
    stage.tick(600)
    assert.deepEqual(stage.ofType('build'), [])
    const fresh = restored([], { self: 0 })
    fresh.tick(600)
    assert.equal(fresh.ofType('build').length, 1)
  })

  it('C22, C19: own votes are given out again', () => {
    const stage = restored([vote(NOTARISE, 1, first), vote(NULLIFY, 1)])
    const held = stage.instance.views.get(1)!
    assert.deepEqual([held.notarise.size, held.nullify.size, held.finalise.size], [1, 1, 0])
    assert.equal(held.ownNullify, true)
  })

  it('C22: a member alone makes its quorum from the journal, and the certificate is written then', () => {
    const alone = new Stage({ n: 1, self: 0, signing: false }, [
      { type: 'vote', vote: plan.vote(0, NOTARISE, 1, first.hash) },
      stored(first)
    ])
    assert.equal(alone.view, 2)
    const effects = alone.feed({ type: 'signing', enabled: true })
    assert.deepEqual(alone.signed(effects), [said(FINALISE, 1, first.hash)])
    const [signed] = alone.ofType('sign', effects)
    assert.deepEqual(recordNames(signed!.records), [`certificate ${said(NOTARISE, 1, first.hash)}`])
    assert.equal(alone.instance.final.height, 1)
  })

  it('C18, C22: finality in the journal goes on where it stopped', () => {
    const stage = new Stage({ self: 3, signing: false }, [
      stored(first),
      stored(second),
      certificate(FINALISE, 2, second)
    ])
    stage.tick(1)
    assert.deepEqual(stage.single('finalise').blocks, [first, second])
  })
})
