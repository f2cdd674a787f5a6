import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { STATUS_VIEWS } from '../../../src/codec/messages.ts'
import type { ConsensusStatus } from '../../../src/codec/messages.ts'
import { answerStatus, describeInstance } from '../../../src/consensus/status.ts'
import { ownVotes } from '../../../src/consensus/votes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { FINALISE, NOTARISE, NULLIFY, Stage, said } from '../../support/consensus.ts'
import type { StatementKind } from '../../../src/codec/statement.ts'

const theirs = (fields: Partial<ConsensusStatus> = {}): ConsensusStatus => ({
  chain: COORD,
  epoch: 0,
  view: 1,
  finalHeight: 0,
  finalView: 0,
  notarised: BitArray.fromBitLen(STATUS_VIEWS),
  nullified: BitArray.fromBitLen(STATUS_VIEWS),
  reply: 0,
  ...fields
})

const bits = (...set: number[]): BitArray => {
  const out = BitArray.fromBitLen(STATUS_VIEWS)
  for (const bit of set) out.set(bit, true)
  return out
}

/** Final at view 2; 3 nullified, 4 both, 5 notarised; own votes in 4 and 6. */
function ahead(): Stage {
  const stage = new Stage({ self: 3 })
  const first = stage.block({ view: 1 })
  const second = stage.block({ view: 2, on: first })
  stage.take(first)
  stage.take(second)
  stage.finalised(2, second)
  stage.nullified(3)
  stage.notarised(4, stage.block({ view: 4, on: second }))
  stage.nullified(4)
  stage.notarised(5, stage.block({ view: 5, on: second }))
  stage.tick(1_500)
  return stage
}

const named = (stage: Stage, status: ConsensusStatus): string[] =>
  answerStatus(stage.instance, status).certificates.map(
    ({ kind, view }) => `${['', 'notarise', 'nullify', 'finalise'][kind]} ${view}`
  )

describe('C19: status', () => {
  it('C19: says view, last final height and view, and what is held above it', () => {
    const { instance } = ahead()
    const status = describeInstance(instance, false)
    assert.deepEqual(
      {
        ...status,
        notarised: status.notarised.getTrueBitIndexes(),
        nullified: status.nullified.getTrueBitIndexes()
      },
      {
        chain: COORD,
        epoch: 0,
        view: 6,
        finalHeight: 2,
        finalView: 2,
        notarised: [1, 2],
        nullified: [0, 1],
        reply: 0
      }
    )
    assert.equal(describeInstance(instance, true).reply, 1)
  })

  it('C19: a fresh instance holds nothing above view 0', () => {
    const { instance } = new Stage()
    const { view, finalView, finalHeight, notarised, nullified } = describeInstance(instance, false)
    assert.deepEqual([view, finalView, finalHeight], [1, 0, 0])
    assert.deepEqual([notarised.getTrueBitIndexes(), nullified.getTrueBitIndexes()], [[], []])
    assert.deepEqual([notarised.bitLen, nullified.bitLen], [STATUS_VIEWS, STATUS_VIEWS])
  })

  it('C19: views beyond the bitmap are left out', () => {
    const stage = new Stage({ self: null })
    stage.nullified(STATUS_VIEWS)
    stage.nullified(STATUS_VIEWS + 1)
    const { nullified } = describeInstance(stage.instance, false)
    assert.deepEqual(nullified.getTrueBitIndexes(), [STATUS_VIEWS - 1])
  })
})

