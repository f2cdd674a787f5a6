import assert from 'node:assert/strict'
import { createSigningFunction, publicKeyFromSeed } from '../../../../src/crypto/ed25519.ts'
import { OwnRecord } from '../../../../src/net/discovery/own-record.ts'
import { NETWORK, seedOf } from '../../../support/net.ts'

const NOW = 100_000_000

describe('net: own record', () => {
  it('DIS-2: a change is told within a second, and no validator signs more often than that to find it', () => {
    const seed = seedOf('self')
    let bound = 0
    let role = 0
    const own = new OwnRecord({
      network: NETWORK,
      signer: { publicKey: publicKeyFromSeed(seed), sign: createSigningFunction(seed) },
      allowPrivate: false,
      facts: () => ({
        role,
        features: 0n,
        chains: [],
        bind: () => {
          bound += 1
          return undefined
        }
      }),
      addresses: () => []
    })
    assert.equal(own.look(NOW), true)
    role = 1
    assert.equal(own.look(NOW + 250), false)
    assert.equal(own.look(NOW + 999), false)
    assert.equal(bound, 1)
    assert.equal(own.look(NOW + 1_000), true)
    assert.equal(bound, 2)
    role = 2
    assert.equal(own.look(NOW - 3_600_000), true, 'a clock that was set back')
  })
})
