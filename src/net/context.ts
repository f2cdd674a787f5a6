/** What every part of the running network shares. One per `start`; its signal ends with `stop`. */
import { setTimeout as delay } from 'node:timers/promises'
import { AssertionFailure } from '../primitives/errors.ts'
import type { Host } from './host.ts'
import { Lanes } from './lanes.ts'
import { NET_LIMITS } from './limits.ts'
import type { NetMetrics } from './metrics.ts'
import type { Peer, PeerFact } from './types.ts'

/** Structured log line: what happened, and the facts. Never raw bytes of a peer. */
export type NetLog = (event: string, facts: Readonly<Record<string, string | number>>) => void

export interface NetContext {
  readonly host: Host
  readonly networkId: Uint8Array
  readonly metrics: NetMetrics
  /** Where inbound work waits for its turn (D11). */
  readonly lanes: Lanes
  readonly log: NetLog
  readonly signal: AbortSignal
  readonly report: (peer: Peer, fact: PeerFact, why: string) => void
}

/** Monotonic milliseconds. */
export const monotonicMs = (): number => performance.now()

/** Resolves early, without an error, when the network stops. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Ends with the network or after `ms`. */
export const deadline = (context: NetContext, ms: number): AbortSignal =>
  AbortSignal.any([context.signal, AbortSignal.timeout(ms)])

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * What a callback of the node threw: our own fault, and nothing a peer pays for. A broken invariant among them ends the
 * process, as it would anywhere else, instead of being counted and forgotten.
 */
export function ownFault(error: unknown): string {
  if (error instanceof AssertionFailure) {
    queueMicrotask(() => {
      throw error
    })
  }
  return messageOf(error)
}

/** The lanes of one start, with the bounds of protocols/limits.md. */
export const inboundLanes = (metrics: NetMetrics, log: NetLog): Lanes =>
  new Lanes({
    limits: {
      consensus: {
        messages: NET_LIMITS.consensusLaneMessages,
        bytes: NET_LIMITS.consensusLaneBytes,
        judging: NET_LIMITS.consensusLaneJudging
      },
      transactions: {
        messages: NET_LIMITS.txLaneMessages,
        bytes: NET_LIMITS.txLaneBytes,
        judging: NET_LIMITS.txLaneJudging
      },
      discovery: {
        messages: NET_LIMITS.discoveryLaneMessages,
        bytes: NET_LIMITS.discoveryLaneBytes,
        judging: NET_LIMITS.discoveryLaneJudging
      }
    },
    sliceMs: NET_LIMITS.laneSliceMs,
    nowMs: monotonicMs,
    defer: (run) => void setImmediate(run),
    onLength: (lane, length) => metrics.queue(`lane-${lane}`, length),
    onFault: (lane, error) => log('job failed', { lane, reason: ownFault(error) })
  })
