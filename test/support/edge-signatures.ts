/**
 * Signatures at the edge of the acceptance rule, built from the group itself: with torsion in key and R, where the
 * equation without cofactor holds exactly, and where it holds only after clearing the cofactor.
 */
import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'

const { Point } = ed25519
type CurvePoint = InstanceType<typeof Point>
export const ORDER = Point.Fn.ORDER
const FIELD = 2n ** 255n - 19n

export interface SignedCase {
  readonly title: string
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export function littleEndian(value: bigint): Uint8Array {
  const out = new Uint8Array(32)
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) out[i] = Number(rest & 255n)
  return out
}

export const fromLittleEndian = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)

/** The eight points of small order, multiples of one of order eight. */
export const TORSION: readonly CurvePoint[] = (() => {
  const generator = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
  const points = [Point.ZERO]
  for (let i = 1; i < 8; i++) points.push(points[i - 1]!.add(generator))
  return points
})()

/** Every 32-byte string that stands for a point of small order, canonical or not, with both signs. */
export function smallOrderEncodings(): Uint8Array[] {
  const found = new Map<string, Uint8Array>()
  for (const point of TORSION) {
    for (const y of [point.toAffine().y, point.toAffine().y + FIELD]) {
      if (y >= 2n ** 255n) continue
      for (const sign of [0n, 1n]) {
        const bytes = littleEndian(y | (sign << 255n))
        found.set(Buffer.from(bytes).toString('hex'), bytes)
      }
    }
  }
  return [...found.values()]
}

/** Strings whose y is at or above the field's prime: 2^255 − 19 … 2^255 − 1. */
export const unreducedEncodings = (): Uint8Array[] =>
  Array.from({ length: 19 }, (_, i) => littleEndian(FIELD + BigInt(i)))

function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return fromLittleEndian(createHash('sha512').update(r).update(key).update(message).digest()) % ORDER
}

export interface EdgeInput {
  /** Secret scalar of the key; 0 leaves only its torsion. */
  readonly a: bigint
  /** Secret scalar of R; 0 leaves only its torsion. */
  readonly r: bigint
  readonly keyTorsion: number
  readonly rTorsion: number
  readonly message: Uint8Array
}

const times = (scalar: bigint): CurvePoint => Point.BASE.multiplyUnsafe(scalar)

/** S·B = R + k·A always holds after multiplication by eight; `exact` says whether it holds without. */
export function edgeSignature(input: EdgeInput): SignedCase & { readonly exact: boolean } {
  const keyTorsion = TORSION[input.keyTorsion]!
  const rTorsion = TORSION[input.rTorsion]!
  const publicKey = times(input.a).add(keyTorsion).toBytes()
  const encodedR = times(input.r).add(rTorsion).toBytes()
  const k = challenge(encodedR, publicKey, input.message)
  const s = littleEndian((input.r + k * input.a) % ORDER)
  const exact = (Number(k % 8n) * input.keyTorsion + input.rTorsion) % 8 === 0
  const title = `key torsion ${input.keyTorsion}, R torsion ${input.rTorsion}, exact ${exact}`
  return { title, publicKey, message: input.message, signature: Buffer.concat([encodedR, s]), exact }
}

/** The first message for which the case holds without clearing the cofactor. */
export function exactEdgeSignature(input: Omit<EdgeInput, 'message'>): SignedCase | undefined {
  for (let i = 0n; i < 128n; i++) {
    const signed = edgeSignature({ ...input, message: littleEndian(i) })
    if (signed.exact) return signed
  }
  return undefined
}

/** The same signature with S + L: the equation still holds, the encoding is a second one. */
export function malleated(signature: Uint8Array): Uint8Array {
  const s = fromLittleEndian(signature.subarray(32)) + ORDER
  return Buffer.concat([signature.subarray(0, 32), littleEndian(s)])
}
