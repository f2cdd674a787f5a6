import assert from 'node:assert/strict'
import { decidePeering, rankOf } from '../../../src/net/discovery/selection.ts'
import type { Candidate, Linked, PeeringTargets } from '../../../src/net/discovery/selection.ts'
import type { Peer } from '../../../src/net/types.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { fc } from '../../support/fast-check.ts'

const CHAINS: readonly ChainId[] = [shardId(0), shardId(1), shardId(2), COORD]
const chainSets = fc.subarray([...CHAINS]).map((chains) => new Set(chains))
const named = <T extends object>(prefix: string, list: T[]): (T & { peer: Peer })[] =>
  list.map((each, index) => ({ ...each, peer: `${prefix}${index}` as Peer }))

const linkedPeers = fc
  .array(
    fc.record(
      {
        direction: fc.constantFrom('inbound' as const, 'outbound' as const),
        chains: chainSets,
        rank: fc.integer({ min: -100, max: 100 }),
        isWanted: fc.boolean(),
        isOwnCooperative: fc.boolean()
      },
      { noNullPrototype: true }
    ),
    { maxLength: 80 }
  )
  .map((list): Linked[] => named('l', list))
const candidatePeers = fc
  .array(
    fc.record(
      {
        chains: fc.option(chainSets, { nil: undefined }),
        rank: fc.integer({ min: 0, max: 100 }),
        isWanted: fc.boolean(),
        isOwnCooperative: fc.boolean(),
        isUnderWay: fc.boolean()
      },
      { noNullPrototype: true }
    ),
    { maxLength: 60 }
  )
  .map((list): Candidate[] => named('c', list))
const followedChains = fc.subarray([...CHAINS])
const someTargets = fc
  .record({
    perChain: fc.integer({ min: 0, max: 8 }),
    minPeers: fc.integer({ min: 1, max: 15 }),
    above: fc.integer({ min: 0, max: 30 }),
    spare: fc.integer({ min: 1, max: 30 }),
    outboundPercent: fc.integer({ min: 0, max: 50 }),
    cooperative: fc.integer({ min: 0, max: 8 })
  })
  .map(({ minPeers, above, spare, ...rest }): PeeringTargets => {
    const targetPeers = minPeers + above
    return { ...rest, minPeers, targetPeers, maxPeers: targetPeers + spare }
  })

const count = <T>(list: readonly T[], test: (each: T) => boolean): number => list.filter(test).length
/** What all needs together can hold at most. */
const needsOf = (followed: readonly ChainId[], t: PeeringTargets): number =>
  Math.floor(t.targetPeers / 2) +
  followed.length * (t.perChain + Math.ceil((t.targetPeers * t.outboundPercent) / 100)) +
  t.cooperative

