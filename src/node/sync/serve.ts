/** What this node gives to others that sync: ranges of headers that prove themselves, and bodies by height (SYN-2, SYN-4). */
import type { Header } from '../../codec/block.ts'
import type { Certificate } from '../../codec/statement.ts'
import {
  BODIES_ANSWER_BYTES,
  BODIES_FRAME_BYTES,
  BODIES_PER_REQUEST,
  BodyListType,
  CertificateListType,
  HEADERS_PER_ANSWER,
  HEADERS_PER_FRAME,
  HEADERS_PER_REQUEST,
  HeaderListType,
  PARTS_PER_ANSWER,
  RUN_BODY_BYTES
} from '../../codec/sync-messages.ts'
import type { BodyRange, HeaderRange } from '../../codec/sync-messages.ts'
import { LACKS } from '../../net/answers.ts'
import type { Response } from '../../net/types.ts'
import type { ChainStore } from '../../store/chain-store.ts'

/**
 * Up to the highest block with a certificate of its own within the limits, or to the first one above: the answer ends
 * in a proof, as does each epoch in it.
 */
export async function serveHeaders(store: ChainStore, { from, limit }: HeaderRange): Promise<Response> {
  const most = Math.min(limit, HEADERS_PER_REQUEST)
  if (most < 1 || from < 1) return LACKS
  const headers: Header[] = []
  const boundaries: Certificate[] = []
  let bytes = 0
  for (let height = from; headers.length < most; height++) {
    const header = store.header(height)
    const last = headers.at(-1)
    if (header === undefined || (last !== undefined && bytes + header.bodyBytes > RUN_BODY_BYTES)) break
    if (last !== undefined && last.epoch !== header.epoch) {
      const boundary = store.boundary(last.epoch)
      if (boundary === undefined || boundaries.length + 1 >= PARTS_PER_ANSWER) break
      boundaries.push(boundary.certificate)
    }
    bytes += header.bodyBytes
    headers.push(header)
  }
  if (headers.length === 0) return LACKS
  const end = await lastCertified(store, from, from + headers.length - 1)
  if (end === undefined || !fitTo(store, headers, end.height)) return LACKS
  const parts = new Set(headers.map(({ epoch }) => epoch)).size
  const certificates = [...boundaries.slice(0, parts - 1), end.certificate]
  return { result: 'ok', frames: [...headerFrames(headers), CertificateListType.serialize(certificates)] }
}

/** Shortens or lengthens to the certified height; false when that is too far, or behind a boundary. */
function fitTo(store: ChainStore, headers: Header[], end: number): boolean {
  const first = headers[0]?.height ?? end
  if (end - first >= HEADERS_PER_ANSWER) return false
  headers.length = Math.min(headers.length, end - first + 1)
  for (let height = first + headers.length; height <= end; height++) {
    const header = store.header(height)
    if (header === undefined || header.epoch !== headers.at(-1)?.epoch) return false
    headers.push(header)
  }
  return true
}

/** The highest certified height in [from, reach], else the first one above: probes ever further down. */
async function lastCertified(store: ChainStore, from: number, reach: number) {
  for (let back = 0; ; back = back * 2 + 1) {
    const at = Math.max(from, reach - back)
    const found = await store.certificateAtOrAbove(at)
    if (found === undefined || found.height <= reach || at === from) return found
  }
}

function headerFrames(headers: readonly Header[]): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = 0; at < headers.length; at += HEADERS_PER_FRAME) {
    frames.push(HeaderListType.serialize(headers.slice(at, at + HEADERS_PER_FRAME)))
  }
  return frames
}

/** Bodies as they are stored: their hash stands in a header that the asker has, and it compares. */
export function serveBodies(store: ChainStore, { from, limit }: BodyRange): Response {
  const frames: Uint8Array[] = []
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let bytes = 0
  const close = (): void => {
    if (gathered.length > 0) frames.push(BodyListType.serialize(gathered))
    gathered = []
    gatheredBytes = 0
  }
  const end = from + Math.min(limit, BODIES_PER_REQUEST)
  for (let height = Math.max(1, from); height < end; height++) {
    const body = store.body(height)
    if (body === undefined || (bytes > 0 && bytes + body.length > BODIES_ANSWER_BYTES)) break
    bytes += body.length
    gatheredBytes += body.length
    gathered.push(body)
    if (gatheredBytes >= BODIES_FRAME_BYTES) close()
  }
  close()
  return bytes === 0 ? LACKS : { result: 'ok', frames }
}
