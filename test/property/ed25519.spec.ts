import assert from 'node:assert/strict'
import * as noble from '../../src/crypto/ed25519-noble.ts'
import * as sodium from '../../src/crypto/ed25519-sodium.ts'
import {
  edgeSignature,
  malleated,
  smallOrderEncodings,
  unreducedEncodings
} from '../support/edge-signatures.ts'
import type { SignedCase } from '../support/edge-signatures.ts'
import { fc } from '../support/fast-check.ts'
import { opensslVerify } from '../support/openssl.ts'

type Triple = Pick<SignedCase, 'publicKey' | 'message' | 'signature'>

const seedBytes = fc.uint8Array({ minLength: 32, maxLength: 32 })

const honest = fc
  .record({ seed: seedBytes, message: fc.uint8Array({ maxLength: 200 }) })
  .map(({ seed, message }): Triple => {
    return {
      publicKey: sodium.publicKeyFromSeed(seed),
      message,
      signature: sodium.signWithSeed(message, seed)
    }
  })

/** Torsion in key and R, scalars of zero included: near the edge in every way the group allows. */
const scalar = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 2n ** 250n }))
const torsion = fc.integer({ min: 0, max: 7 })
const edge = fc
  .record({
    a: scalar,
    r: scalar,
    keyTorsion: torsion,
    rTorsion: torsion,
    message: fc.uint8Array({ maxLength: 40 })
  })
  .map((input): Triple => edgeSignature(input))

const special = fc.constantFrom(...smallOrderEncodings(), ...unreducedEncodings())

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  if (bytes.length === 0) return bytes
  const out = Uint8Array.from(bytes)
  const at = bit % (bytes.length * 8)
  out[at >> 3]! ^= 1 << (at & 7)
  return out
}

const mutation: fc.Arbitrary<(t: Triple) => Triple> = fc.oneof(
  fc.constant((t: Triple) => t),
  fc.nat().map((bit) => (t: Triple) => ({ ...t, publicKey: flipped(t.publicKey, bit) })),
  fc.nat().map((bit) => (t: Triple) => ({ ...t, signature: flipped(t.signature, bit) })),
  fc.nat().map((bit) => (t: Triple) => ({ ...t, message: flipped(t.message, bit) })),
  fc.constant((t: Triple) => ({ ...t, signature: malleated(t.signature) })),
  special.map((point) => (t: Triple) => ({ ...t, publicKey: point })),
  special.map((point) => (t: Triple) => {
    return { ...t, signature: Uint8Array.from([...point, ...t.signature.subarray(32)]) }
  })
)

describe('Ed25519 back ends', () => {
  it('CRY-1 CRY-2 CRY-3: random and mutated signatures have one verdict in sodium, noble and OpenSSL', function () {
    this.timeout(60_000)
    const seen = { true: 0, false: 0 }
    fc.assert(
      fc.property(fc.oneof(honest, edge), mutation, (triple, mutate) => {
        const { signature, message, publicKey } = mutate(triple)
        const verdict = sodium.verify(signature, message, publicKey)
        seen[`${verdict}`] += 1
        assert.equal(noble.verify(signature, message, publicKey), verdict, 'noble')
        assert.equal(opensslVerify(signature, message, publicKey), verdict, 'openssl')
      }),
      { numRuns: 600 }
    )
    assert.ok(seen.true > 30 && seen.false > 100, `both verdicts were reached: ${JSON.stringify(seen)}`)
  })
})
