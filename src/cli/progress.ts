/** One line on a terminal that is written over; nothing where nobody looks. */
const INTERVAL_MS = 100
const BAR = 30

export interface ProgressLine {
  readonly show: (what: string, done: number, all: number) => void
  readonly clear: () => void
}

export function progressLine(): ProgressLine {
  const { stderr } = process
  let shownMs = 0
  let isShown = false
  return {
    show: (what, done, all) => {
      const nowMs = performance.now()
      if (!stderr.isTTY || nowMs - shownMs < INTERVAL_MS) return
      shownMs = nowMs
      isShown = true
      stderr.write(`\r\u001B[K${what} ${progressBar(done, all)} ${done}/${all}`)
    },
    clear: () => {
      if (isShown) stderr.write('\r\u001B[K')
      isShown = false
    }
  }
}

export function progressBar(done: number, all: number): string {
  const filled = all === 0 ? BAR : Math.round((Math.min(done, all) * BAR) / all)
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
}
