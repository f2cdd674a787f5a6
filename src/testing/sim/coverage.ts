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
  'lostBehind',
  'cuts',
  'dropped',
  'duplicated',
  'equivocations',
  'evidence',
  'lateVotes',
  'skewed',
  'transactions'
] as const
/**
 * Of receipts: what became of them, lanes that took no more, leaders that carried what they had to ask for or made up,
 * announcements that were believed;
 * value for the coordination chain and for validators; and of atomic actions, how they ended.
 */
export const RECEIPT_KINDS = [
  'receiptsDelivered',
  'receiptsRefunded',
  'receiptsAcknowledged',
  'receiptsPulled',
  'announced',
  'ordersDelivered',
  'lanesCongested',
  'smuggled',
  'actionsCommitted',
  'actionsAborted',
  'deadlinesPassed'
] as const
/** Of coordination: rises of sanctions, levels that go by themselves, registrations and departures. */
export const COORDINATION_KINDS = ['sanctions', 'recoveries', 'joins', 'leaves'] as const
const ALL_KINDS = [...COVERED, ...RECEIPT_KINDS, ...COORDINATION_KINDS] as const
export type Covered = (typeof ALL_KINDS)[number]
export type Coverage = Record<Covered, number>

export const noCoverage = (): Coverage => Object.fromEntries(ALL_KINDS.map((name) => [name, 0])) as Coverage

export function addCoverage(sum: Coverage, part: Coverage): void {
  for (const name of ALL_KINDS) sum[name] += part[name]
}

export const neverReached = (coverage: Coverage, kinds: readonly Covered[]): Covered[] =>
  kinds.filter((name) => coverage[name] === 0)

export const coverageText = (coverage: Coverage, kinds: readonly Covered[]): string =>
  kinds.map((name) => `${name}=${coverage[name]}`).join(' ')
