/** What a validator says by itself (C29; REG-5, REG-13), and the hash chains that follow from its key. */
import assert from 'node:assert/strict'
import { nextDuty } from '../../../src/node/duties.ts'
import type { DutyFacts } from '../../../src/node/duties.ts'
import { CHAIN_STEPS, RevealChain } from '../../../src/node/reveal-chain.ts'
import { equal } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { revealStep } from '../../../src/state/coord/reveals.ts'
import { someKey } from '../../support/genesis.ts'
import { validatorRecord } from '../../support/validator-record.ts'

const RECORD = validatorRecord({ weight: 1 })
const TIP = someKey(1)
const reveals = { left: (tip: Uint8Array) => (equal(tip, TIP) ? 2_000 : 0), nextTip: () => someKey(2) }
const duty = (fields: Partial<DutyFacts> = {}) =>
  nextDuty(
    {
      record: { ...RECORD, tip: [TIP] },
      epochLength: 8,
      freezeDistance: 2,
      height: 20,
      waitsFor: [],
      holds: () => true,
      ...fields
    },
    reveals
  )

describe('duties of a validator', () => {
  it('C3 d, REG-5: says ready once after each freeze, while it waits for a seat and holds every chain of it', () => {
    const waitsFor = [COORD, shardId(1)]
    assert.deepEqual(duty({ waitsFor }), { ready: true })
    assert.equal(duty(), undefined, 'it sits wherever it may')
    assert.equal(duty({ waitsFor, holds: (chain) => chain === COORD }), undefined, 'a shard is not in sync')
    const said = (ready: number) => duty({ waitsFor, record: { ...RECORD, tip: [TIP], ready } })
    // The last freeze was at 14.
    assert.deepEqual(said(14), { ready: true })
    assert.equal(said(15), undefined)
  })

  it('REG-13: registers a hash chain, the next one before it is used up, and waits while one is pending', () => {
    assert.deepEqual(duty({ record: RECORD }), { reveal: someKey(2) })
    assert.deepEqual(
      duty({ record: { ...RECORD, tip: [someKey(7)] } }),
      { reveal: someKey(2) },
      'not our own'
    )
    const pendingTip = [{ tip: TIP, from: 30 }]
    assert.equal(duty({ record: { ...RECORD, pendingTip } }), undefined)
  })

  it('REG-13, COOP-20: replaces a pending chain that is not its own, before it owes reveals of it', () => {
    const pendingTip = [{ tip: someKey(7), from: 30 }]
    assert.deepEqual(duty({ record: { ...RECORD, pendingTip } }), { reveal: someKey(2) })
    assert.deepEqual(duty({ record: { ...RECORD, tip: [TIP], pendingTip } }), { reveal: someKey(2) })
  })

  it('REG-5: who is leaving has no duties but to serve', () => {
    for (const status of [1, 2])
      assert.equal(duty({ record: { ...RECORD, status }, waitsFor: [COORD] }), undefined)
  })
})

describe('hash chains of a key', () => {
  const seed = someKey(5)

  it('C29, REG-14: each value is the preimage of the one before, down to the last, also after a restart', () => {
    const chain = new RevealChain(seed)
    let tip = chain.nextTip()
    assert.equal(chain.left(tip), CHAIN_STEPS)
    for (let step = 0; step < 3; step++) {
      const preimage = new RevealChain(seed).preimageOf(tip)!
      assert.deepEqual(revealStep(preimage), tip)
      tip = preimage
    }
    assert.equal(chain.left(tip), CHAIN_STEPS - 3)
    assert.equal(chain.preimageOf(someKey(9)), undefined)
  })

  it('REG-13: the chain after one is another, and found again by its tip; another key has others', () => {
    const chain = new RevealChain(seed)
    const first = chain.nextTip()
    const second = chain.nextTip(first)
    assert.notDeepEqual(second, first)
    assert.equal(new RevealChain(seed).left(second), CHAIN_STEPS)
    assert.notDeepEqual(new RevealChain(someKey(6)).nextTip(), first)
  })

  it('C29: a tip of another key is looked for once, not at each proposal', () => {
    const chain = new RevealChain(seed)
    const foreign = new RevealChain(someKey(6)).nextTip()
    // Each search takes a million hashes: fifty of them would not end in time.
    for (let proposal = 0; proposal < 50; proposal++) assert.equal(chain.preimageOf(foreign), undefined)
    assert.equal(chain.left(chain.nextTip()), CHAIN_STEPS)
  })

  it('C29: the last value of a chain has no preimage', () => {
    const chain = new RevealChain(seed)
    let value = chain.nextTip()
    for (let step = 0; step < CHAIN_STEPS; step++) value = chain.preimageOf(value)!
    assert.equal(chain.preimageOf(value), undefined)
    assert.equal(chain.left(value), 0)
  })
})
