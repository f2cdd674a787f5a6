/** What a run reached. A suite that never reached a kind tested nothing of it, and fails. */
export const COVERED = [
  'finals',
  'epochs',
  'nullified',
  'abandoned',
  'crashes',
  'powerCuts',
  'lost',
  'alone',
  'confided',
  'lostWrites',
  'cuts',
  'dropped',
  'duplicated',
  'equivocations',
  'evidence',
  'lateVotes',
  'skewed',
  'transactions'
] as const
export type Covered = (typeof COVERED)[number]
export type Coverage = Record<Covered, number>

export const noCoverage = (): Coverage => Object.fromEntries(COVERED.map((name) => [name, 0])) as Coverage

export function addCoverage(sum: Coverage, part: Coverage): void {
  for (const name of COVERED) sum[name] += part[name]
}

export const neverReached = (coverage: Coverage): Covered[] => COVERED.filter((name) => coverage[name] === 0)

export const coverageText = (coverage: Coverage): string =>
  COVERED.map((name) => `${name}=${coverage[name]}`).join(' ')
