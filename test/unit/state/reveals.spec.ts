/** Randomness of epochs (C29; REG-13 to REG-15): tips, reveals, the mix. */
import assert from 'node:assert/strict'
import { DOMAINS } from '../../../src/crypto/domains.ts'
import { sha256Of } from '../../../src/crypto/hash.ts'
import { ZERO_HASH } from '../../../src/primitives/bytes.ts'
import { applyReveal, isReveal, readMix, revealStep } from '../../../src/state/coord/reveals.ts'
import { CoordChain } from '../../support/coordination.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'

const me = someKey(0)
/** secret → … → tip */
const chainOf = (secret: Uint8Array, steps: number): Uint8Array[] => {
  const values = [secret]
  while (values.length <= steps) values.push(revealStep(values.at(-1)!))
  return values.reverse()
}
const aChain = () => new CoordChain(aGenesis({ overrides: { epochLength: 8, freezeDistance: 2 } }))
const skip = (chain: CoordChain, to: number): void => {
  while (chain.height < to) chain.block()
}

describe('reveals', () => {
  it('C29, REG-13: a tip counts an epoch after it was registered, and not a block sooner', () => {
    const chain = aChain()
    const [tip, preimage] = chainOf(someKey(50), 3)
    assert.equal(chain.say(me, { reveal: tip! }), undefined)
    assert.equal(isReveal(chain.state, me, preimage!, 8), false)
    assert.equal(isReveal(chain.state, me, preimage!, 9), true)
  })

  it('REG-14: only the next preimage of the own chain is a reveal', () => {
    const chain = aChain()
    const [tip, preimage, before] = chainOf(someKey(50), 3)
    chain.say(me, { reveal: tip! })
    for (const wrong of [tip!, before!, someKey(50), ZERO_HASH]) {
      assert.equal(isReveal(chain.state, me, wrong, 9), false)
    }
    assert.equal(isReveal(chain.state, someKey(1), preimage!, 9), false, 'it is of somebody else')
    assert.equal(isReveal(chain.state, someKey(77), preimage!, 9), false, 'nobody has no chain')
  })

  it('REG-14, REG-15: each reveal moves the tip and mixes; without one the mix stays', () => {
    const chain = aChain()
    const [tip, first, second] = chainOf(someKey(50), 3)
    chain.say(me, { reveal: tip! })
    skip(chain, 8)
    assert.deepEqual(readMix(chain.state), ZERO_HASH)
    chain.block([], { end: (ledger) => applyReveal(ledger, me, first!, 9) })
    const mixed = sha256Of(DOMAINS.mix, ZERO_HASH, first!)
    assert.deepEqual(readMix(chain.state), mixed)
    assert.equal(isReveal(chain.state, me, first!, 10), false, 'once')
    assert.equal(isReveal(chain.state, me, second!, 10), true)
    chain.block()
    assert.deepEqual(readMix(chain.state), mixed)
    chain.block([], { end: (ledger) => applyReveal(ledger, me, second!, 11) })
    assert.deepEqual(readMix(chain.state), sha256Of(DOMAINS.mix, mixed, second!))
  })

  it('REG-13: a new tip replaces the one before when it is old enough, also in the block that registers a third', () => {
    const chain = aChain()
    const [one, two, three] = [chainOf(someKey(50), 3), chainOf(someKey(51), 3), chainOf(someKey(52), 3)]
    chain.say(me, { reveal: one[0]! })
    skip(chain, 4)
    chain.say(me, { reveal: two[0]! })
    assert.equal(isReveal(chain.state, me, one[1]!, 12), false, 'the first never became old enough')
    skip(chain, 12)
    assert.equal(isReveal(chain.state, me, two[1]!, 13), true)
    chain.block([{ key: me, order: { reveal: three[0]! } }], {
      end: (ledger) => applyReveal(ledger, me, two[1]!, 13)
    })
    assert.equal(isReveal(chain.state, me, two[2]!, 14), true, 'the second goes on meanwhile')
    assert.equal(isReveal(chain.state, me, three[1]!, 21), true)
  })
})
