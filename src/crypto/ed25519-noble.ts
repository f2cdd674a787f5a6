/**
 * Ed25519 where there is no libsodium (browsers), and the reference in differential tests.
 * Signing is RFC 8032 by the library. Verification is composed here, because the library's strict mode clears the
 * cofactor and so accepts signatures that libsodium refuses (numbers 4 and 5 of the published edge cases).
 * protocols/crypto.md CRY-1 … CRY-3 is what both back ends do.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concat, equal } from '../primitives/bytes.ts'

const { Point } = ed25519
const ORDER = Point.Fn.ORDER

export function publicKeyFromSeed(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(checkedSeed(seed))
}

/** @param seed 32 bytes. @returns 64 bytes of signature over `message`. */
export function signWithSeed(message: Uint8Array, seed: Uint8Array): Uint8Array {
  return ed25519.sign(message, checkedSeed(seed))
}

/** A function that signs with one key; it keeps its own copy of the seed. */
export function createSigningFunction(seed: Uint8Array): (message: Uint8Array) => Uint8Array {
  const own = checkedSeed(seed).slice()
  return (message) => ed25519.sign(message, own)
}

/** Never throws: bytes of a wrong length are a false signature. */
export function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  const encodedR = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  if (s >= ORDER) return false
  const keyPoint = strictPoint(publicKey)
  if (keyPoint === undefined || strictPoint(encodedR) === undefined) return false
  // Reduced before the multiplication, as libsodium does: it matters for keys with a torsion component.
  const challenge = littleEndian(sha512(concat(encodedR, publicKey, message))) % ORDER
  const expected = Point.BASE.multiplyUnsafe(s).subtract(keyPoint.multiplyUnsafe(challenge))
  // Compared without clearing the cofactor. Byte equality is point equality: R was decoded canonically.
  return equal(expected.toBytes(), encodedR)
}

/** @returns undefined for what CRY-2 refuses: not canonical, not on the curve, of small order. */
function strictPoint(bytes: Uint8Array): InstanceType<typeof Point> | undefined {
  let point: InstanceType<typeof Point>
  try {
    point = Point.fromBytes(bytes, false)
  } catch {
    // The library's only way to say that these 32 bytes encode no point.
    return undefined
  }
  return point.isSmallOrder() ? undefined : point
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0)
  return value
}

function checkedSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  return seed
}
