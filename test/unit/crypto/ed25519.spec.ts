import assert from 'node:assert/strict'
import * as noble from '../../../src/crypto/ed25519-noble.ts'
import * as sodium from '../../../src/crypto/ed25519-sodium.ts'
import * as chosen from '../../../src/crypto/ed25519.ts'
import { fromHex, toHex, utf8 } from '../../../src/primitives/bytes.ts'
import {
  edgeSignature,
  exactEdgeSignature,
  malleated,
  smallOrderEncodings,
  unreducedEncodings
} from '../../support/edge-signatures.ts'
import { opensslVerify } from '../../support/openssl.ts'
import { readJson } from '../../support/repository.ts'

interface SpeccheckCase {
  readonly message: string
  readonly pub_key: string
  readonly signature: string
}

interface Wycheproof {
  readonly numberOfTests: number
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly { tcId: number; comment: string; msg: string; sig: string; result: string }[]
  }[]
}

const backends = { sodium: sodium.verify, noble: noble.verify, openssl: opensslVerify }

/** Number 3 is the only one whose equation holds without the cofactor and whose points are not small. */
const SPECCHECK_VERDICTS = [
  false, // 0: key and R of small order, S = 0
  false, // 1: key of small order
  false, // 2: R of small order
  true, // 3: key and R of mixed order, the equation holds as it stands
  false, // 4: holds only after clearing the cofactor
  false, // 5: holds only after clearing the cofactor, and only if k is reduced before
  false, // 6: S ≥ L
  false, // 7: S far above L
  false, // 8: R not canonical
  false, // 9: R not canonical
  false, // 10: key not canonical
  false // 11: key not canonical
]

function assertAll(
  expected: boolean,
  signature: Uint8Array,
  message: Uint8Array,
  key: Uint8Array,
  title: string
): void {
  for (const [name, verify] of Object.entries(backends)) {
    assert.equal(verify(signature, message, key), expected, `${title}: ${name}`)
  }
}

