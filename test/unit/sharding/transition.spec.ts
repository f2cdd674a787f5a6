/** Epochs over the pure state: who sits when validators come, fall silent, leave (C2, C3; EPO-11 to EPO-16, REG-5, REG-8). */
import assert from 'node:assert/strict'
import type { RegistryOrder } from '../../../src/state/coord/orders.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { UNKNOWN_CONDUCT } from '../../../src/sharding/transition.ts'
import type { Conduct } from '../../../src/sharding/transition.ts'
import { SEATS_KEY, WEIGHTS_KEY } from '../../../src/state/keys.ts'
import { CoordChain } from '../../support/coordination.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'

const register = (index: number, cooperative = 0): RegistryOrder => ({
  register: { key: someKey(index), cooperative, tip: [] }
})
const READY: RegistryOrder = { ready: true }
const LEAVE: RegistryOrder = { deregister: true }
const hex = (index: number): string => toHex(someKey(index))
const keys = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => someKey(index))
/** As many validators, each of a cooperative of its own. */
const aChain = (validators = 4, overrides = {}): CoordChain =>
  new CoordChain(aGenesis({ validators: keys(validators), overrides }))
const absent = (...indexes: number[]): Conduct => ({
  ...UNKNOWN_CONDUCT,
  isAbsent: (_chain, key) => indexes.some((index) => hex(index) === toHex(key))
})

