/** Signatures on both sides of the acceptance rule (CRY-1 … CRY-3). */
import { verify } from '../../src/crypto/ed25519.ts'
import { toHex, utf8 } from '../../src/primitives/bytes.ts'
import { edgeSignature, exactEdgeSignature, malleated } from '../../test/support/edge-signatures.ts'
import { smallOrderEncodings, unreducedEncodings } from '../../test/support/edge-signatures.ts'
import type { Plain } from './plain.ts'
import { COMMITTEE, statement, vote } from './samples.ts'
import { signedBytes } from '../../src/codec/statement.ts'
import { NETWORK } from './samples.ts'

interface Signed {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export function signatures(): Plain {
  const held = vote(statement(), 0)
  const honest: Signed = {
    publicKey: COMMITTEE[0]?.publicKey ?? new Uint8Array(0),
    message: signedBytes(NETWORK, held),
    signature: held.signature
  }
  const torsion = { a: 999n, r: 555n, keyTorsion: 1, rTorsion: 3 }
  const exact = exactEdgeSignature(torsion)
  const smallKey = exactEdgeSignature({ a: 0n, r: 4242n, keyTorsion: 0, rTorsion: 0 })
  const smallR = exactEdgeSignature({ a: 777n, r: 0n, keyTorsion: 0, rTorsion: 0 })
  if (exact === undefined || smallKey === undefined || smallR === undefined)
    throw new Error('no edge case found')
  const cleared = edgeSignature({ ...torsion, rTorsion: 0, message: utf8('cofactor 1') })
  const withR = (r: Uint8Array): Signed => ({
    ...honest,
    signature: Uint8Array.from([...r, ...honest.signature.subarray(32)])
  })
  const cases: [string, string, boolean, Signed][] = [
    ['honest', 'CRY-1', true, honest],
    ['another message', 'CRY-3', false, { ...honest, message: utf8('another') }],
    ['S + L', 'CRY-2', false, { ...honest, signature: malleated(honest.signature) }],
    ['63 bytes', 'CRY-2', false, { ...honest, signature: honest.signature.subarray(0, 63) }],
    ['65 bytes', 'CRY-2', false, { ...honest, signature: Uint8Array.from([...honest.signature, 0]) }],
    ['key of 31 bytes', 'CRY-2', false, { ...honest, publicKey: honest.publicKey.subarray(1) }],
    ['torsion in key and R, equation exact', 'CRY-3', true, exact],
    ['torsion in key, equation only after clearing the cofactor', 'CRY-3', cleared.exact, cleared],
    ['key of small order, equation exact', 'CRY-2', false, smallKey],
    ['R of small order, equation exact', 'CRY-2', false, smallR]
  ]
  smallOrderEncodings().forEach((point, i) => {
    cases.push([`small-order key ${i}`, 'CRY-2', false, { ...honest, publicKey: point }])
    cases.push([`small-order R ${i}`, 'CRY-2', false, withR(point)])
  })
  unreducedEncodings().forEach((point, i) =>
    cases.push([`key y = p + ${i}`, 'CRY-2', false, { ...honest, publicKey: point }])
  )
  return { rules: ['CRY-1', 'CRY-2', 'CRY-3'], cases: cases.map((entry) => plainCase(...entry)) }
}

function plainCase(
  name: string,
  rule: string,
  valid: boolean,
  { publicKey, message, signature }: Signed
): Plain {
  if (verify(signature, message, publicKey) !== valid) throw new Error(`another verdict than stated: ${name}`)
  return {
    name,
    rule,
    valid: valid ? 1 : 0,
    publicKey: toHex(publicKey),
    message: toHex(message),
    signature: toHex(signature)
  }
}
