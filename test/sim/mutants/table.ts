/**
 * One broken rule each: the text of one function of the compiled product, and what replaces it. Where a second layer
 * would hide the break, that layer is broken along with it and named. Each is caught twice: by a
 * directed scenario, and by the random suite within 50 seeds.
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
  /** The cheapest that catches it. */
  readonly scenario: ScenarioName
  /** A seed of the random suite that does; what is tried first. Undefined: no run of it comes to that. */
  readonly seed: number | undefined
  /** @default consensus */
  readonly suite?: 'receipts' | 'sync'
}

/** A function that answers at once, whatever it is asked. */
const answering = (module: string, head: string, answer: string): Edit => ({
  module,
  find: head,
  replace: `${head} return ${answer};`
})

const OF_CONSENSUS: readonly Mutant[] = [
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
    scenario: 'boundarySplit',
    seed: 1
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
    scenario: 'boundarySplit',
    seed: 1
  },
  {
    name: 'no resend',
    rule: 'C19',
    edits: [answering('consensus/timers.js', 'export function resendDue(timers, monoMs, stuck) {', 'false')],
    scenario: 'boundarySplit',
    seed: 1
  },
  {
    name: 'no re-proposal at the boundary',
    rule: 'C9, C24',
    edits: [
      answering('consensus/lead.js', 'export function boundaryProposal(instance, entry) {', 'undefined')
    ],
    scenario: 'boundarySplit',
    seed: 1
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
    scenario: 'olderChains',
    seed: 10
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
    scenario: 'childOfUnknownParent',
    seed: 22
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
    scenario: 'rivalOfNotarisedParent',
    seed: 11
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
    scenario: 'allCrashAfterFinalise',
    seed: 7
  },
  {
    name: 'notarisation not stored before finalise',
    rule: 'C11',
    edits: [answering('consensus/records.js', 'export function recordsBeforeFinalise(instance) {', '[]')],
    scenario: 'certificateOnOneDisk',
    seed: 25
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
    scenario: 'forgedCertificates',
    seed: 22
  }
]

const OF_RECEIPTS: readonly Mutant[] = [
  {
    name: 'cursor not advanced',
    rule: 'R7; with the assertion that a receipt is the next one',
    edits: [
      { module: 'state/lanes.js', find: 'lane.cursor += 1;', replace: '' },
      {
        module: 'state/lanes.js',
        find: "assert(sequence === lane.cursor, 'R7: a receipt out of order');",
        replace: ''
      }
    ],
    scenario: 'sameDeliveryTwice',
    seed: 1,
    suite: 'receipts'
  },
  {
    name: 'proof unchecked',
    rule: 'R5',
    edits: [answering('state/proof.js', 'export function verifyProof(root, key, value, proof) {', 'true')],
    scenario: 'unprovenDelivery',
    seed: 5,
    suite: 'receipts'
  },
  {
    name: 'refund forgotten',
    rule: 'R8',
    edits: [
      {
        module: 'state/receipts.js',
        find: 'isReturned ? refund(ledger, receipt, refusal, context) : undefined',
        replace: 'undefined'
      }
    ],
    scenario: 'refusedValueReturns',
    seed: 1,
    suite: 'receipts'
  },
  {
    name: 'refund may fail',
    rule: 'R8',
    edits: [{ module: 'state/receipts.js', find: 'ledger.creditLost(receipt);', replace: '{}' }],
    scenario: 'refundWithoutRoom',
    seed: undefined,
    suite: 'receipts'
  },
  {
    name: 'acknowledgement ahead accepted',
    rule: 'R10',
    edits: [{ module: 'state/lanes.js', find: 'return cursor > next', replace: 'return false' }],
    scenario: 'acknowledgementAhead',
    seed: undefined,
    suite: 'receipts'
  },
  {
    name: 'committee of another epoch accepted',
    rule: 'R5, R6',
    edits: [{ module: 'chain/delivery.js', find: ' && epoch === header.epoch', replace: '' }],
    scenario: 'committeeOfAnotherEpoch',
    seed: undefined,
    suite: 'receipts'
  },
  {
    name: 'participant aborts alone',
    rule: 'R13, ATO-10',
    edits: [
      {
        module: 'state/atomic/participant.js',
        find: '        holdPart(ledger, origin, prepare, context);',
        replace:
          '{ holdPart(ledger, origin, prepare, context);' +
          ' settlePart(ledger, escrowOf(ledger, origin), OUTCOME_ABORT, context);' +
          ' putEscrow(ledger, origin, undefined); }'
      }
    ],
    scenario: 'preparedWaits',
    seed: 1,
    suite: 'receipts'
  },
  {
    name: 'double commit',
    rule: 'ATO-8; with the coordinator that tells once, ATO-6',
    edits: [
      {
        module: 'state/atomic/participant.js',
        find: 'putEscrow(ledger, origin, isOver ? undefined : escrow);',
        replace: 'putEscrow(ledger, origin, isOver ? { ...escrow, phase: PHASE_PREPARED, paid: 0 } : escrow);'
      },
      {
        module: 'state/atomic/coordinator.js',
        find: 'for (const part of record.parts) {',
        replace: 'for (const part of [...record.parts, ...record.parts]) {'
      }
    ],
    scenario: 'decisionTwice',
    seed: 1,
    suite: 'receipts'
  },
  {
    name: 'committed after the abort',
    rule: 'R13, ATO-9; with the deadline, ATO-10',
    edits: [
      {
        module: 'state/atomic/coordinator.js',
        find: 'if (record.outcome !== OUTCOME_OPEN)\n        return;',
        replace: ''
      },
      {
        module: 'state/atomic/coordinator.js',
        find: 'context.height < record.deadline',
        replace: 'true'
      },
      {
        module: 'state/atomic/coordinator.js',
        find: 'record.parts.every(({ phase }) => phase === PHASE_PREPARED)',
        replace: 'record.parts.slice(1).every(({ phase }) => phase === PHASE_PREPARED)'
      }
    ],
    scenario: 'lateVoteAfterAbort',
    seed: 5,
    suite: 'receipts'
  }
]

