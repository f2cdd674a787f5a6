import assert from 'node:assert/strict'
import { Arrivals } from '../../../src/testing/swarm-arrivals.ts'
import type { Arriving } from '../../../src/testing/swarm-arrivals.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'

/** A node that follows these chains, with so many peers in each. */
const nodeWith = (peers: ReadonlyMap<ChainId, number>): Arriving =>
  ({
    chains: { list: [...peers.keys()].map((chain) => ({ chain })) },
    network: { peers: (chain: ChainId) => Array.from({ length: peers.get(chain) ?? 0 }) }
  }) as unknown as Arriving

const all = (count: number): Arriving =>
  nodeWith(
    new Map([
      [COORD, count],
      [shardId(0), count]
    ])
  )

describe('arrivals of a swarm', () => {
  it('each node counts from its own start, and the slowest is told', () => {
    const nodes: (Arriving | undefined)[] = [all(2), all(2), all(2), undefined]
    const arrivals = new Arrivals(() => nodes, 2)
    arrivals.look(1_000)
    assert.equal(arrivals.slowestMs, 0)
    nodes[3] = all(1)
    arrivals.look(5_000)
    assert.equal(arrivals.slowestMs, undefined)
    nodes[3] = all(2)
    arrivals.look(7_500)
    assert.equal(arrivals.slowestMs, 2_500)
  })

  it('who runs before there are enough others counts from when there are', () => {
    const nodes: (Arriving | undefined)[] = [all(0), undefined, undefined]
    const arrivals = new Arrivals(() => nodes, 2)
    arrivals.look(0)
    nodes.splice(0, 3, all(1), all(1), all(1))
    arrivals.look(9_000)
    nodes.splice(0, 3, all(2), all(2), all(2))
    arrivals.look(9_700)
    assert.equal(arrivals.slowestMs, 700)
  })

  it('peers count in every chain that is followed, and once had is had', () => {
    const peers = new Map<ChainId, number>([
      [COORD, 2],
      [shardId(0), 1]
    ])
    const nodes = [nodeWith(peers), all(2), all(2)]
    const arrivals = new Arrivals(() => nodes, 2)
    arrivals.look(0)
    assert.equal(arrivals.slowestMs, undefined)
    peers.set(shardId(0), 2)
    arrivals.look(100)
    peers.set(COORD, 0)
    arrivals.look(60_000)
    assert.equal(arrivals.slowestMs, 100)
  })

  it('nobody runs: nothing is told', () => {
    const arrivals = new Arrivals(() => [undefined], 2)
    arrivals.look(0)
    assert.equal(arrivals.slowestMs, undefined)
  })
})
