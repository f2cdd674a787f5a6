import assert from 'node:assert/strict'
import { shuffle } from '../../../src/net/discovery/exchange.ts'
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
        isOwnCooperative: fc.boolean(),
        isNew: fc.constant(false)
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

const TARGETS: PeeringTargets = {
  minPeers: 10,
  targetPeers: 24,
  maxPeers: 50,
  perChain: 6,
  outboundPercent: 20,
  cooperative: 5
}
const peerAt = (index: number): Peer => `p${String(index).padStart(3, '0')}` as Peer
const linkedAs = (index: number, direction: Linked['direction']): Linked => ({
  peer: peerAt(index),
  direction,
  chains: new Set([COORD]),
  rank: 50,
  isWanted: false,
  isOwnCooperative: false,
  isNew: false
})
const candidateAs = (index: number): Candidate => ({
  peer: peerAt(index),
  chains: new Set([COORD]),
  rank: 50,
  isWanted: false,
  isOwnCooperative: false,
  isUnderWay: false
})

/** Nodes that decide in turn; each link is the older the earlier it stands. */
class Mesh {
  readonly #links: Map<number, Linked['direction']>[]
  #state: number

  constructor(nodes: number, seed: number) {
    this.#links = Array.from({ length: nodes }, () => new Map<number, Linked['direction']>())
    this.#state = seed >>> 0
  }

  get least(): number {
    return Math.min(...this.#links.map(({ size }) => size))
  }

  connect(from: number, to: number): void {
    if (this.#links[from]!.has(to)) return
    this.#links[from]!.set(to, 'outbound')
    this.#links[to]!.set(from, 'inbound')
  }

  /** @returns how many were let go */
  round(): number {
    let closed = 0
    for (const [node, links] of this.#links.entries()) {
      const linked = [...links].map(([peer, direction]) => linkedAs(peer, direction))
      const others = this.#links.flatMap((_, other) => (other === node || links.has(other) ? [] : [other]))
      const candidates = shuffle(others, () => this.#random()).map((other) => candidateAs(other))
      const { dial, close } = decidePeering([COORD], linked, candidates, TARGETS)
      for (const peer of close) {
        const other = Number(peer.slice(1))
        links.delete(other)
        this.#links[other]!.delete(node)
        closed += 1
      }
      for (const peer of dial) this.connect(node, Number(peer.slice(1)))
    }
    return closed
  }

  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state / 2 ** 32
  }
}

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

  it('DIS-12: a hundred nodes that know each other all get their peers, and then nobody is let go any more', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const network = new Mesh(100, seed)
        // One address that all begin with, and few places above the target.
        for (let node = 1; node < 100; node++) network.connect(node, 0)
        let letGo = 0
        for (let round = 0; round < 10; round++) letGo = network.round()
        assert.equal(letGo, 0)
        assert.ok(network.least >= TARGETS.minPeers, `${network.least}`)
      }),
      { numRuns: 5 }
    )
  })

  it('DIS-12: who came a moment ago is no surplus and displaces nobody', () => {
    const settled = Array.from({ length: 24 }, (_, index) => linkedAs(index, 'inbound'))
    const fresh = Array.from({ length: 20 }, (_, index) => ({
      ...linkedAs(50 + index, 'inbound'),
      isNew: true
    }))
    assert.deepEqual(decidePeering([COORD], [...settled, ...fresh], [], TARGETS).close, [])
    const later = fresh.map((each) => ({ ...each, isNew: false }))
    assert.deepEqual(
      decidePeering([COORD], [...settled, ...later], [], TARGETS).close,
      later.map(({ peer }) => peer)
    )
  })

  it('DIS-10 DIS-12: of equals the first given is dialled, and who was there first stays', () => {
    const linked = Array.from({ length: 30 }, (_, index) => linkedAs(30 - index, 'inbound'))
    const { close } = decidePeering([COORD], linked, [], TARGETS)
    assert.deepEqual(
      close,
      linked.slice(TARGETS.targetPeers).map(({ peer }) => peer)
    )
    const candidates = Array.from({ length: 30 }, (_, index) => candidateAs(30 - index))
    const { dial } = decidePeering([COORD], [], candidates, TARGETS)
    assert.deepEqual(
      dial,
      candidates.slice(0, TARGETS.minPeers).map(({ peer }) => peer)
    )
  })

  it('DIS-11: a chain whose peers all came by themselves gets peers that were dialled, a fifth of all', () => {
    const linked = Array.from({ length: 10 }, (_, index): Linked => ({
      peer: `l${index}` as Peer,
      direction: 'inbound',
      chains: new Set(CHAINS),
      rank: 50,
      isWanted: false,
      isOwnCooperative: false,
      isNew: false
    }))
    const candidates = Array.from({ length: 9 }, (_, index): Candidate => ({
      peer: `c${index}` as Peer,
      chains: new Set(CHAINS),
      rank: 50,
      isWanted: false,
      isOwnCooperative: false,
      isUnderWay: false
    }))
    assert.deepEqual(decidePeering(CHAINS, linked, candidates, TARGETS).dial, ['c0', 'c1', 'c2'])
    const none = { ...TARGETS, outboundPercent: 0 }
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