describe('transition at a freeze height', () => {
  it('C2, EPO-11: where nothing changed, seats and weights stay byte for byte', () => {
    const chain = aChain(7)
    const before = [chain.state.get(SEATS_KEY), chain.state.get(WEIGHTS_KEY)]
    for (let epoch = 0; epoch < 3; epoch++) chain.freeze()
    assert.deepEqual([chain.state.get(SEATS_KEY), chain.state.get(WEIGHTS_KEY)], before)
  })

  it('C3 d, EPO-12: a newcomer is seated on every chain once it said that it is ready since the last freeze', () => {
    const chain = aChain()
    chain.say(someKey(0), register(9))
    chain.freeze()
    assert.ok(!chain.seated().includes(hex(9)), 'not without ready')
    chain.say(someKey(9), READY)
    chain.freeze()
    for (const place of [COORD, shardId(0), shardId(1)]) {
      assert.deepEqual(chain.seated(place), [...keys(4).map(toHex), hex(9)].sort())
    }
  })

  it('C3 d, EPO-12: ready is stale after a freeze that it was said for', () => {
    const chain = aChain(4)
    const others = [10, 11]
    for (const index of others) chain.say(someKey(0), register(index))
    for (const index of others) chain.say(someKey(index), READY)
    chain.freeze()
    const [seated, queued] = others.map(hex).sort()
    assert.deepEqual([chain.seated().includes(seated!), chain.seated().includes(queued!)], [true, false])
    chain.freeze()
    assert.ok(!chain.seated().includes(queued!), 'it was ready for another epoch')
  })

  it('C3 c, EPO-13: at most f newcomers a chain and epoch; the others come after them', () => {
    const chain = aChain(7, { epochLength: 16 })
    const queue = [20, 21, 22]
    for (const index of queue) chain.say(someKey(0), register(index, 0))
    const sizes: number[] = []
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const index of queue) chain.say(someKey(index), READY)
      chain.freeze()
      sizes.push(chain.seated().length)
    }
    assert.deepEqual(sizes, [9, 10, 10])
  })

  it('C3 c, EPO-13: leavers are seen out one after the other, the first who asked first, and have left then', () => {
    const chain = aChain(6, { epochLength: 16 })
    for (const index of [5, 2]) chain.say(someKey(index), LEAVE)
    assert.equal(chain.seated().length, 6, 'they serve until then')
    chain.freeze()
    assert.deepEqual([chain.seated().includes(hex(5)), chain.seated().includes(hex(2))], [false, true])
    assert.deepEqual([chain.record(someKey(5)).status, chain.record(someKey(2)).status], [2, 1])
    assert.equal(chain.record(someKey(5)).leftEpoch, 1)
    chain.freeze()
    assert.ok(!chain.seated().includes(hex(2)))
    assert.deepEqual(chain.electorate, [0, 1, 3, 4].map(hex).sort())
  })

  it('C3 e, EPO-12: a ghost loses its seat, and gets it back as a newcomer', () => {
    const chain = aChain(5)
    chain.freeze(absent(3))
    assert.deepEqual(chain.seated(), [0, 1, 2, 4].map(hex).sort())
    chain.freeze()
    assert.equal(chain.seated().length, 4, 'silence is not ready')
    chain.say(someKey(3), READY)
    chain.freeze()
    assert.equal(chain.seated().length, 5)
  })

  it('EPO-13: where most of a committee is excluded at once, no more go than may leave by will', () => {
    const chain = aChain(10)
    const out = [0, 1, 2, 3, 4, 5, 6, 7].map(hex)
    for (const index of [20, 21, 22]) chain.say(someKey(9), register(index))
    for (const index of [20, 21, 22]) chain.say(someKey(index), READY)
    assert.equal(chain.seated().length, 13, 'a freeze came in between')
    chain.freeze({ ...UNKNOWN_CONDUCT, isExcluded: (key) => out.includes(toHex(key)) })
    assert.equal(chain.seated().filter((key) => out.includes(key)).length, 4, 'of thirteen four may go')
  })

  it('C3 f, EPO-13: ghosts keep their seats where too few others are left', () => {
    const chain = aChain(4)
    chain.freeze(absent(0, 1, 2, 3))
    assert.equal(chain.seated().length, 4)
    chain.freeze(absent(3))
    assert.equal(chain.seated().length, 4, 'four validators fill four seats')
  })

  it('C3: thirty empty registrations seat nobody, and are forgotten after eight epochs (REG-5)', () => {
    const chain = aChain(8, { epochLength: 32 })
    for (let index = 0; index < 28; index++) {
      assert.equal(chain.say(someKey(index % 7), register(100 + index)), undefined)
    }
    for (let epoch = 0; epoch < 8; epoch++) {
      assert.deepEqual(chain.seated(), keys(8).map(toHex).sort())
      chain.freeze()
    }
    chain.freeze()
    assert.equal(chain.electorate.length, 8)
  })

  it('C3 f: when everybody wants to leave, the last one stays', () => {
    const chain = aChain(4, { epochLength: 16 })
    for (const index of [0, 1, 2, 3]) chain.say(someKey(index), LEAVE)
    for (let epoch = 0; epoch < 6; epoch++) chain.freeze()
    assert.deepEqual(chain.seated(), [hex(3)])
    assert.deepEqual(chain.seated(shardId(1)), [hex(3)])
  })

  it('COOP-19: who is excluded loses its seat, and being ready gives it none before it is back', () => {
    const chain = aChain(6)
    const out: Conduct = { ...UNKNOWN_CONDUCT, isExcluded: (key) => toHex(key) === hex(5) }
    chain.freeze(out)
    assert.equal(chain.seated().includes(hex(5)), false)
    assert.equal(chain.say(someKey(5), READY), undefined)
    chain.freeze(out)
    assert.equal(chain.seated().includes(hex(5)), false)
    assert.equal(chain.say(someKey(5), READY), undefined)
    chain.freeze()
    assert.equal(chain.seated().includes(hex(5)), true)
  })

  it('SAN: who is sanctioned is seated nowhere, and the minimum counts the others', () => {
    const chain = aChain(4)
    chain.freeze({ ...UNKNOWN_CONDUCT, isSanctioned: (key) => toHex(key) === hex(1) })
    assert.deepEqual(chain.seated(), [0, 2, 3].map(hex).sort())
  })

  it('REG-8: leases renew by voting, lapse without, and a lapsed one costs the seat on that shard alone', () => {
    const chain = aChain(6, { leaseHeights: 10 })
    const until = (index: number) => chain.record(someKey(index)).leases.map((lease) => lease.until)
    assert.deepEqual(until(0), [10, 10])
    const idle: Conduct = { ...UNKNOWN_CONDUCT, isVoting: (key) => toHex(key) !== hex(5) }
    chain.freeze(idle)
    assert.equal(chain.height, 6)
    assert.deepEqual(
      [until(0), until(5)],
      [
        [16, 16],
        [10, 10]
      ]
    )
    chain.freeze(idle)
    assert.deepEqual([until(0), until(5)], [[24, 24], []])
    assert.ok(!chain.seated(shardId(0)).includes(hex(5)))
    assert.ok(chain.seated(COORD).includes(hex(5)))
  })

  it('REG-9, C3 c: who releases a lease serves until it is seen out', () => {
    const chain = aChain(6)
    chain.say(someKey(2), { releaseLease: shardId(1) })
    assert.ok(chain.seated(shardId(1)).includes(hex(2)))
    chain.freeze()
    assert.ok(!chain.seated(shardId(1)).includes(hex(2)))
    assert.ok(chain.seated(shardId(0)).includes(hex(2)))
  })

  it('C3 b, EPO-11: a shard that is short of validators takes further ones, and gives them leases', () => {
    const genesis = aGenesis({
      validators: keys(8),
      shards: 4,
      overrides: { shardsPerValidator: 2, epochLength: 16 }
    })
    const chain = new CoordChain(genesis)
    const on = shardId(1)
    const served = (index: number) => chain.record(someKey(index)).leases.some(({ shard }) => shard === on)
    const before = keys(8)
      .map((_, index) => index)
      .filter(served)
    for (const index of before) chain.say(someKey(index), { releaseLease: on })
    for (let epoch = 0; epoch < 6; epoch++) {
      chain.freeze()
      assert.ok(chain.seated(on).length >= 4)
    }
    for (const key of chain.seated(on)) {
      assert.ok(
        keys(8).some((one, index) => toHex(one) === key && served(index)),
        'whoever sits holds a lease'
      )
    }
  })

  it('EPO-14: a newcomer whose cooperative has no seat to give does not hold up the next', () => {
    const chain = aChain(4, { epochLength: 16 })
    const own = chain.record(someKey(0)).cooperative
    chain.say(someKey(0), register(30, own))
    chain.say(someKey(1), register(31))
    const weights: Conduct['weights'] = (_chain, members) =>
      members.map(({ key }) => ({ weight: toHex(key) === hex(30) ? 9 : 5, cooldown: 3 }))
    for (const index of [30, 31]) chain.say(someKey(index), READY)
    chain.freeze({ ...UNKNOWN_CONDUCT, weights })
    assert.deepEqual([chain.seated().includes(hex(30)), chain.seated().includes(hex(31))], [false, true])
  })

  it('EPO-15: members keep their seats before newcomers with more weight', () => {
    const chain = aChain(4, { epochLength: 16 })
    for (const index of [30, 31]) chain.say(someKey(0), register(index))
    for (const index of [30, 31]) chain.say(someKey(index), READY)
    const weights: Conduct['weights'] = (_chain, members) =>
      members.map(({ key }) => ({ weight: toHex(key) === hex(31) ? 9 : 5, cooldown: 3 }))
    chain.freeze()
    const [sits, waits] = chain.seated().includes(hex(30)) ? [30, 31] : [31, 30]
    chain.say(someKey(waits), READY)
    chain.freeze({ ...UNKNOWN_CONDUCT, weights })
    assert.ok(chain.seated().includes(hex(sits)), 'its cooperative has one seat, and it holds it')
    assert.ok(!chain.seated().includes(hex(waits)))
  })

  it('EPO-16: weights and cooldowns are those of conduct, on each chain its own', () => {
    const chain = aChain(4)
    const weights: Conduct['weights'] = (place, members) =>
      members.map((_, index) => ({ weight: place === COORD ? 100 + index : 0, cooldown: index }))
    chain.freeze({ ...UNKNOWN_CONDUCT, weights })
    const { weights: led } = chain.leading
    assert.deepEqual(led.get(COORD), [100, 101, 102, 103])
    assert.deepEqual(led.get(shardId(0)), [1, 1, 1, 1], 'at least 1')
  })
})
