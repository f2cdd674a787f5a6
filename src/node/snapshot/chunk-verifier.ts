/** Where the chunks of a snapshot are verified (SNAP-5): on threads of their own in a node, here in a simulation. */
import type { Verdict } from '../../primitives/result.ts'
import { verifyChunk } from '../../state/chunk.ts'
import type { ChunkCode, VerifiedChunk } from '../../state/chunk.ts'
import type { ChunkPlace } from '../../state/subtree.ts'

export interface ChunkVerifier {
  /** Nothing of a chunk may be kept before this accepts it. The bytes are given away: nobody reads them afterwards. */
  verify(bytes: Uint8Array, place: ChunkPlace, hash: Uint8Array): Promise<Verdict<VerifiedChunk, ChunkCode>>
  /** Pages that were stored, which nobody reads any more: others may be written where they lie. */
  reuse(pages: Uint8Array): void
  /** More is to come: what stands ready for it stays so until the function that it returns is called. */
  hold(): () => void
}

/** Within the turn of whoever asks, which a chunk takes for some 10 ms. */
export const verifyHere: ChunkVerifier = {
  verify: async (bytes, place, hash) => Promise.resolve(verifyChunk(bytes, place, hash)),
  reuse: () => undefined,
  hold: () => () => undefined
}