describe('C19: the answer', () => {
  it('C19: finality of the own last final block, certificates by rising view, then own votes', () => {
    const stage = ahead()
    assert.deepEqual(named(stage, theirs()), [
      'finalise 2',
      'nullify 3',
      'notarise 4',
      'nullify 4',
      'notarise 5'
    ])
    const { votes } = answerStatus(stage.instance, theirs())
    assert.deepEqual(
      votes.map(
        ({ kind, view, signer }) => `${said(kind as StatementKind, view).split(' ')[0]} ${view} ${signer}`
      ),
      ['finalise 4 3', 'finalise 5 3', 'nullify 6 3']
    )
  })

  it('C19: only what the other lacks', () => {
    const stage = ahead()
    const status = theirs({ finalView: 2, finalHeight: 2, notarised: bits(2), nullified: bits(0) })
    assert.deepEqual(named(stage, status), ['notarise 4', 'nullify 4'])
  })

  it('C19: no finality where the other has as much, and nothing at or below its last final view', () => {
    const stage = ahead()
    assert.deepEqual(named(stage, theirs({ finalView: 2 })), [
      'nullify 3',
      'notarise 4',
      'nullify 4',
      'notarise 5'
    ])
    assert.deepEqual(named(stage, theirs({ finalView: 4 })), ['notarise 5'])
    assert.deepEqual(
      answerStatus(stage.instance, theirs({ finalView: 4 })).votes.map(({ view }) => view),
      [5, 6]
    )
  })

  it('C19: a bitmap shorter than ours says nothing about later views', () => {
    const stage = ahead()
    const short = theirs({
      finalView: 2,
      notarised: BitArray.fromBitLen(0),
      nullified: BitArray.fromBitLen(1)
    })
    assert.deepEqual(named(stage, short), ['nullify 3', 'notarise 4', 'nullify 4', 'notarise 5'])
  })

  it('C19: a follower has certificates to give, and no votes', () => {
    const stage = new Stage({ self: null })
    stage.votes([1, 2], NULLIFY, 1)
    stage.nullified(1)
    assert.deepEqual(named(stage, theirs()), ['nullify 1'])
    assert.deepEqual(answerStatus(stage.instance, theirs()).votes, [])
    assert.deepEqual(ownVotes(stage.instance, 0), [])
  })
})

describe('C19: when a status is sent', () => {
  const statuses = (stage: Stage): number => stage.ofType('status').length

  it('C19: every 10 s while nothing is stuck', () => {
    const stage = new Stage({ self: null, params: { deltaInitialMs: 20_000, deltaMaxMs: 60_000 } })
    const at: number[] = []
    for (let ms = 100; ms <= 30_000; ms += 100) {
      stage.clear()
      stage.tick(ms)
      if (statuses(stage) > 0) at.push(ms)
    }
    assert.deepEqual(at, [10_000, 20_000, 30_000])
  })

  it('C19: at the first timer of the view, then after 500 ms and × 1.5 each time, at most 5 s', () => {
    const stage = new Stage({ self: null })
    const at: number[] = []
    for (let ms = 1; ms <= 30_000; ms++) {
      stage.clear()
      stage.tick(ms)
      if (statuses(stage) > 0) at.push(ms)
    }
    const gaps = at.slice(1).map((ms, index) => ms - at[index]!)
    assert.equal(at[0], 1_200)
    assert.deepEqual(gaps, [500, 750, 1_125, 1_688, 2_532, 3_798, 5_000, 5_000, 5_000])
  })

  it('C19: a new view begins with 500 ms again', () => {
    const stage = new Stage({ self: null })
    for (let ms = 1_200; ms <= 6_000; ms += 10) stage.tick(ms)
    stage.at(6_000).nullified(1)
    const at: number[] = []
    for (let ms = 6_001; ms <= 8_000; ms++) {
      stage.clear()
      stage.tick(ms)
      if (statuses(stage) > 0) at.push(ms)
    }
    assert.deepEqual(at, [7_200, 7_700])
  })

  it('C19: a boundary block that is not final is stuck at once', () => {
    const stage = new Stage({ self: null, params: { epochLength: 1 } })
    stage.at(50).take(stage.block({ view: 1 }))
    assert.equal(statuses(stage), 1)
    stage.tick(550)
    assert.equal(statuses(stage), 2)
  })

  it('C19, C23: so is finality of a block that is not here', () => {
    const stage = new Stage({ self: null })
    stage.at(50).finalised(1, stage.block({ view: 1 }))
    assert.equal(statuses(stage), 1)
  })

  it('C19: the timer of the view is waited for also by a member that nullified it early', () => {
    const stage = new Stage({ self: 3 })
    stage.votes([0], NULLIFY, 1)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
    assert.equal(stage.wakeMs(), 1_200)
  })

  it('C21: time alone wakes it at the proposal timer, then at the notarisation timer', () => {
    const stage = new Stage({ self: 3 })
    assert.equal(stage.wakeMs(), 1_200)
    const block = stage.block({ view: 1 })
    stage.proposal(1, block)
    stage.tick(1_200)
    stage.clear()
    assert.ok(stage.wakeMs() <= 1_700)
    stage.tick(1_700)
    assert.equal(stage.wakeMs(), 2_200)
    assert.deepEqual(stage.signed(), [])
    stage.votes([0, 1], FINALISE, 1, block.hash)
    stage.tick(2_200)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
    assert.equal(NOTARISE, 1)
  })
})
