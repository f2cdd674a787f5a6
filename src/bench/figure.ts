/**
 * One line of `icn bench`: a time or a size of the product, the limit beside it, of this machine in the same run, and
 * how many times the limit it takes. Absolute times belong to one machine and hour; ratios can be compared.
 */
export interface Figure {
  readonly name: string
  readonly what: string
  readonly unit: 'µs' | 'ms' | 'kB'
  readonly value: number
  readonly raw: { readonly what: string; readonly value: number }
  /** Most that the product promises, in the same unit. */
  readonly bar?: number
}

export interface Bench {
  /** As `--only` takes it. */
  readonly name: string
  readonly summary: string
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>
}

export interface BenchContext {
  /** Progress for people. */
  readonly note: (text: string) => void
  /** A directory of this run alone; deleted when it ends. */
  readonly directory: string
  /** Seconds of each run of a whole network. */
  readonly networkS: number
}

export const ratio = ({ value, raw }: Figure): number => value / raw.value

export const isMet = ({ value, bar }: Figure): boolean => bar === undefined || value <= bar

const number = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** Lines of a table for people; the same figures as `--json`. */
export function tableLines(figures: readonly Figure[]): string[] {
  const rows = [
    ['figure', 'takes', 'limit', 'ratio', 'bar', 'what it is, and the limit beside it'],
    ...figures.map((figure) => [
      figure.name,
      `${number(figure.value)} ${figure.unit}`,
      `${number(figure.raw.value)} ${figure.unit}`,
      number(ratio(figure)),
      figure.bar === undefined ? '' : `${number(figure.bar)} ${isMet(figure) ? 'met' : 'MISSED'}`,
      `${figure.what} | ${figure.raw.what}`
    ])
  ]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
}
