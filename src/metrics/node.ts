/** The node as a whole: guard, invariants, queues, event loop. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

/** How often the loop is probed, ms. Lag below it is not seen. */
const PROBE_MS = 20
const NANOSECONDS = 1e9

/** What the auditor watches, and chains that halted. */
export const INVARIANTS = ['supply', 'height', 'lanes', 'halted'] as const

export function declareNodeMetrics(registry: Registry) {
  const registers = [registry]
  const delay = monitorEventLoopDelay({ resolution: PROBE_MS })
  const lag = new Gauge({
    name: 'icn_event_loop_lag_seconds',
    help: 'Delay of the event loop since the last reading, 99th percentile',
    registers,
    collect() {
      const p99 = delay.count > 0 ? delay.percentile(99) / NANOSECONDS : 0
      this.set(Math.max(0, p99 - PROBE_MS / 1_000))
      delay.reset()
    }
  })
  const invariantViolations = new Counter({
    name: 'icn_invariant_violations_total',
    help: 'Broken invariants found by the auditor: one is an alarm',
    labelNames: ['invariant'] as const,
    registers
  })
  // From the start: a series that begins at 1 shows no rise.
  for (const invariant of INVARIANTS) invariantViolations.inc({ invariant }, 0)
  return {
    signGuardRefusals: new Counter({
      name: 'icn_sign_guard_refusals_total',
      help: 'Statements the sign guard did not let pass',
      registers
    }),
    invariantViolations,
    queueLength: new Gauge({
      name: 'icn_queue_length',
      help: 'Entries in a bounded queue',
      labelNames: ['queue'] as const,
      registers
    }),
    lag,
    start: (): void => void delay.enable(),
    stop: (): void => void delay.disable()
  }
}
