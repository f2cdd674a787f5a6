import assert from 'node:assert/strict'
import { compare, toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { committeeOf, computeCommittees } from '../../../src/sharding/committee.ts'
import { describeCommittee, describeShardLimit, genesisCommittees } from '../../../src/sharding/describe.ts'
import { faultsOf, quorumOf } from '../../../src/sharding/quorum.ts'
import { computeSeating, countByCooperative, seatMembers } from '../../../src/sharding/seats.ts'
import type { Committee, Member } from '../../../src/sharding/types.ts'
import { fc } from '../../support/fast-check.ts'
import { aGenesis, membersOf } from '../../support/genesis.ts'

/** `counts[i]` validators of cooperative i + 1. */
const cooperatives = (...counts: number[]): Member[] =>
  membersOf(counts.flatMap((count, index) => Array.from({ length: count }, () => index + 1)))

const coord = (validators: readonly Member[]): Committee =>
  computeCommittees({ validators, shards: 1, shardsPerValidator: 1 }).get(COORD)!

const largest = (members: readonly Member[]): number => Math.max(...countByCooperative(members).values())

describe('quorum', () => {
  const TABLE = [
    [1, 0, 1],
    [2, 0, 2],
    [3, 0, 3],
    [4, 1, 3],
    [5, 1, 4],
    [6, 1, 5],
    [7, 2, 5],
    [10, 3, 7],
    [100, 33, 67]
  ] as const
  for (const [members, faults, quorum] of TABLE) {
    it(`C1: ${members} members bear ${faults} faulty ones, and ${quorum} are a quorum`, () => {
      assert.equal(faultsOf(members), faults)
      assert.equal(quorumOf(members), quorum)
    })
  }
})

describe('seats', () => {
  /** Validators per cooperative → seats, largest holding, diversity, cooperatives that a quorum spans. */
  const TABLE: readonly [number[], number, number, Committee['diversity'], number][] = [
    [[1], 1, 1, 'full', 1],
    [[1, 1], 2, 1, 'full', 2],
    [[2], 2, 2, 'degraded', 1],
    [[1, 1, 1], 3, 1, 'full', 3],
    [[1, 1, 1, 1], 4, 1, 'full', 3],
    [[5, 1, 1, 1], 4, 1, 'full', 3],
    [[2, 1, 1], 4, 2, 'degraded', 2],
    [[4], 4, 4, 'degraded', 1],
    [[7], 4, 4, 'degraded', 1],
    [[2, 2], 4, 2, 'degraded', 2],
    [[2, 2, 2, 1], 7, 2, 'full', 3],
    [[2, 2, 1, 1], 4, 1, 'full', 3],
    [[10, 10, 10], 30, 10, 'degraded', 3],
    [[10, 10, 10, 10], 40, 10, 'full', 3],
    [[20, 1, 1, 1, 1, 1, 1], 8, 2, 'full', 5]
  ]
  for (const [counts, seats, holding, diversity, perQuorum] of TABLE) {
    it(`C3, EPO-5: cooperatives with ${counts.join('+')} validators fill ${seats} seats, ${diversity}`, () => {
      const committee = coord(cooperatives(...counts))
      assert.equal(committee.members.length, seats)
      assert.equal(largest(committee.members), holding)
      assert.equal(committee.diversity, diversity)
      assert.equal(committee.cooperativesPerQuorum, perQuorum)
    })
  }

  it('C3: "no cooperative" counts as one cooperative', () => {
    const committee = coord(membersOf([0, 0, 0, 0, 0, 1, 2, 3]))
    assert.equal(committee.members.filter(({ cooperative }) => cooperative === 0).length, 1)
    assert.equal(committee.diversity, 'full')
  })

  it('C3: a scarce seat goes to the higher weight, then to the lower key', () => {
    const members = membersOf([1, 1, 1, 2, 3, 4])
    const [first, second, third] = members.slice(0, 3).sort((a, b) => compare(a.key, b.key))
    const seated = (list: readonly Member[]): string[] =>
      coord(list)
        .members.filter(({ cooperative }) => cooperative === 1)
        .map(({ key }) => toHex(key))
    assert.deepEqual(seated(members), [toHex(first!.key)])
    const heavier = members.map((member) =>
      member === third ? { ...member, weight: member.weight + 1 } : member
    )
    assert.deepEqual(seated(heavier), [toHex(third!.key)])
    assert.deepEqual(seated(members.filter((member) => member !== first)), [toHex(second!.key)])
  })

  it('EPO-5: members are in key order, whatever the order of the registry', () => {
    const members = membersOf([1, 2, 3, 4, 5])
    const committee = coord(members)
    assert.deepEqual(coord(members.toReversed()), committee)
    for (const [index, { key }] of committee.members.slice(1).entries()) {
      assert(compare(committee.members[index]!.key, key) < 0)
    }
  })

  it('C3: for any registry the seats fit the cap, no more would, and a full committee spans three cooperatives', () => {
    const registry = fc
      .array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 40 })
      .map((list) => membersOf(list))
    fc.assert(
      fc.property(registry, (validators) => {
        const minimum = Math.min(4, validators.length)
        const seating = computeSeating(validators, minimum)
        const seated = seatMembers(validators, seating)
        assert.equal(seated.length, seating.seats)
        assert(seated.length >= minimum)
        assert(largest(seated) <= seating.cap)
        const cap = Math.max(1, faultsOf(seated.length)) + seating.raise
        assert.equal(seating.cap, Math.min(cap, validators.length))
        const counts = [...countByCooperative(validators).values()]
        const fillable = (cap: number): number => counts.reduce((sum, count) => sum + Math.min(cap, count), 0)
        const fits = (seats: number, raise: number): boolean =>
          fillable(Math.max(1, faultsOf(seats)) + raise) >= seats
        for (let seats = minimum; seats <= validators.length; seats++) {
          for (let raise = 0; raise < seating.raise; raise++)
            assert(!fits(seats, raise), 'a lower cap would do')
          if (seats > seating.seats) assert(!fits(seats, seating.raise), 'more seats could be filled')
        }
        const committee = committeeOf(COORD, seated, seating.raise > 0)
        if (committee.diversity === 'full' && seated.length >= 3) assert(committee.cooperativesPerQuorum >= 3)
        assert.equal(committee.quorum, quorumOf(seated.length))
      })
    )
  })
})

