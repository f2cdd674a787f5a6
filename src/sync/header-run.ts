/**
 * A run: headers that hang together by hash, with the finality certificate of the last header of each epoch (SYN-2).
 * What is checked here needs no committee: canonical bytes, heights, links, and that each certificate names its header.
 * The certificates' signatures come later, when the committee of their epoch is known.
 */
import { equal } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { FINALISE } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { decode } from '../codec/ssz.ts'
import { CertificateListType, HEADERS_PER_ANSWER, HeaderListType } from '../codec/sync-messages.ts'

export interface LinkedHeader {
  readonly header: Header
  readonly hash: Uint8Array
}

/** The headers of one epoch within a run. */
export interface RunPart {
  readonly epoch: number
  readonly to: number
  readonly certificate: Certificate
}

export interface HeaderRun {
  readonly from: number
  readonly to: number
  /** Hash of the block below the first header. */
  readonly parent: Uint8Array
  readonly headers: readonly LinkedHeader[]
  /** In height order; the last one ends with the run. */
  readonly parts: readonly RunPart[]
}

export const runHash = ({ headers, parent }: HeaderRun): Uint8Array => headers.at(-1)?.hash ?? parent

export interface Expected {
  readonly network: Uint8Array
  readonly chain: ChainId
  readonly from: number
}

export function readHeaderRun(
  frames: readonly Uint8Array[],
  expected: Expected
): Verdict<HeaderRun, 'malformed'> {
  const last = frames.at(-1)
  if (last === undefined || frames.length < 2) return malformed('headers and certificates are due')
  const headers = readHeaders(frames.slice(0, -1), expected)
  if (!headers.ok) return headers
  const certificates = decode(CertificateListType, last)
  if (!certificates.ok) return malformed(certificates.detail)
  const parts = divide(headers.value, certificates.value, expected.chain)
  if (!parts.ok) return parts
  const [first] = headers.value
  if (first === undefined) return malformed('no headers')
  const to = expected.from + headers.value.length - 1
  return accept({
    from: expected.from,
    to,
    parent: first.header.parent,
    headers: headers.value,
    parts: parts.value
  })
}

function readHeaders(
  frames: readonly Uint8Array[],
  { network, chain, from }: Expected
): Verdict<LinkedHeader[], 'malformed'> {
  const headers: LinkedHeader[] = []
  let parent: Uint8Array | undefined
  for (const frame of frames) {
    const list = decode(HeaderListType, frame)
    if (!list.ok) return malformed(list.detail)
    if (headers.length + list.value.length > HEADERS_PER_ANSWER) return malformed('too many headers')
    for (const header of list.value) {
      if (header.height !== from + headers.length) return malformed(`height ${header.height} is out of turn`)
      if (header.chain !== chain || !equal(header.network, network))
        return malformed('a header of another chain')
      if (parent !== undefined && !equal(header.parent, parent))
        return malformed(`${header.height} does not link`)
      parent = blockHash(header)
      headers.push({ header, hash: parent })
    }
  }
  return accept(headers)
}

/** One certificate for each stretch of equal epoch, over its last header. */
function divide(
  headers: readonly LinkedHeader[],
  certificates: readonly Certificate[],
  chain: ChainId
): Verdict<RunPart[], 'malformed'> {
  const ends = headers.filter(({ header }, at) => headers[at + 1]?.header.epoch !== header.epoch)
  if (ends.length !== certificates.length) return malformed(`${certificates.length} certificates`)
  const parts: RunPart[] = []
  for (const [at, { header, hash }] of ends.entries()) {
    const certificate = certificates[at]
    const proves =
      certificate !== undefined &&
      certificate.kind === FINALISE &&
      certificate.chain === chain &&
      certificate.epoch === header.epoch &&
      equal(certificate.hash, hash)
    if (!proves) return malformed(`no finality of ${header.height}`)
    if (header.epoch <= (parts.at(-1)?.epoch ?? -1)) return malformed('an epoch goes back')
    parts.push({ epoch: header.epoch, to: header.height, certificate })
  }
  return accept(parts)
}

/** What is left of a run above a height; undefined if nothing is. The proof at the end of a part stays. */
export function runAbove(run: HeaderRun, height: number): HeaderRun | undefined {
  if (height < run.from) return run
  if (height >= run.to) return undefined
  const headers = run.headers.slice(height + 1 - run.from)
  const parent = run.headers[height - run.from]?.hash ?? run.parent
  return { from: height + 1, to: run.to, parent, headers, parts: run.parts.filter(({ to }) => to > height) }
}

const malformed = (detail: string) => refuse('malformed', detail)
