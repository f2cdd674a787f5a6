/**
 * View timers (C21): local, monotonic, in integer milliseconds. D backs off by 1.3 for each view beyond three without
 * finality, with an absolute cap; Δ follows the measured time from proposal to notarisation and is never lowered by a
 * nullified view.
 */
import type { Params } from '../params/params.ts'

const SAMPLES = 32
const SAMPLES_MIN = 8
/** C19: first resend after 500 ms, × 1.5 up to 5 s while nothing changes, 10 s when nothing is stuck. */
const RESEND_FIRST_MS = 500
const RESEND_MAX_MS = 5_000
const RESEND_IDLE_MS = 10_000

export interface Timers {
  readonly params: Params
  enteredMs: number
  /** Latest measured durations, oldest first. */
  readonly samples: number[]
  deltaMs: number
  resendMs: number
  resendAtMs: number
}

export function createTimers(params: Params, monoMs: number): Timers {
  return {
    params,
    enteredMs: monoMs,
    samples: [],
    deltaMs: params.deltaInitialMs,
    resendMs: RESEND_FIRST_MS,
    resendAtMs: monoMs
  }
}

export function measure(timers: Timers, durationMs: number): void {
  timers.samples.push(Math.max(0, Math.floor(durationMs)))
  if (timers.samples.length > SAMPLES) timers.samples.shift()
  if (timers.samples.length < SAMPLES_MIN) return
  const sorted = timers.samples.toSorted((a, b) => a - b)
  const p90 = sorted[Math.floor((sorted.length * 9) / 10)] ?? timers.deltaMs
  timers.deltaMs = Math.min(timers.params.deltaMaxMs, Math.max(timers.params.deltaMinMs, 2 * p90))
}

/** D of C21. */
export function stepMs(timers: Timers, view: number, finalView: number): number {
  let step = timers.deltaMs
  for (let i = view - finalView - 3; i > 0 && step < timers.params.deltaMaxMs; i--) {
    step = Math.ceil((step * 13) / 10)
  }
  return Math.min(step, timers.params.deltaMaxMs)
}

const intervalMs = (params: Params): number => Math.max(params.minBlockIntervalMs, params.idleIntervalMs)

export const proposalDeadline = (timers: Timers, view: number, finalView: number): number =>
  timers.enteredMs + intervalMs(timers.params) + 2 * stepMs(timers, view, finalView)

export const notarisationDeadline = (timers: Timers, view: number, finalView: number): number =>
  timers.enteredMs + intervalMs(timers.params) + 4 * stepMs(timers, view, finalView)

/** How long a validator listens at start before its first statement: two notarisation timers. */
export const listenMs = (params: Params): number => 2 * (intervalMs(params) + 4 * params.deltaInitialMs)

export function enterTimers(timers: Timers, monoMs: number): void {
  timers.enteredMs = monoMs
  timers.resendMs = RESEND_FIRST_MS
  timers.resendAtMs = Math.min(timers.resendAtMs, monoMs + RESEND_IDLE_MS)
}

/** C19: whether a status is due; schedules the next one. A stuck view or boundary repeats, anything else idles. */
export function resendDue(timers: Timers, monoMs: number, stuck: boolean): boolean {
  if (!stuck && timers.resendAtMs > monoMs + RESEND_IDLE_MS) timers.resendAtMs = monoMs + RESEND_IDLE_MS
  if (stuck && timers.resendAtMs > monoMs + timers.resendMs) timers.resendAtMs = monoMs
  if (monoMs < timers.resendAtMs) return false
  timers.resendAtMs = monoMs + (stuck ? timers.resendMs : RESEND_IDLE_MS)
  if (stuck) timers.resendMs = Math.min(RESEND_MAX_MS, Math.ceil((timers.resendMs * 3) / 2))
  return true
}