/** Rules of sync: what is false is found before it is believed, costs who told it, and stops nobody. */
const OF_SYNC: readonly Mutant[] = [
  {
    name: 'headers need not hang together',
    rule: 'SYN-2',
    edits: [
      {
        module: 'sync/header-run.js',
        find: 'parent !== undefined && !equal(header.parent, parent)',
        replace: 'false'
      }
    ],
    scenario: 'syncBesideLiars',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'certificate of another block accepted',
    rule: 'SYN-2',
    edits: [
      {
        module: 'sync/header-run.js',
        find: ' &&\n            equal(certificate.hash, hash)',
        replace: ''
      }
    ],
    scenario: 'syncBesideLiars',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'certificate of a run unchecked',
    rule: 'SYN-3',
    edits: [{ module: 'sync/headers.js', find: 'if (!holds) {', replace: 'if (false) {' }],
    scenario: 'syncBesideLiars',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'body hash unchecked',
    rule: 'SYN-4',
    edits: [
      {
        module: 'sync/body-list.js',
        find: 'body.length !== header.bodyBytes || !equal(bodyHash(body), header.bodyHash)',
        replace: 'false'
      }
    ],
    scenario: 'syncBesideLiars',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'liar not charged',
    rule: 'SYN-4, D14',
    edits: [
      {
        module: 'sync/step.js',
        find: "return failure === 'invalid' ?",
        replace: 'return false ?'
      }
    ],
    scenario: 'syncBesideLiars',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'part in execution lost with its run',
    rule: 'SYN-3',
    edits: [
      {
        module: 'sync/step.js',
        find: 'if (importing?.end.height !== to)',
        replace: 'if (importing?.end.height !== to || state.runs[0]?.id !== importing.run)'
      }
    ],
    scenario: 'syncBesideLiars',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'what failed is not asked for again',
    rule: 'SYN-5',
    edits: [
      {
        module: 'sync/step.js',
        find: 'state.asks.delete(id);\n    noteEnded(state.peers, ask.peer, ask.bytes);\n    if (failure',
        replace: 'if (failure'
      }
    ],
    scenario: 'syncBesideMiser',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'stall told to nobody',
    rule: 'SYN-12',
    edits: [answering('sync/step.js', 'function watch(state, env) {', '[]')],
    scenario: 'syncBesideMiser',
    seed: undefined,
    suite: 'sync'
  },
  {
    name: 'consensus not taken up again',
    rule: 'SYN-8',
    edits: [{ module: 'sync/step.js', find: 'if (isDone(state, env))', replace: 'if (false)' }],
    scenario: 'syncBesideMiser',
    seed: undefined,
    suite: 'sync'
  }
]

export const MUTANTS: readonly Mutant[] = [...OF_CONSENSUS, ...OF_RECEIPTS, ...OF_SYNC]
