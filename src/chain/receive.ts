/** A block out of bytes that came from outside or disk: canonical, and the body is the one the header names. */
import { equal } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { BodyType, blockHash, bodyHash } from '../codec/block.ts'
import type { Block, Header } from '../codec/block.ts'
import { decode } from '../codec/ssz.ts'

export function receiveBlock(
  header: Header,
  bodyBytes: Uint8Array
): Verdict<Block, 'not-canonical' | 'wrong-body'> {
  if (header.bodyBytes !== bodyBytes.length || !equal(header.bodyHash, bodyHash(bodyBytes))) {
    return refuse('wrong-body', 'the body is not the one the header names')
  }
  const body = decode(BodyType, bodyBytes)
  if (!body.ok) return body
  return accept({ header, hash: blockHash(header), bodyBytes, body: body.value })
}