describe('Ed25519 acceptance rule', () => {
  it('CRY-1 CRY-2 CRY-3: the twelve published edge cases have one verdict in sodium, noble and OpenSSL', () => {
    const cases = readJson('test/vectors/ed25519-speccheck.json') as SpeccheckCase[]
    assert.equal(cases.length, SPECCHECK_VERDICTS.length)
    cases.forEach((edge, i) => {
      const [signature, message, key] = [
        fromHex(edge.signature),
        fromHex(edge.message),
        fromHex(edge.pub_key)
      ]
      assertAll(SPECCHECK_VERDICTS[i]!, signature, message, key, `case ${i}`)
    })
  })

  it('CRY-1: every Wycheproof case has its published verdict in every back end', () => {
    const published = readJson('test/vectors/ed25519-wycheproof.json') as Wycheproof
    let count = 0
    for (const group of published.testGroups) {
      for (const { tcId, msg, sig, result, comment } of group.tests) {
        count += 1
        const key = fromHex(group.publicKey.pk)
        assertAll(result === 'valid', fromHex(sig), fromHex(msg), key, `case ${tcId} ${comment}`)
      }
    }
    assert.equal(count, published.numberOfTests)
  })

  it('CRY-2: refuses a key of small order although the equation holds', () => {
    for (let keyTorsion = 0; keyTorsion < 8; keyTorsion++) {
      const found = [0, 1, 2, 3, 4, 5, 6, 7].map((rTorsion) =>
        exactEdgeSignature({ a: 0n, r: 4242n, keyTorsion, rTorsion })
      )
      const cases = found.filter((signed) => signed !== undefined)
      assert.ok(cases.length > 0)
      for (const { signature, message, publicKey, title } of cases)
        assertAll(false, signature, message, publicKey, title)
    }
  })

  it('CRY-2: refuses an R of small order although the equation holds', () => {
    let count = 0
    for (let rTorsion = 0; rTorsion < 8; rTorsion++) {
      for (let keyTorsion = 0; keyTorsion < 8; keyTorsion++) {
        const signed = exactEdgeSignature({ a: 777n, r: 0n, keyTorsion, rTorsion })
        if (signed === undefined) continue
        count += 1
        assertAll(false, signed.signature, signed.message, signed.publicKey, signed.title)
      }
    }
    assert.ok(count >= 8)
  })

  it('CRY-2: refuses all encodings of small-order points as key and as R, canonical or not', () => {
    const message = utf8('edge')
    const seed = new Uint8Array(32).fill(7)
    const [key, honest] = [sodium.publicKeyFromSeed(seed), sodium.signWithSeed(message, seed)]
    const encodings = smallOrderEncodings()
    assert.ok(encodings.length >= 12)
    for (const bytes of encodings) {
      const withR = Uint8Array.from([...bytes, ...honest.subarray(32)])
      const withZero = Uint8Array.from([...bytes, ...new Uint8Array(32)])
      assertAll(false, withR, message, key, 'R')
      assertAll(false, honest, message, bytes, 'key')
      assertAll(false, withZero, message, bytes, 'both, S = 0')
    }
  })

  it('CRY-2: refuses y coordinates at and above the prime', () => {
    const message = utf8('edge')
    const honest = sodium.signWithSeed(message, new Uint8Array(32).fill(7))
    for (const bytes of unreducedEncodings()) {
      assertAll(false, honest, message, bytes, 'key')
      assertAll(false, Uint8Array.from([...bytes, ...honest.subarray(32)]), message, bytes, 'key and R')
    }
  })

  it('CRY-3: accepts a key with torsion exactly when the equation holds without clearing the cofactor', () => {
    const seen = { true: 0, false: 0 }
    for (let keyTorsion = 1; keyTorsion < 8; keyTorsion++) {
      for (let rTorsion = 0; rTorsion < 8; rTorsion++) {
        const message = Uint8Array.of(keyTorsion, rTorsion)
        const near = edgeSignature({ a: 999n, r: 555n, keyTorsion, rTorsion, message })
        const exact = exactEdgeSignature({ a: 999n, r: 555n, keyTorsion, rTorsion })
        for (const signed of exact === undefined ? [near] : [near, { ...exact, exact: true }]) {
          seen[`${signed.exact}`] += 1
          assertAll(signed.exact, signed.signature, signed.message, signed.publicKey, signed.title)
        }
      }
    }
    assert.ok(seen.true > 20 && seen.false > 20, JSON.stringify(seen))
  })

  it('CRY-2: refuses S + L, the second encoding of a valid signature', () => {
    const seed = new Uint8Array(32).fill(9)
    const [key, message] = [sodium.publicKeyFromSeed(seed), utf8('once')]
    const signature = sodium.signWithSeed(message, seed)
    assertAll(true, signature, message, key, 'S')
    assertAll(false, malleated(signature), message, key, 'S + L')
  })

  it('CRY-2: refuses wrong lengths without throwing, 65 bytes with a valid beginning too', () => {
    const seed = new Uint8Array(32).fill(9)
    const [key, message] = [sodium.publicKeyFromSeed(seed), utf8('length')]
    const signature = sodium.signWithSeed(message, seed)
    for (const verify of [sodium.verify, noble.verify]) {
      for (const length of [0, 63, 65, 128]) {
        const wrong = new Uint8Array(length)
        wrong.set(signature.subarray(0, length))
        assert.equal(verify(wrong, message, key), false)
      }
      assert.equal(verify(signature, message, key.subarray(1)), false)
      assert.equal(verify(signature, message, Uint8Array.from([...key, 0])), false)
    }
  })
})

describe('Ed25519 signing', () => {
  it('CRY-1: both back ends derive the same key and sign the same bytes (RFC 8032)', () => {
    for (let i = 0; i < 16; i++) {
      const seed = new Uint8Array(32).fill(i * 11)
      const message = new Uint8Array(i * 37).fill(i)
      assert.equal(toHex(sodium.publicKeyFromSeed(seed)), toHex(noble.publicKeyFromSeed(seed)))
      const signature = sodium.signWithSeed(message, seed)
      assert.equal(toHex(noble.signWithSeed(message, seed)), toHex(signature))
      assert.equal(toHex(noble.createSigningFunction(seed)(message)), toHex(signature))
      assert.equal(toHex(sodium.createSigningFunction(seed)(message)), toHex(signature))
    }
  })

  it('CRY-1: a signing function does not follow later changes of its seed', () => {
    for (const backend of [sodium, noble]) {
      const seed = new Uint8Array(32).fill(1)
      const key = backend.publicKeyFromSeed(seed)
      const sign = backend.createSigningFunction(seed)
      seed.fill(0)
      assert.equal(backend.verify(sign(utf8('m')), utf8('m'), key), true)
    }
  })

  it('CRY-1: a seed of another length than 32 is our mistake and throws in both', () => {
    for (const backend of [sodium, noble]) {
      for (const seed of [new Uint8Array(31), new Uint8Array(33)]) {
        assert.throws(() => backend.publicKeyFromSeed(seed), RangeError)
        assert.throws(() => backend.signWithSeed(utf8('m'), seed), RangeError)
        assert.throws(() => backend.createSigningFunction(seed), RangeError)
      }
    }
  })

  it('CRY-1: Node gets the libsodium back end', () => {
    assert.equal(chosen.verify, sodium.verify)
  })
})
