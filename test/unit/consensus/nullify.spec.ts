import assert from 'node:assert/strict'
import { compare } from '../../../src/primitives/bytes.ts'
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

const voter = (init: StageInit = {}): Stage => new Stage({ self: 3, ...init })
const nulls = (stage: Stage): string[] => stage.signed().filter((one) => one.startsWith('nullify'))

describe('C17: timers', () => {
  it('C17: without a proposal when the proposal timer fires, not a millisecond before', () => {
    const stage = voter()
    stage.tick(1_199)
    assert.deepEqual(stage.signed(), [])
    stage.tick(1_200)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })

  it('C17: with a proposal when the notarisation timer fires, not a millisecond before', () => {
    const stage = voter()
    stage.proposal(1, stage.block({ view: 1 }))
    stage.tick(2_199)
    assert.deepEqual(nulls(stage), [])
    stage.tick(2_200)
    assert.deepEqual(nulls(stage), [said(NULLIFY, 1)])
  })

  it('C17: a leader’s vote without its block is not the proposal, nor the block without the vote', () => {
    const onlyVote = voter()
    onlyVote.votes([0], NOTARISE, 1, onlyVote.block({ view: 1 }).hash)
    onlyVote.tick(1_200)
    assert.deepEqual(nulls(onlyVote), [said(NULLIFY, 1)])
    const onlyBlock = voter()
    onlyBlock.take(onlyBlock.block({ view: 1 }))
    onlyBlock.tick(1_200)
    assert.deepEqual(nulls(onlyBlock), [said(NULLIFY, 1)])
  })

  it('C17: after a notarise vote as well', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    stage.proposal(1, block)
    stage.tick(2_200)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 1, block.hash), said(NULLIFY, 1)])
  })

  it('C17: never after a finalise vote of that view', () => {
    const stage = voter()
    const block = stage.block({ view: 1 })
    stage.notarised(1, block)
    stage.instance.view = 1
    stage.instance.views.get(1)!.notarisation = undefined
    stage.clear()
    stage.tick(60_000)
    assert.deepEqual(nulls(stage), [])
  })

  it('C17: once per view, and again in the next one', () => {
    const stage = voter()
    stage.tick(1_200)
    stage.tick(9_000)
    assert.deepEqual(nulls(stage), [said(NULLIFY, 1)])
    stage.nullified(1)
    stage.tick(10_199)
    assert.equal(stage.instance.timers.enteredMs, 9_000)
    assert.deepEqual(nulls(stage), [said(NULLIFY, 1)])
    stage.tick(10_200)
    assert.deepEqual(nulls(stage), [said(NULLIFY, 1), said(NULLIFY, 2)])
  })

  it('C11, C17: certificates not journaled go along', () => {
    const stage = voter()
    stage.votes([1], NULLIFY, 2)
    stage.at(1).nullified(1)
    assert.deepEqual(recordNames(stage.single('sign').records), ['certificate nullify 1'])
    assert.deepEqual(stage.signed(), [said(NULLIFY, 2)])
  })

  it('C17: nobody nullifies who may not sign', () => {
    for (const stage of [voter({ self: null }), voter({ signing: false })]) {
      stage.tick(60_000)
      assert.deepEqual(stage.signed(), [])
    }
  })
})

describe('C17: at once', () => {
  it('C17 a: two notarise votes of the leader for different hashes', () => {
    const stage = voter()
    const [a, b] = [stage.block({ view: 1 }), stage.block({ view: 1, timeMs: WALL_MS })]
    stage.votes([0], NOTARISE, 1, a.hash)
    assert.deepEqual(stage.signed(), [])
    stage.votes([0], NOTARISE, 1, b.hash)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })

  it('C17 a: not for the same vote twice, nor for two hashes of another member', () => {
    const stage = voter()
    const [a, b] = [stage.block({ view: 1 }), stage.block({ view: 1, timeMs: WALL_MS })]
    stage.votes([0, 0], NOTARISE, 1, a.hash)
    stage.votes([1], NOTARISE, 1, a.hash)
    stage.votes([1], NOTARISE, 1, b.hash)
    assert.deepEqual(stage.signed(), [])
  })

  it('C17 b: the proposal is invalid', () => {
    const stage = voter({ judging: () => false })
    stage.proposal(1, stage.block({ view: 1 }))
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })

  it('C17 b: another invalid block of the view is nobody’s proposal', () => {
    const stage = voter({ judging: () => false })
    stage.take(stage.block({ view: 1 }))
    assert.deepEqual(stage.signed(), [])
  })

  it('C17 c: the leader’s own nullify', () => {
    const stage = voter()
    stage.votes([1, 2], NULLIFY, 1)
    assert.deepEqual(stage.signed(), [])
    const other = voter()
    other.votes([0], NULLIFY, 1)
    assert.deepEqual(other.signed(), [said(NULLIFY, 1)])
  })

  it('C17: the leader itself goes by its timers alone', () => {
    const stage = new Stage({ self: 0, judging: () => false })
    stage.proposal(1, stage.block({ view: 1 }))
    stage.tick(1)
    assert.deepEqual(stage.signed(), [])
  })
})

