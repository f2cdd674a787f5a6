/** The machine's clocks behind the port of the drivers. */
import type { Clock } from '../node/ports.ts'

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => Math.floor(performance.now()),
  at(monoMs, run) {
    let timer: NodeJS.Timeout
    const arm = (): void => {
      timer = setTimeout(fire, Math.max(0, Math.ceil(monoMs - performance.now())))
    }
    // A timer of the event loop may fire up to a millisecond early; what was asked for is "not before".
    const fire = (): void => {
      if (systemClock.monoMs() < monoMs) arm()
      else run()
    }
    arm()
    return () => clearTimeout(timer)
  },
  soon: (run) => void setImmediate(run)
}
