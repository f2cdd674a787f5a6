/** How the benchmarks time: work and raw limit take turns, so that a busy machine slows both; medians of several runs. */
const WARM_UP = 3
const RUNS = 9

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export interface Compared<T> {
  /** Not timed. */
  readonly prepare: (run: number) => T | Promise<T>
  readonly work: (prepared: T) => unknown
  readonly raw: (run: number) => unknown
}

/** Median milliseconds of both. */
export async function compare<T>(
  { prepare, work, raw }: Compared<T>,
  runs: number = RUNS
): Promise<{ readonly value: number; readonly raw: number }> {
  const values: number[] = []
  const raws: number[] = []
  for (let run = 0; run < WARM_UP + runs; run++) {
    const prepared = await prepare(run)
    const value = await milliseconds(() => work(prepared))
    const limit = await milliseconds(() => raw(run))
    if (run < WARM_UP) continue
    values.push(value)
    raws.push(limit)
  }
  return { value: median(values), raw: median(raws) }
}

async function milliseconds(work: () => unknown): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

export const nothing = (): void => undefined
