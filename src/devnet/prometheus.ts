/** Reads the text form of /metrics: samples by name, and quantiles of a histogram between two readings. */
export interface MetricSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)$/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

export function parseMetrics(text: string): MetricSample[] {
  const samples: MetricSample[] = []
  for (const line of text.split('\n')) {
    const match = LINE.exec(line)
    const [, name, labels = '', value] = match ?? []
    if (name === undefined || value === undefined) continue
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text_ = '']) => [key, text_] as const)
    samples.push({
      name,
      labels: Object.fromEntries(pairs),
      value: value === '+Inf' ? Infinity : Number(value)
    })
  }
  return samples
}

/** The sum over all samples of that name whose labels include the given ones. */
export function metricSum(
  samples: readonly MetricSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {}
): number {
  const wanted = Object.entries(labels)
  return samples
    .filter((each) => each.name === name && wanted.every(([key, value]) => each.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0)
}

/** Upper bound and cumulative count of each bucket, ascending. */
export type Buckets = readonly (readonly [number, number])[]

export const bucketsOf = (
  samples: readonly MetricSample[],
  name: string,
  labels: Readonly<Record<string, string>>
): Buckets => {
  const wanted = Object.entries(labels)
  return samples
    .filter(
      (each) => each.name === `${name}_bucket` && wanted.every(([key, value]) => each.labels[key] === value)
    )
    .map(({ labels: { le = '+Inf' }, value }) => [le === '+Inf' ? Infinity : Number(le), value] as const)
    .sort(([a], [b]) => a - b)
}

/** What was observed since `before`. */
export const sinceBuckets = (now: Buckets, before: Buckets): Buckets =>
  now.map(([bound, count], index) => [bound, count - (before[index]?.[1] ?? 0)])

/** Linear within its bucket; undefined without observations; the last finite bound for what lies above it. */
export function quantile(buckets: Buckets, q: number): number | undefined {
  const total = buckets.at(-1)?.[1] ?? 0
  if (total <= 0) return undefined
  const rank = q * total
  let [lowBound, lowCount] = [0, 0]
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lowBound
      const share = count === lowCount ? 1 : (rank - lowCount) / (count - lowCount)
      return lowBound + (bound - lowBound) * share
    }
    lowBound = bound
    lowCount = count
  }
  return lowBound
}
