/** What a lying member answers to whoever syncs; its own chain is in order, and it votes like any other. */
import { BodyListType, CertificateListType, HeaderListType } from '../../codec/sync-messages.ts'
import { decode } from '../../codec/ssz.ts'
import { SnapshotManifestType } from '../../codec/state-snapshot.ts'
import { blockHash } from '../../codec/block.ts'
import type { Header } from '../../codec/block.ts'
import type { Certificate } from '../../codec/statement.ts'
import { LACKS } from '../../net/answers.ts'
import type { RequestProtocol, Response } from '../../net/types.ts'
import type { World } from './world.ts'

export const ANSWER_LIES = ['middle', 'misnamed', 'forgery', 'trap', 'bodies', 'withheld', 'chunks'] as const
export type AnswerLie = (typeof ANSWER_LIES)[number]

/** False answers of one member, until told otherwise. `told` counts them. */
export function lieInAnswers(world: World, liar: number, lie: AnswerLie): { readonly told: () => number } {
  let told = 0
  world.network.answers = ({ from, protocol }, response) => {
    if (from !== liar || response.result !== 'ok') return response
    const said = FALSE_ANSWERS[lie](protocol, response)
    if (said !== response) told++
    return said
  }
  return { told: () => told }
}

export function tellTheTruth({ network }: World): void {
  network.answers = (_answering, response) => response
}

const FALSE_ANSWERS: Readonly<
  Record<AnswerLie, (protocol: RequestProtocol, response: Response) => Response>
> = {
  /** A header that does not hang together with its neighbours, below a certificate that holds. */
  middle: (protocol, response) =>
    withHeaders(protocol, response, (headers) => {
      if (headers.length >= 3) altered(headers, headers.length >> 1)
    }),
  /** A certificate that holds, over another block than the one it comes with. */
  misnamed: (protocol, response) =>
    withHeaders(protocol, response, (headers) => altered(headers, headers.length - 1)),
  /** A certificate that names a block that nobody voted for. */
  forgery: (protocol, response) =>
    withHeaders(protocol, response, (headers, certificates) => {
      altered(headers, headers.length - 1)
      const [header, certificate] = [headers.at(-1), certificates.at(-1)]
      if (header === undefined || certificate === undefined) return
      certificates[certificates.length - 1] = { ...certificate, hash: blockHash(header) }
    }),
  /** The same with a body that nobody has: whoever is asked for it seems to lie. */
  trap: (protocol, response) =>
    withHeaders(protocol, response, (headers, certificates) => {
      const [header, certificate] = [headers.at(-1), certificates.at(-1)]
      if (header === undefined || certificate === undefined) return
      const trap = { ...header, bodyHash: header.bodyHash.map((byte) => byte ^ 1) }
      headers[headers.length - 1] = trap
      certificates[certificates.length - 1] = { ...certificate, hash: blockHash(trap) }
    }),
  /** Bodies of the right length and another content. */
  bodies: (protocol, response) =>
    protocol === 'ranges' ? { ...response, frames: response.frames.map(falseBodies) } : response,
  /** Pieces of a state that are not the one that its manifest states. */
  chunks: (protocol, response) =>
    protocol !== 'snapshot' || response.frames.some((frame) => decode(SnapshotManifestType, frame).ok)
      ? response
      : { ...response, frames: response.frames.map((frame) => frame.map((byte) => byte ^ 1)) },
  /** Headers without the bodies. */
  withheld: (protocol, response) => (protocol === 'ranges' ? LACKS : response)
}

function withHeaders(
  protocol: RequestProtocol,
  response: Response,
  change: (headers: Header[], certificates: Certificate[]) => void
): Response {
  const last = response.frames.at(-1)
  if (protocol !== 'headers' || last === undefined) return response
  const headers = response.frames.slice(0, -1).flatMap((frame) => HeaderListType.deserialize(frame))
  const certificates = CertificateListType.deserialize(last)
  const before = headers.map((header) => header)
  change(headers, certificates)
  if (headers.every((header, at) => header === before[at])) return response
  return {
    ...response,
    frames: [HeaderListType.serialize(headers), CertificateListType.serialize(certificates)]
  }
}

/** A millisecond later: a block that is as valid as the true one. */
function altered(headers: Header[], at: number): void {
  const header = headers[at]
  if (header !== undefined) headers[at] = { ...header, timeMs: header.timeMs + 1 }
}

const falseBodies = (frame: Uint8Array): Uint8Array =>
  BodyListType.serialize(BodyListType.deserialize(frame).map((body) => body.map((byte) => byte ^ 1)))
