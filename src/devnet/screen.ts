/** Where a run is shown: drawn over itself on a terminal, line by line elsewhere. Never on stdout with `--json`. */
export interface Screen {
  /** Said once and stays. */
  line(text: string): void
  /** Replaces what was shown before; `brief` is its form in one line. */
  show(lines: readonly string[], brief: string): void
  close(): void
}

/** Brief lines come at most this often. */
const BRIEF_EVERY_MS = 5_000

export function createScreen(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? terminalScreen(stream) : lineScreen(stream)
}

function terminalScreen(stream: NodeJS.WriteStream): Screen {
  let shown: readonly string[] = []
  const erase = (): void => {
    if (shown.length > 0) stream.write(`\u001B[${shown.length}A\u001B[0J`)
    shown = []
  }
  return {
    line: (text) => {
      const again = shown
      erase()
      stream.write(`${text}\n`)
      shown = again
      if (again.length > 0) stream.write(`${again.join('\n')}\n`)
    },
    show: (lines) => {
      erase()
      // Longer lines would wrap and break the count of what is to be erased.
      shown = lines.map((line) => line.slice(0, stream.columns - 1))
      stream.write(`${shown.join('\n')}\n`)
    },
    close: () => {
      shown = []
    }
  }
}

function lineScreen(stream: NodeJS.WriteStream): Screen {
  let nextMs = 0
  return {
    line: (text) => stream.write(`${text}\n`),
    show: (_lines, brief) => {
      if (performance.now() < nextMs) return
      nextMs = performance.now() + BRIEF_EVERY_MS
      stream.write(`${brief}\n`)
    },
    close: () => undefined
  }
}
