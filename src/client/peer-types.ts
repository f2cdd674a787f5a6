/** JSON of what a node holds against its peers, and of what its operator may change (RPC-11, RPC-18). */

/** A peer that this node does not connect to until then. */
export interface BanJson {
  readonly peer: string
  readonly untilMs: number
  readonly reason: string
  /** Bans of this peer so far; each lasts twice as long as the one before. */
  readonly bans: number
}
export type PeerFactName = 'invalid' | 'broken-promise' | 'lacks' | 'limited' | 'slow' | 'our-fault'
export interface PeerStandingJson {
  readonly peer: string
  readonly connected: boolean
  readonly address: string | null
  /** −100 … 100, halved every ten minutes. */
  readonly score: number
  readonly ban: BanJson | null
  /** The last facts, oldest first. */
  readonly events: readonly { readonly atMs: number; readonly fact: PeerFactName; readonly why: string }[]
}
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevelName = (typeof LOG_LEVELS)[number]
