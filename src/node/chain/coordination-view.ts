/** The final coordination chain as a shard sees it (C6, D5): heights, hashes, the proof of the newest block. */
import type { CertifiedHeader } from '../../codec/messages.ts'
import type { Certificate } from '../../codec/statement.ts'
import type { Peer } from '../../net/types.ts'

export interface CoordinationView {
  /** Height of the last final coordination block. */
  finalHeight(): number
  /** Hash of the final block at `height`; waits while it is above the last final one, undefined once stopped. */
  hashAt(height: number): Promise<Uint8Array | undefined>
  /** The last final block: what a leader refers to. */
  tip(): { readonly height: number; readonly hash: Uint8Array }
  /** The last final block's header with its certificate; undefined while only genesis is final. */
  proof(): CertifiedHeader | undefined
  /** A finality certificate that came with a shard's proposal: the coordination chain checks and follows it. */
  hint(certificate: Certificate, from: Peer): void
  /** Called after each final coordination block. */
  onFinal(run: () => void): void
}
