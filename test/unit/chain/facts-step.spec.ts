import assert from 'node:assert/strict'
import { LATE_ANCESTORS } from '../../../src/chain/attendance.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { revealStep } from '../../../src/state/coord/reveals.ts'
import { FactsWorld } from '../../support/facts-world.ts'
import { someKey } from '../../support/genesis.ts'

describe('facts of validators', () => {
  it('COOP-20, C28: a member missed a block only if none of the next eight recorded its vote', () => {
    const world = new FactsWorld(4)
    const [silent, late] = [2, 3]
    for (let block = 0; block < 12; block++) world.add({ votes: [0, 1, late] })
    // Block 1 was followed by eight others when block 9 came.
    const facts = world.running()
    assert.deepEqual(
      facts.map(({ attended, missed }) => [attended, missed]),
      [
        [4, 0],
        [4, 0],
        [0, 4],
        [4, 0]
      ]
    )
    assert.equal(facts[silent]!.missed, world.height - LATE_ANCESTORS)
  })

  it('COOP-20, C28: a vote that the eighth block records counts, and its leader is credited', () => {
    const world = new FactsWorld(4)
    for (let block = 0; block < 8; block++) world.add({ votes: [0, 1, 2] })
    world.add({ votes: [0, 1, 2], late: [{ height: 1, member: 3 }] })
    const facts = world.running()
    assert.deepEqual([facts[3]!.attended, facts[3]!.missed], [1, 0])
    assert.equal(facts[world.leaderOf(world.view)]!.late, 1)
    world.add({ votes: [0, 1, 2] })
    assert.deepEqual([world.running()[3]!.attended, world.running()[3]!.missed], [1, 1])
  })

  it('COOP-20, C28: skipped views are those between parent and block, from 1 on a base, 256 of a gap', () => {
    const world = new FactsWorld(4)
    world.add({ skip: 3 })
    world.add({ skip: 0 })
    world.add({ skip: 2 })
    const expected = [0, 0, 0, 0]
    for (const view of [1, 2, 3, 6, 7]) expected[world.leaderOf(view)]! += 1
    assert.deepEqual(
      world.running().map(({ skipped }) => skipped),
      expected
    )
    const led = [0, 0, 0, 0]
    for (const view of [4, 5, 8]) led[world.leaderOf(view)]! += 1
    assert.deepEqual(
      world.running().map((member) => member.led),
      led
    )
    world.add({ skip: 1_000 })
    assert.equal(
      world.running().reduce((sum, { skipped }) => sum + skipped, 0),
      5 + 256
    )
  })

  it('COOP-21: runs of skipped views are told apart by the blocks between them', () => {
    const world = new FactsWorld(1)
    world.add({ skip: 2 })
    world.add({ skip: 4 })
    world.add({ skip: 1 })
    const [only] = world.running()
    assert.deepEqual([only!.firstRun, only!.longestRun, only!.lastRun, only!.led], [2, 4, 0, 3])
  })

  it('COOP-20: partners are the other cooperatives whose blocks a member voted for', () => {
    const world = new FactsWorld(4, [1, 1, 2, 0])
    for (let block = 0; block < 40; block++) world.add({ votes: [0, 2, 3] })
    const bits = world.running().map(({ partners }) => partners[0])
    assert.deepEqual(bits, [0b100, 0, 0b010, 0b110])
  })

  it('COOP-22, COOP-23: a boundary closes the epoch, its last blocks are nobody’s miss, and a shard tells coordination', () => {
    const world = new FactsWorld(4, [1, 2, 3, 4], 12)
    while (!world.isClosed) world.add({ votes: [0, 1, 2] })
    const finished = world.finished()
    assert.deepEqual([finished.epoch, finished.height, finished.blocks], [0, world.height, world.height])
    const byKey = finished.members.map(({ facts: { attended, missed } }) => [attended, missed])
    const complete = world.height - LATE_ANCESTORS
    assert.deepEqual(byKey, [
      [world.height - 1, 0],
      [world.height - 1, 0],
      [world.height - 1, 0],
      [0, complete]
    ])
    assert.equal(world.hasRunning(), false)
    assert.deepEqual(world.told(), [{ destination: 0xffff, members: 4, epoch: 0 }])
  })

  it('COOP-23: a large committee is told in parts that fit into receipts', () => {
    const world = new FactsWorld(100, undefined, 4)
    while (!world.isClosed) world.add({})
    assert.deepEqual(
      world.told().map(({ members }) => members),
      [60, 40]
    )
  })

  it('COOP-20, C29: a coordination block without the reveal that its proposer has earns no credit, and ends no run', () => {
    const world = new FactsWorld(1, undefined, 1_000, COORD)
    const led = (): readonly number[] => world.running().map((member) => member.led)
    world.add({})
    const values = [someKey(7)]
    for (let step = 0; step < 3; step++) values.unshift(revealStep(values[0]!))
    world.setTip(0, values[0]!, 3)
    world.add({})
    assert.deepEqual(led(), [2], 'the tip does not count yet')
    world.add({ skip: 1 })
    world.add({ skip: 2 })
    const [only] = world.running()
    assert.deepEqual([only!.led, only!.late, only!.skipped, only!.lastRun], [2, 0, 3, 3])
    world.add({ reveal: values[1]! })
    world.add({ reveal: values[2]! })
    assert.deepEqual(led(), [4])
    world.add({})
    assert.deepEqual([led(), world.running()[0]!.lastRun], [[4], 0])
  })

  it('COOP-20: on a shard nothing is revealed, and each block is credited', () => {
    const world = new FactsWorld(1)
    world.setTip(0, someKey(7), 0)
    world.add({})
    assert.equal(world.running()[0]!.led, 1)
  })

  for (const members of [4, 7, 20]) {
    it(`COOP-20: f colluding leaders of ${members} lower no honest attendance by more than 1 % (attack)`, () => {
      const faults = Math.floor((members - 1) / 3)
      const world = new FactsWorld(members, undefined, 400)
      const colluding = new Set(Array.from({ length: faults }, (_, index) => (index * 3) % members))
      while (!world.isClosed) world.addAttacked(colluding)
      for (const [index, { attended, missed }] of world.inOrder().entries()) {
        if (colluding.has(index)) continue
        assert(attended > 300 && missed * 100 <= attended + missed, `member ${index}: ${attended}, ${missed}`)
      }
    })
  }
})