describe('whom to dial and whom to let go', () => {
  it('DIS-12: letting go always reaches its target, whatever the peers are like', () => {
    fc.assert(
      fc.property(followedChains, linkedPeers, someTargets, (followed, linked, targets) => {
        const { close } = decidePeering(followed, linked, [], targets)
        const left = linked.length - close.length
        assert.ok(left <= Math.max(targets.targetPeers, needsOf(followed, targets)))
        if (linked.length > targets.targetPeers) assert.ok(left >= targets.targetPeers)
        else assert.deepEqual(close, [])
        // Who is left is not reduced further: the decision is stable.
        const staying = linked.filter(({ peer }) => !close.includes(peer))
        if (left <= targets.targetPeers)
          assert.deepEqual(decidePeering(followed, staying, [], targets).close, [])
      })
    )
  })

  it('DIS-12: nobody whom a chain needs is let go, nor the floor of those dialled here, nor the own cooperative', () => {
    fc.assert(
      fc.property(followedChains, linkedPeers, someTargets, (followed, linked, targets) => {
        const { close } = decidePeering(followed, linked, [], targets)
        const staying = linked.filter(({ peer }) => !close.includes(peer))
        for (const chain of followed) {
          const before = linked.filter(({ chains }) => chains.has(chain))
          const after = staying.filter(({ chains }) => chains.has(chain))
          assert.ok(after.length >= Math.min(before.length, targets.perChain))
          const floor = Math.ceil((targets.targetPeers * targets.outboundPercent) / 100)
          const isOut = ({ direction }: Linked): boolean => direction === 'outbound'
          assert.ok(count(after, isOut) >= Math.min(count(before, isOut), floor))
        }
        const isOwn = ({ isOwnCooperative }: Linked): boolean => isOwnCooperative
        assert.ok(count(staying, isOwn) >= Math.min(count(linked, isOwn), targets.cooperative))
        const isWanted = (each: Linked): boolean => each.isWanted
        assert.ok(
          count(staying, isWanted) >= Math.min(count(linked, isWanted), Math.floor(targets.targetPeers / 2))
        )
      })
    )
  })

  it('DIS-10 DIS-11: what is dialled fits into the room, is nobody twice, and meets every need that can be met', () => {
    fc.assert(
      fc.property(
        followedChains,
        linkedPeers,
        candidatePeers,
        someTargets,
        (followed, linked, candidates, targets) => {
          const { dial, close, missing } = decidePeering(followed, linked, candidates, targets)
          const staying = linked.filter(({ peer }) => !close.includes(peer))
          const room = Math.max(0, targets.maxPeers - staying.length)
          assert.equal(new Set(dial).size, dial.length)
          assert.ok(dial.every((peer) => candidates.some((each) => each.peer === peer && !each.isUnderWay)))
          const coming = candidates.filter(({ peer, isUnderWay }) => isUnderWay || dial.includes(peer))
          const left = candidates.filter((each) => !coming.includes(each))
          const isFull = coming.length >= room
          if (dial.length > 0) assert.ok(coming.length <= room)
          if (staying.length + coming.length < targets.minPeers) assert.ok(isFull || left.length === 0)
          for (const chain of followed) {
            const have =
              count(staying, ({ chains }) => chains.has(chain)) +
              count(coming, ({ chains }) => chains?.has(chain) ?? true)
            assert.equal(missing.includes(chain), have < targets.perChain)
            if (have < targets.perChain)
              assert.ok(isFull || left.every(({ chains }) => chains !== undefined && !chains.has(chain)))
          }
        }
      )
    )
  })

  it('DIS-11: a chain whose peers all came by themselves gets peers that were dialled, a fifth of all', () => {
    const linked = Array.from({ length: 10 }, (_, index): Linked => ({
      peer: `l${index}` as Peer,
      direction: 'inbound',
      chains: new Set(CHAINS),
      rank: 50,
      isWanted: false,
      isOwnCooperative: false
    }))
    const candidates = Array.from({ length: 9 }, (_, index): Candidate => ({
      peer: `c${index}` as Peer,
      chains: new Set(CHAINS),
      rank: 50,
      isWanted: false,
      isOwnCooperative: false,
      isUnderWay: false
    }))
    const targets = {
      minPeers: 10,
      targetPeers: 24,
      maxPeers: 50,
      perChain: 6,
      outboundPercent: 20,
      cooperative: 5
    }
    assert.deepEqual(decidePeering(CHAINS, linked, candidates, targets).dial, ['c0', 'c1', 'c2'])
    const none = { ...targets, outboundPercent: 0 }
    assert.deepEqual(decidePeering(CHAINS, linked, candidates, none).dial, [])
  })

  it('DIS-13: a peer of the own cooperative goes before a better stranger by its bonus; 0 switches it off', () => {
    const first = (bonus: number): Peer | undefined => {
      const candidates = (['stranger', 'own'] as const).map((peer): Candidate => ({
        peer: peer as string as Peer,
        chains: new Set([COORD]),
        rank: rankOf(peer === 'own' ? 50 : 60, peer === 'own', bonus),
        isWanted: false,
        isOwnCooperative: false,
        isUnderWay: false
      }))
      const targets = {
        minPeers: 1,
        targetPeers: 4,
        maxPeers: 9,
        perChain: 0,
        outboundPercent: 0,
        cooperative: 0
      }
      return decidePeering([], [], candidates, targets).dial[0]
    }
    assert.deepEqual([20, 11, 9, 0].map(first), ['own', 'own', 'stranger', 'stranger'])
    assert.equal(rankOf(90, true, 20), 100)
  })

  it('DIS-13: peers of the own cooperative are dialled until there are so many; 0 switches it off', () => {
    const candidates = ['a', 'b', 'c'].map((peer, index): Candidate => ({
      peer: peer as Peer,
      chains: new Set([COORD]),
      rank: 50,
      isWanted: false,
      isOwnCooperative: index > 0,
      isUnderWay: false
    }))
    const targets = {
      minPeers: 1,
      targetPeers: 4,
      maxPeers: 9,
      perChain: 0,
      outboundPercent: 0,
      cooperative: 2
    }
    assert.deepEqual(decidePeering([], [], candidates, targets).dial, ['b', 'c'])
    assert.deepEqual(decidePeering([], [], candidates, { ...targets, cooperative: 0 }).dial, ['a'])
  })
})
