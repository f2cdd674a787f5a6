/** Bodies of an answer against the headers they were asked for: by `bodyHash` alone (D6, SYN-4). */
import { equal } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { bodyHash } from '../codec/block.ts'
import { decodeViews } from '../codec/ssz.ts'
import { BodyListType } from '../codec/sync-messages.ts'
import type { LinkedHeader } from './header-run.ts'

/** An answer may end early: what it holds has to be the bodies of the first headers, in order, and at least one. */
export function readBodies(
  frames: readonly Uint8Array[],
  headers: readonly LinkedHeader[]
): Verdict<Uint8Array[], 'malformed' | 'wrong-body'> {
  const bodies: Uint8Array[] = []
  for (const frame of frames) {
    const list = decodeViews(BodyListType, frame)
    if (!list.ok) return refuse('malformed', list.detail)
    for (const body of list.value) {
      const header = headers[bodies.length]?.header
      if (header === undefined) return refuse('malformed', 'more bodies than were asked for')
      if (body.length !== header.bodyBytes || !equal(bodyHash(body), header.bodyHash)) {
        return refuse('wrong-body', `not the body of ${header.height}`)
      }
      bodies.push(body)
    }
  }
  return bodies.length === 0 ? refuse('malformed', 'no bodies') : accept(bodies)
}
