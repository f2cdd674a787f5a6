/** How fast sync moves, when it will be done, and whether it stands still (SYN-13). */
import { SYNC_LIMITS } from './limits.ts'
import type { Env } from './types.ts'

export interface Progress {
  /** Stored heights by time, the newest last. */
  readonly samples: { readonly atMs: number; readonly height: number }[]
  movedMs: number
  /** Of a live chain: the height at `movedMs`. */
  standsAt: number
  stalled: string | undefined
}

/** The rate is taken over the last ten seconds. */
const SAMPLES_MAX = 20
const SAMPLE_EVERY_MS = 500

export const createProgress = (nowMs: number): Progress => ({
  samples: [],
  movedMs: nowMs,
  standsAt: 0,
  stalled: undefined
})

export function noteStored(progress: Progress, height: number, nowMs: number): void {
  progress.movedMs = nowMs
  const last = progress.samples.at(-1)
  if (last !== undefined && nowMs - last.atMs < SAMPLE_EVERY_MS) return
  progress.samples.push({ atMs: nowMs, height })
  if (progress.samples.length > SAMPLES_MAX) progress.samples.shift()
}

export function restartProgress(progress: Progress, height: number, nowMs: number): void {
  progress.samples.splice(0)
  progress.samples.push({ atMs: nowMs, height })
  progress.movedMs = nowMs
}

export function blocksPerS({ samples }: Progress, height: number, nowMs: number): number {
  const [first] = samples
  if (first === undefined || nowMs <= first.atMs) return 0
  return ((height - first.height) * 1_000) / (nowMs - first.atMs)
}

/** The height to be reached as far as anybody says: the median of what is claimed, so that one liar moves it little. */
export function claimedHeight(env: Env, atLeast: number): number {
  const claims = env.peers.map(({ height }) => height).sort((a, b) => a - b)
  return Math.max(atLeast, claims[Math.floor(claims.length / 2)] ?? 0)
}

export const isOverdue = (progress: Progress, nowMs: number): boolean =>
  nowMs - progress.movedMs >= SYNC_LIMITS.stallMs
