import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import type { StandingInShort } from '../../../src/rpc/conduct-port.ts'
import { ValidatorsFeed } from '../../../src/rpc/ws/validators-feed.ts'
import { aConductPort } from '../../support/fake-conduct-port.ts'
import { GrowingChain } from '../../support/growing-chain.ts'

const keyOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const standing = (fill: number, facts: Partial<StandingInShort> = {}): StandingInShort => ({
  key: keyOf(fill),
  cooperative: fill,
  status: 'registered',
  since: 0,
  ready: 0,
  level: 0,
  recoversAtEpoch: undefined,
  ...facts
})

function scene(first: readonly StandingInShort[]) {
  let listed = first
  const known = new Map<string, StandingInShort>()
  const become = (next: readonly StandingInShort[], left: readonly StandingInShort[] = []): void => {
    listed = next
    for (const one of [...next, ...left]) known.set(toHex(one.key), one)
  }
  become(first)
  const chain = new GrowingChain({
    conduct: {
      ...aConductPort(),
      electorate: () => listed,
      standing: (key) => known.get(toHex(key))
    }
  })
  const feed = new ValidatorsFeed(chain.port)
  const told = async () =>
    (await feed.take()).map(({ validators, asOf }) => [
      asOf.height,
      ...validators.map(({ validator, status, level }) => `${validator.slice(0, 2)} ${status} ${level}`)
    ])
  return { chain, become, told }
}

describe('RPC: topic validators', () => {
  it('RPC-15: everybody in the registry at once, then nothing while nothing differs', async () => {
    const { chain, told } = scene([standing(1), standing(2)])
    assert.deepEqual(await told(), [[0, '01 registered 0', '02 registered 0']])
    assert.deepEqual(await told(), [], 'nothing new without a block')
    chain.grow(COORD)
    assert.deepEqual(await told(), [], 'a block that changes nobody')
  })

  it('RPC-15: however many listen, the registry is put into words once at a block', async () => {
    let reads = 0
    const counted = { ...standing(1) }
    Object.defineProperty(counted, 'level', { enumerable: true, get: () => (reads++, 0) })
    const { chain } = scene([counted])
    const feeds = Array.from({ length: 100 }, () => new ValidatorsFeed(chain.port))
    const first = await Promise.all(feeds.map(async (feed) => feed.take()))
    assert(first.every(([event]) => event?.validators.length === 1))
    chain.grow(COORD)
    for (const feed of feeds) assert.deepEqual(await feed.take(), [])
    assert.equal(reads, 1)
  })

  it('RPC-15: an empty registry is told once too', async () => {
    const { chain, told } = scene([])
    assert.deepEqual(await told(), [[0]])
    chain.grow(COORD)
    assert.deepEqual(await told(), [])
  })

  it('RPC-15: who is new, sanctioned, recovered or leaving is told, and nobody else', async () => {
    const { chain, become, told } = scene([standing(1), standing(2)])
    await told()
    const steps: readonly (readonly [readonly StandingInShort[], readonly string[]])[] = [
      [[standing(1), standing(2), standing(3)], ['03 registered 0']],
      [[standing(1), standing(2, { level: 1, recoversAtEpoch: 9 }), standing(3)], ['02 registered 1']],
      [[standing(1), standing(2), standing(3)], ['02 registered 0']],
      [[standing(1, { status: 'leaving', since: 4 }), standing(2), standing(3)], ['01 leaving 0']]
    ]
    for (const [next, expected] of steps) {
      become(next)
      chain.grow(COORD)
      assert.deepEqual(await told(), [[chain.height(COORD), ...expected]])
    }
  })

  it('RPC-15: who has left is told once, and forgotten', async () => {
    const { chain, become, told } = scene([standing(1), standing(2)])
    await told()
    become([standing(2)], [standing(1, { status: 'left', since: 5 })])
    chain.grow(COORD)
    assert.deepEqual(await told(), [[1, '01 left 0']])
    chain.grow(COORD)
    assert.deepEqual(await told(), [])
  })
})
