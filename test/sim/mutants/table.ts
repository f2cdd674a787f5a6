/**
 * One broken rule each: the text of one function of the compiled product, and what replaces it. Where a second layer
 * would hide the break, that layer is broken along with it and named. `caughtBy` is the cheapest that catches it.
 */
import type { ScenarioName } from '../scenarios/catalog.ts'

export interface Edit {
  /** Below `dist/src`. */
  readonly module: string
  /** Has to be there exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly name: string
  readonly rule: string
  readonly edits: readonly Edit[]
  readonly caughtBy: { readonly scenario: ScenarioName } | { readonly seed: number }
}

/** A function that answers at once, whatever it is asked. */
const answering = (module: string, head: string, answer: string): Edit => ({
  module,
  find: head,
  replace: `${head} return ${answer};`
})

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'quorum one less',
    rule: 'C1, C5',
    edits: [
      {
        module: 'sharding/quorum.js',
        find: '(members) => members - faultsOf(members)',
        replace: '(members) => members - faultsOf(members) - 1'
      }
    ],
    caughtBy: { scenario: 'boundarySplit' }
  },
  {
    name: 'finalise after nullify',
    rule: 'C16; with the same rule of the guard, C12',
    edits: [
      {
        module: 'consensus/finalise.js',
        find: '!record.ownNullify && record.ownFinalise === undefined',
        replace: 'record.ownFinalise === undefined'
      },
      answering('store/guard-rules.js', 'function judgeFinalise(signed, hash) {', 'accept(undefined)')
    ],
    caughtBy: { scenario: 'boundarySplit' }
  },
  {
    name: 'no resend',
    rule: 'C19',
    edits: [answering('consensus/timers.js', 'export function resendDue(timers, monoMs, stuck) {', 'false')],
    caughtBy: { scenario: 'voteIgnoredOneViewBehind' }
  },
  {
    name: 'no re-proposal at the boundary',
    rule: 'C9, C24',
    edits: [
      answering('consensus/lead.js', 'export function boundaryProposal(instance, entry) {', 'undefined')
    ],
    caughtBy: { scenario: 'boundarySplit' }
  },
  {
    name: 'guard skipped',
    rule: 'C12',
    edits: [
      answering(
        'store/guard-rules.js',
        'export function judgeStatement(state, statement) {',
        'accept(undefined)'
      )
    ],
    caughtBy: { scenario: 'lostChains' }
  },
  {
    name: 'parent unchecked',
    rule: 'C9; with the parent certificate of validity, C25',
    edits: [
      answering('consensus/justify.js', 'export function parentNotarised(instance, parent, view) {', 'true'),
      {
        module: 'chain/judge.js',
        find: 'return against.parentCertificateValid',
        replace: 'return true'
      }
    ],
    caughtBy: { scenario: 'childOfUnknownParent' }
  },
  {
    name: 'parent nullification unchecked',
    rule: 'C9',
    edits: [
      answering(
        'consensus/justify.js',
        'export function nullificationsHeld(instance, after, before) {',
        'true'
      )
    ],
    caughtBy: { scenario: 'rivalOfNotarisedParent' }
  },
  {
    name: 'block not stored before notarise',
    rule: 'C11',
    edits: [
      answering(
        'consensus/records.js',
        'export function recordsBeforeNotarise(instance, block) {',
        'takePending(instance)'
      )
    ],
    caughtBy: { scenario: 'allCrashAfterFinalise' }
  },
  {
    name: 'notarisation not stored before finalise',
    rule: 'C11',
    edits: [answering('consensus/records.js', 'export function recordsBeforeFinalise(instance) {', '[]')],
    caughtBy: { scenario: 'certificateOnOneDisk' }
  },
  {
    name: 'certificate signature unchecked',
    rule: 'C5, C31',
    edits: [
      {
        module: 'consensus/certificate-check.js',
        find: '(results) => results.every(Boolean)',
        replace: '() => true'
      }
    ],
    caughtBy: { scenario: 'forgedCertificates' }
  }
]