describe('C17 d: an absent leader', () => {
  /** Views 1 … 12 are nullified by members 1, 2 and self; member 0 leads 1, 5, 9, 13 and is silent. */
  function silentLeader(msPerView: number, others = [1, 2, 3]): Stage {
    const stage = voter({ signing: false })
    for (let view = 1; view <= 12; view++) {
      stage.at(view * msPerView)
      stage.votes(others, NULLIFY, view)
      stage.nullified(view)
    }
    stage.clear()
    return stage
  }

  it('C17 d: silent for 10 views and 10 s while a quorum of others was heard', () => {
    const stage = silentLeader(1_000)
    assert.equal(stage.view, 13)
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [said(NULLIFY, 13)])
  })

  it('C17 d: not before 10 s', () => {
    const stage = silentLeader(800)
    stage.at(9_999).feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [])
    stage.tick(10_000)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 13)])
  })

  it('C17 d: not before 10 views', () => {
    const stage = voter({ signing: false })
    stage.votes([0], NULLIFY, 4)
    for (let view = 1; view <= 12; view++) {
      stage.at(1_000 * view)
      stage.votes([1, 2, 3], NULLIFY, view)
      stage.nullified(view)
    }
    stage.at(12_100).feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [])
    const heardEarlier = voter({ signing: false })
    heardEarlier.votes([0], NULLIFY, 3)
    for (let view = 1; view <= 12; view++) {
      heardEarlier.at(1_000 * view)
      heardEarlier.votes([1, 2, 3], NULLIFY, view)
      heardEarlier.nullified(view)
    }
    heardEarlier.at(12_100).feed({ type: 'signing', enabled: true })
    assert.deepEqual(heardEarlier.signed(), [said(NULLIFY, 13)])
  })

  it('C17 d: any statement of the leader, also one for a later view, shows that it is there', () => {
    const stage = silentLeader(1_000)
    stage.votes([0], FINALISE, 14, stage.block({ view: 14 }).hash)
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [])
  })

  it('C17 d: not while fewer than a quorum of others was heard', () => {
    const stage = silentLeader(1_000, [2, 3])
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [])
  })

  it('C17 d: another counts as heard by either, its latest view or its latest time', () => {
    for (const heard of [
      { view: 3, monoMs: 2_001 },
      { view: 4, monoMs: 2_000 }
    ]) {
      const stage = silentLeader(1_000)
      stage.instance.heard.set(1, heard)
      stage.feed({ type: 'signing', enabled: true })
      assert.deepEqual(stage.signed(), [said(NULLIFY, 13)])
    }
  })

  it('C17 d: others that fell silent as long ago as the leader do not count', () => {
    const stage = silentLeader(1_000)
    stage.instance.heard.set(1, { view: 3, monoMs: 2_000 })
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [])
  })
})

describe('C30: evidence', () => {
  const stage = new Stage({ self: null })
  const [a, b] = [stage.block({ view: 9 }).hash, stage.block({ view: 9, timeMs: WALL_MS }).hash]
  const zero = new Uint8Array(32)
  const rows: [string, [1 | 2 | 3, Uint8Array], [1 | 2 | 3, Uint8Array], boolean][] = [
    ['two notarise for different hashes', [NOTARISE, a], [NOTARISE, b], true],
    ['two finalise for different hashes', [FINALISE, a], [FINALISE, b], true],
    ['nullify, then finalise', [NULLIFY, zero], [FINALISE, a], true],
    ['finalise, then nullify', [FINALISE, a], [NULLIFY, zero], true],
    ['notarise, then nullify', [NOTARISE, a], [NULLIFY, zero], false],
    ['nullify, then notarise', [NULLIFY, zero], [NOTARISE, a], false],
    ['notarise and finalise of one hash', [NOTARISE, a], [FINALISE, a], false],
    ['notarise and finalise of different hashes', [NOTARISE, a], [FINALISE, b], false],
    ['the same notarise twice', [NOTARISE, a], [NOTARISE, a], false],
    ['the same nullify twice', [NULLIFY, zero], [NULLIFY, zero], false]
  ]
  for (const [what, [kind, hash], [otherKind, otherHash], proves] of rows) {
    it(`C30: ${what} ${proves ? 'are' : 'are no'} evidence`, () => {
      const own = new Stage({ self: null })
      own.votes([2], kind, 9, hash)
      const found = own.ofType('evidence', own.votes([2], otherKind, 9, otherHash))
      assert.equal(found.length, proves ? 1 : 0)
      if (!proves) return
      const { network, publicKey, votes, proposal } = found[0]!.evidence
      assert.deepEqual([network, publicKey], [own.config.network, own.config.committee.members[2]!.key])
      const both = [own.vote(2, kind, 9, hash), own.vote(2, otherKind, 9, otherHash)]
      both.sort((x, y) => x.kind - y.kind || compare(x.hash, y.hash))
      assert.deepEqual([votes, proposal], [both, []])
    })
  }

  it('C30: statements of different members or views contradict nobody', () => {
    const own = new Stage({ self: null })
    own.votes([1], NOTARISE, 9, a)
    own.votes([2], NOTARISE, 9, b)
    own.votes([1], NOTARISE, 10, b)
    own.votes([1], NULLIFY, 10)
    own.votes([2], FINALISE, 10, b)
    assert.deepEqual(own.ofType('evidence'), [])
  })
})

describe('C15, C17: proposals are told apart', () => {
  it('C15: a proposal that was never voted for is still held, so the notarisation timer counts', () => {
    const stage = voter({ judging: () => undefined })
    const block = stage.block({ view: 1 })
    stage.proposal(1, block)
    assert.ok(stage.instance.blocks.has(hexOf(block)))
    stage.tick(1_200)
    assert.deepEqual(stage.signed(), [])
    stage.tick(2_200)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })
})
