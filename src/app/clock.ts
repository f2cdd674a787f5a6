/** The machine's clocks behind the port of the drivers. */
import type { Clock } from '../node/ports.ts'

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => Math.floor(performance.now()),
  at(monoMs, run) {
    const timer = setTimeout(run, Math.max(0, Math.ceil(monoMs - performance.now())))
    return () => clearTimeout(timer)
  },
  soon: (run) => void setImmediate(run)
}
