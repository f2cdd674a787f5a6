/** What a scenario says, and the bars it must clear. */
import { loadavg } from 'node:os'

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** A figure is worth what else the machine did meanwhile. */
export const load = (): string =>
  loadavg()
    .map((minutes) => minutes.toFixed(1))
    .join(' ')

export class Bars {
  failed = 0

  check(what: string, isMet: boolean, figure: string | number | null): void {
    if (!isMet) this.failed++
    say(`  ${isMet ? 'PASS' : 'FAIL'} ${what}: ${figure ?? 'none'}`)
  }

  atMost(what: string, figure: number | null, most: number): void {
    this.check(`${what} ≤ ${most}`, figure !== null && figure <= most, figure)
  }

  atLeast(what: string, figure: number, least: number): void {
    this.check(`${what} ≥ ${least}`, figure >= least, figure)
  }
}

/** `data` does not exist yet and goes with the scenario. */
export type Scenario = (data: string, bars: Bars) => Promise<void>

/** Two decimals are enough for a ratio. */
export const ratio = (a: number, b: number): number => Math.round((100 * a) / b) / 100

/** The upper one of two in the middle. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.POSITIVE_INFINITY
