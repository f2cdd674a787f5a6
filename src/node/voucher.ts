/**
 * A cooperative's word for a node (DIS-4), as a JSON file: written by whoever has a validator key of the cooperative,
 * read by the node it speaks of. What it proves is for other nodes to say.
 */
import { cooperativeBytes } from '../codec/peer-record.ts'
import type { CooperativeClaim } from '../codec/peer-record.ts'
import { verify } from '../crypto/ed25519.ts'
import type { Signer } from '../crypto/ports.ts'
import { equal, fromHex, toHex } from '../primitives/bytes.ts'
import { KeyFileError } from './node-errors.ts'

export interface Voucher extends CooperativeClaim {
  /** Public key behind the peer id. */
  readonly peer: Uint8Array
}

/** @param untilMs Unix ms after which it proves nothing */
export function vouch(
  network: Uint8Array,
  signer: Signer,
  of: { readonly peer: Uint8Array; readonly cooperative: number; readonly untilMs: number }
): string {
  const { peer, cooperative, untilMs } = of
  const signature = signer.sign(cooperativeBytes(network, peer, { cooperative, untilMs }))
  const content = {
    network: toHex(network),
    peer: toHex(peer),
    cooperative,
    untilMs,
    key: toHex(signer.publicKey),
    signature: toHex(signature)
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

/** @throws KeyFileError KEY_FILE_MALFORMED */
export function readVoucher(path: string, content: string, network: Uint8Array, peer: Uint8Array): Voucher {
  const fields = parse(path, content)
  const bytes = (name: string, length: number): Uint8Array => {
    const value = fields[name]
    try {
      return fromHex(typeof value === 'string' ? value : '-', length)
    } catch (error) {
      if (error instanceof RangeError) throw malformed(path, `${name} is ${length} bytes of hex`)
      throw error
    }
  }
  const { cooperative, untilMs } = fields
  if (!isCount(cooperative) || cooperative < 1 || cooperative > 0xffff)
    throw malformed(path, 'cooperative is a number from 1 to 65535')
  if (!isCount(untilMs)) throw malformed(path, 'untilMs is a time in milliseconds')
  if (!equal(bytes('network', 32), network)) throw malformed(path, 'it is for another network')
  const voucher = {
    peer: bytes('peer', 32),
    cooperative,
    untilMs,
    key: bytes('key', 32),
    signature: bytes('signature', 64)
  }
  if (!equal(voucher.peer, peer)) throw malformed(path, 'it is for another node')
  if (!verify(voucher.signature, cooperativeBytes(network, voucher.peer, voucher), voucher.key))
    throw malformed(path, 'its signature is not valid')
  return voucher
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

function parse(path: string, content: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(content)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw malformed(path, 'not a JSON object')
}

const malformed = (path: string, reason: string): KeyFileError =>
  new KeyFileError({ code: 'KEY_FILE_MALFORMED', path, reason }, `${path} is no voucher: ${reason}`)
