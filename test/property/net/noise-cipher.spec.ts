import { deepEqual, equal, notEqual, throws } from 'node:assert/strict'
import { defaultCrypto, nodeCrypto } from '@libp2p/noise/crypto'
import { Uint8ArrayList } from 'uint8arraylist'
import { open, seal } from '../../../src/crypto/chacha-sodium.ts'
import { NOISE_CRYPTO, PLATFORM_FROM_BYTES } from '../../../src/net/noise-cipher.ts'
import { concat, fromHex, toHex, utf8 } from '../../../src/primitives/bytes.ts'
import { fc } from '../../support/fast-check.ts'

const EMPTY = new Uint8Array(0)
const TAG = 16
/** The longest plaintext of a frame. */
const FRAME = 65_535 - TAG

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const frame = fc.record({
  key: bytes(32),
  nonce: bytes(12),
  associated: fc.constantFrom(0, 32).chain(bytes),
  plaintext: fc
    .oneof(
      fc.nat(2_000),
      fc.constantFrom(PLATFORM_FROM_BYTES - TAG - 1, PLATFORM_FROM_BYTES - 1, PLATFORM_FROM_BYTES, FRAME)
    )
    .map((length) => Uint8Array.from({ length }, (_, at) => (at * 31 + length) & 0xff))
})

/** In pieces, as frames come out of a socket. */
const inPieces = (whole: Uint8Array, at: number): Uint8ArrayList =>
  new Uint8ArrayList(whole.slice(0, at), whole.slice(at))

describe('property: the cipher of connections', () => {
  it('seals and opens what the library does, whole or in pieces', () => {
    fc.assert(
      fc.property(
        frame,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ key, nonce, associated, plaintext }, part) => {
          const sealed = NOISE_CRYPTO.chaCha20Poly1305Encrypt(plaintext, nonce, associated, key).subarray()
          const theirs = nodeCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, associated, key).subarray()
          equal(Buffer.compare(sealed, theirs), 0)
          const pieces = inPieces(plaintext, Math.floor(part * plaintext.length))
          const again = NOISE_CRYPTO.chaCha20Poly1305Encrypt(pieces, nonce, associated, key).subarray()
          equal(Buffer.compare(again, theirs), 0)
          for (const form of [theirs, inPieces(theirs, Math.floor(part * theirs.length))]) {
            const opened = NOISE_CRYPTO.chaCha20Poly1305Decrypt(form, nonce, associated, key).subarray()
            equal(Buffer.compare(opened, plaintext), 0)
          }
          // The library's small ones may be decrypted where they lie, so it gets a copy.
          const back = defaultCrypto
            .chaCha20Poly1305Decrypt(sealed.slice(), nonce, associated, key)
            .subarray()
          equal(Buffer.compare(back, plaintext), 0)
        }
      ),
      { numRuns: 100 }
    )
  })

  it('refuses a frame of which any byte, the key, the nonce or what goes with it is another', () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, where, flip) => {
        const { key, nonce, associated, plaintext } = one
        const sealed = NOISE_CRYPTO.chaCha20Poly1305Encrypt(plaintext, nonce, associated, key).subarray()
        const wrong = (of: Uint8Array): Uint8Array => {
          const copy = Uint8Array.from(of)
          copy[where % of.length] = (copy[where % of.length] ?? 0) ^ flip
          return copy
        }
        throws(() => NOISE_CRYPTO.chaCha20Poly1305Decrypt(wrong(sealed), nonce, associated, key))
        throws(() => NOISE_CRYPTO.chaCha20Poly1305Decrypt(sealed, wrong(nonce), associated, key))
        throws(() => NOISE_CRYPTO.chaCha20Poly1305Decrypt(sealed, nonce, associated, wrong(key)))
        throws(() => NOISE_CRYPTO.chaCha20Poly1305Decrypt(sealed, nonce, concat(associated, nonce), key))
        throws(() => NOISE_CRYPTO.chaCha20Poly1305Decrypt(sealed.subarray(0, -1), nonce, associated, key))
      }),
      { numRuns: 50 }
    )
  })

  it('refuses what is shorter than a tag', () => {
    for (const length of [0, 1, TAG - 1]) {
      throws(() => open(new Uint8Array(32), new Uint8Array(12), new Uint8Array(length), EMPTY))
    }
    const only = seal(new Uint8Array(32), new Uint8Array(12), EMPTY, EMPTY)
    equal(only.length, TAG)
    equal(open(new Uint8Array(32), new Uint8Array(12), only, EMPTY).length, 0)
  })

  it('leaves what it is given as it was, and gives back memory of its own', () => {
    const [key, nonce] = [new Uint8Array(32).fill(7), new Uint8Array(12).fill(3)]
    const plaintext = utf8('one two three')
    const sealed = seal(key, nonce, plaintext, EMPTY)
    const before = toHex(sealed)
    const opened = open(key, nonce, sealed, EMPTY)
    equal(toHex(sealed), before)
    deepEqual(plaintext, utf8('one two three'))
    notEqual(opened.buffer, sealed.buffer)
    equal(opened.buffer.byteLength, opened.length)
    equal(sealed.buffer.byteLength, sealed.length)
    const into = sealed.slice(0, -TAG)
    NOISE_CRYPTO.chaCha20Poly1305Decrypt(sealed, nonce, EMPTY, key, into)
    equal(toHex(into), before.slice(0, -2 * TAG))
  })

  it('agrees with the published example (RFC 8439, 2.8.2)', () => {
    const plaintext = utf8(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    )
    const key = Uint8Array.from({ length: 32 }, (_, at) => 0x80 + at)
    const nonce = fromHex('070000004041424344454647')
    const sealed = seal(key, nonce, plaintext, fromHex('50515253c0c1c2c3c4c5c6c7'))
    equal(toHex(sealed.subarray(0, 16)), 'd31a8d34648e60db7b86afbc53ef7ec2')
    equal(toHex(sealed.subarray(-TAG)), '1ae10b594f09e26a7e902ecbd0600691')
  })
})