describe('committees of all chains', () => {
  it('D2: without a limit every validator is a candidate on every chain; shards come first, then coord', () => {
    const validators = membersOf([1, 2, 3, 4])
    const committees = computeCommittees({ validators, shards: 3, shardsPerValidator: 3 })
    assert.deepEqual([...committees.keys()], [shardId(0), shardId(1), shardId(2), COORD])
    for (const [chain, committee] of committees) {
      assert.equal(committee.chain, chain)
      assert.equal(committee.members.length, 4)
    }
  })

  const served = (committees: ReadonlyMap<number, Committee>): Map<string, number> => {
    const counts = new Map<string, number>()
    for (const [chain, { members }] of committees) {
      if (chain === COORD) continue
      for (const { key } of members) counts.set(toHex(key), (counts.get(toHex(key)) ?? 0) + 1)
    }
    return counts
  }

  it('EPO-6: with enough validators each serves exactly the limit, and shards get equal parts', () => {
    const validators = membersOf(Array.from({ length: 16 }, (_, index) => index + 1))
    const committees = computeCommittees({ validators, shards: 8, shardsPerValidator: 3 })
    assert.deepEqual(new Set(served(committees).values()), new Set([3]))
    for (const [chain, { members }] of committees) assert.equal(members.length, chain === COORD ? 16 : 6)
  })

  it('EPO-6: a cooperative’s validators spread over the shards', () => {
    const validators = membersOf(Array.from({ length: 16 }, (_, index) => Math.floor(index / 4)))
    const committees = computeCommittees({ validators, shards: 4, shardsPerValidator: 1 })
    for (const { members } of committees.values()) {
      if (members.length === 16) continue
      assert.deepEqual([...countByCooperative(members).values()], [1, 1, 1, 1])
    }
  })

  it('C3 b, EPO-6: four seats beat the limit of shards per validator', () => {
    const committees = computeCommittees({
      validators: membersOf([1, 2, 3, 4]),
      shards: 4,
      shardsPerValidator: 3
    })
    for (const { members } of committees.values()) assert.equal(members.length, 4)
  })

  it('C3 b, EPO-6: the limit yields before the cap is raised', () => {
    const validators = cooperatives(3, 1, 1, 1)
    const committees = computeCommittees({ validators, shards: 2, shardsPerValidator: 1 })
    for (const { members, diversity } of committees.values()) {
      assert.equal(members.length, 4)
      assert.equal(diversity, 'full')
    }
  })

  it('EPO-6: for any registry every chain has its seats, and is no more degraded than coord', () => {
    const registry = fc
      .array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 24 })
      .map((list) => membersOf(list))
    fc.assert(
      fc.property(
        registry,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (validators, shards, limit) => {
          const committees = computeCommittees({ validators, shards, shardsPerValidator: limit })
          assert.equal(committees.size, shards + 1)
          const degraded = committees.get(COORD)!.diversity === 'degraded'
          for (const { members, diversity } of committees.values()) {
            assert(members.length >= Math.min(4, validators.length))
            assert(degraded || diversity === 'full')
          }
          const again = computeCommittees({
            validators: validators.toReversed(),
            shards,
            shardsPerValidator: limit
          })
          assert.deepEqual(again, committees)
        }
      )
    )
  })
})

describe('genesis check', () => {
  it('D2: says n, quorum and f of each chain and warns where f = 0', () => {
    const [four] = [...genesisCommittees(aGenesis()).values()].map(describeCommittee)
    assert.equal(
      four!.facts,
      'chain 0: n = 4, quorum = 3, f = 1, cooperatives per quorum >= 3, diversity full'
    )
    assert.deepEqual(four!.warnings, [])
    const three = describeCommittee(coord(membersOf([1, 2, 3])))
    assert.equal(three.warnings.length, 1)
    assert.match(three.warnings[0]!, /chain coord: f = 0 with 3 validators/)
  })

  it('C3: warns where diversity is degraded', () => {
    assert.match(describeCommittee(coord(membersOf([1, 1, 1, 1]))).warnings.join(), /degraded/)
  })

  it('D2: says how many shards a validator serves', () => {
    assert.equal(describeShardLimit(aGenesis()), 'each of 4 validators may serve all 2 shards')
    const limited = aGenesis({ shards: 5, overrides: { shardsPerValidator: 3 } })
    assert.equal(describeShardLimit(limited), 'each of 4 validators is meant to serve 3 of 5 shards')
  })
})
