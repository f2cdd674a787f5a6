/** What this node gives to others on request (D12): blocks by hash, unfinal ones included, and ranges of final blocks. */
import { toHex } from '../../primitives/bytes.ts'
import type { Block } from '../../codec/block.ts'
import { BlockEnvelopeType, MAX_RANGE_BLOCKS } from '../../codec/messages.ts'
import type { BlocksByHash, FinalRange } from '../../codec/messages.ts'
import { CertificateType } from '../../codec/statement.ts'
import type { Instance } from '../../consensus/instance.ts'
import { LACKS } from '../../net/answers.ts'
import type { Response } from '../../net/types.ts'
import type { ChainStore } from '../../store/chain-store.ts'

/** Body bytes of one answer; a range ends early rather than exceed it, but always has one block. */
const ANSWER_BODY_BYTES = 1024 * 1024

const envelope = ({ header, bodyBytes }: Pick<Block, 'header' | 'bodyBytes'>): Uint8Array =>
  BlockEnvelopeType.serialize({ header, body: bodyBytes })

export function serveBlocks(store: ChainStore, instance: Instance, request: BlocksByHash): Response {
  const frames: Uint8Array[] = []
  for (const hash of request.hashes) {
    const unfinal = instance.blocks.get(toHex(hash))?.block
    const height = unfinal === undefined ? store.heightOfHash(hash) : undefined
    const block = unfinal ?? (height === undefined ? undefined : store.block(height))
    if (block !== undefined) frames.push(envelope(block))
  }
  return frames.length === 0 ? LACKS : { result: 'ok', frames }
}

/** From `from` upwards within its epoch to the highest block that has a certificate of its own. */
export async function serveRange(store: ChainStore, request: FinalRange): Promise<Response> {
  const first = request.from > 0 ? store.header(request.from) : undefined
  const limit = Math.min(request.limit, MAX_RANGE_BLOCKS)
  if (first === undefined || limit < 1) return LACKS
  let reach = request.from
  let bytes = first.bodyBytes
  while (reach + 1 < request.from + limit) {
    const next = store.header(reach + 1)
    if (next === undefined || next.epoch !== first.epoch || bytes + next.bodyBytes > ANSWER_BODY_BYTES) break
    bytes += next.bodyBytes
    reach++
  }
  const certified = await lastCertified(store, request.from, reach)
  if (certified === undefined) return LACKS
  const frames: Uint8Array[] = []
  for (let height = request.from; height <= certified.height; height++) {
    const block = store.block(height)
    if (block === undefined) return LACKS
    frames.push(envelope(block))
  }
  frames.push(CertificateType.serialize(certified.certificate))
  return { result: 'ok', frames }
}

/** The highest certified height in [from, reach], else the first one above: probes ever further down. */
async function lastCertified(store: ChainStore, from: number, reach: number) {
  for (let back = 0; ; back = back * 2 + 1) {
    const at = Math.max(from, reach - back)
    const found = await store.certificateAtOrAbove(at)
    if (found === undefined || found.height <= reach || at === from) return found
  }
}
