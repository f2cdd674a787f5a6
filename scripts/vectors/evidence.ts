/** The vectors of evidence and sanctions: what proves an offence, what a block may carry, and what follows (C30, SAN). */
import { judgeEvidenceOf } from '../../src/chain/evidence.ts'
import type { ReadEvidence } from '../../src/chain/evidence.ts'
import { EvidenceType, offenceId } from '../../src/codec/evidence.ts'
import type { Evidence, EvidenceKind, Offence } from '../../src/codec/evidence.ts'
import type { StatementKind, Vote } from '../../src/codec/statement.ts'
import { decodeEvidence, evidenceOfVotes, isGuilty, judgeEvidence } from '../../src/consensus/evidence.ts'
import { verify } from '../../src/crypto/ed25519.ts'
import { toHex, ZERO_HASH } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { committeeOf } from '../../src/sharding/committee.ts'
import { EMPTY_VIEW, commit } from '../../src/state/commit.ts'
import { recordOffence } from '../../src/state/conduct/evidence.ts'
import { sanctionsOf } from '../../src/state/conduct/sanctions.ts'
import type { Moment } from '../../src/state/conduct/sanctions.ts'
import { recordSummary } from '../../src/state/facts.ts'
import { buildGenesisState } from '../../src/state/genesis-state.ts'
import { Ledger } from '../../src/state/ledger.ts'
import { stateAfter } from '../../src/state/overlay.ts'
import type { StateView } from '../../src/state/ports.ts'
import type { Plain } from './plain.ts'
import * as samples from './samples.ts'

const CHAIN = samples.statement().chain
const EPOCH = samples.statement().epoch
const MEMBERS = samples.COMMITTEE.map(({ publicKey }, index) => ({
  key: publicKey,
  cooperative: index,
  weight: 1
}))

/** Of the samples' chain in the epochs up to their own. */
const committees = (chain: ChainId, epoch: number) =>
  chain === CHAIN && epoch <= EPOCH ? committeeOf(chain, MEMBERS, false) : undefined

function verdictOf(bytes: Uint8Array): Offence | string {
  const evidence = decodeEvidence(bytes)
  if (!evidence.ok) return evidence.code
  const judged = judgeEvidence(evidence.value, samples.NETWORK, committees)
  if (!judged.ok) return judged.code
  const results = [...judged.value.holds, ...judged.value.fails].map(({ signature, message, publicKey }) =>
    verify(signature, message, publicKey)
  )
  return isGuilty(judged.value, results) ? judged.value.offence : 'evidence-proves-nothing'
}

const vote = (
  signer: number,
  kind: StatementKind,
  of: string,
  more: { readonly view?: number; readonly epoch?: number } = {}
): Vote =>
  samples.vote(
    samples.statement({ kind, hash: kind === 2 ? ZERO_HASH : samples.digest(of), ...more }),
    signer
  )

const pair = (a: Vote, b: Vote, key = a.signer): Evidence =>
  evidenceOfVotes(samples.NETWORK, samples.COMMITTEE[key]?.publicKey ?? ZERO_HASH, a, b)

function evidenceCases(): [string, Evidence][] {
  const good = pair(vote(1, 1, 'a'), vote(1, 1, 'b'))
  const [first, second] = good.votes
  const swapped = second === undefined || first === undefined ? [] : [second, first]
  const own = samples.proposalEvidence()
  const [signed] = own.proposal
  const held = {
    ...samples.certificate(samples.statement({ view: 40, hash: samples.digest('parent') }), [0, 1, 3])
  }
  return [
    ['two notarise', good],
    ['two finalise', pair(vote(2, 3, 'a'), vote(2, 3, 'b'))],
    ['nullify and finalise', pair(vote(0, 2, ''), vote(0, 3, 'a'))],
    ['a proposal with two signers of four', own],
    [
      'a proposal whose certificate was exchanged',
      { ...own, proposal: signed === undefined ? [] : [{ ...signed, parentCertificate: held }] }
    ],
    ['a vote without its proposal', { ...own, proposal: [] }],
    [
      'another member’s vote for the proposal',
      {
        ...own,
        publicKey: samples.COMMITTEE[1]?.publicKey ?? ZERO_HASH,
        votes: own.votes.map((one) => vote(1, 1, '', one))
      }
    ],
    ['the same vote twice', pair(vote(1, 1, 'a'), vote(1, 1, 'a'))],
    ['notarise and nullify', pair(vote(1, 1, 'a'), vote(1, 2, ''))],
    ['notarise and finalise of two blocks', pair(vote(1, 1, 'a'), vote(1, 3, 'b'))],
    ['two views', pair(vote(1, 1, 'a'), vote(1, 1, 'b', { view: 77 }))],
    ['two epochs', pair(vote(1, 1, 'a'), vote(1, 1, 'b', { epoch: EPOCH - 1 }))],
    ['two signers', pair(vote(1, 1, 'a'), vote(2, 1, 'b'))],
    ['the other order', { ...good, votes: swapped }],
    ['another key', pair(vote(1, 1, 'a'), vote(1, 1, 'b'), 2)],
    ['another network', { ...good, network: samples.digest('another network') }],
    ['a later epoch', pair(vote(1, 1, 'a', { epoch: EPOCH + 1 }), vote(1, 1, 'b', { epoch: EPOCH + 1 }))],
    [
      'a forged signature',
      { ...good, votes: good.votes.map((one) => ({ ...one, signature: vote(2, 1, 'a').signature })) }
    ]
  ]
}

const offence = (fields: Partial<Offence> = {}): Offence => ({
  publicKey: samples.digest('key'),
  chain: 0 as ChainId,
  epoch: 20,
  view: 3,
  kind: 1,
  ...fields
})

const plainOffence = ({
  publicKey,
  chain,
  epoch,
  view,
  kind
}: Offence): { readonly [name: string]: Plain } => ({
  publicKey: toHex(publicKey),
  chain,
  epoch,
  view,
  kind,
  id: toHex(offenceId({ publicKey, chain, epoch, view, kind }))
})

const emptyState = (): StateView =>
  stateAfter(
    EMPTY_VIEW,
    buildGenesisState({
      accounts: [],
      reserve: { consumer: 0n, industrial: 0n },
      extra: [],
      params: { manaCap: 3 },
      timeMs: 0
    })
  )

function after(state: StateView, offences: readonly Offence[], at: Moment): StateView {
  const ledger = new Ledger(state)
  for (const one of offences) {
    recordOffence(ledger, one, { ...at, height: 1 }, () => ({ consumer: 0n, industrial: 0n }))
  }
  return stateAfter(state, commit(state, ledger.changedValues()))
}

/** A summary of this epoch has come from shard 0. */
function heardOf(epoch: number | undefined): StateView {
  const state = emptyState()
  if (epoch === undefined) return state
  const ledger = new Ledger(state)
  recordSummary(ledger, shardId(0), { epoch, height: 8 * epoch, blocks: 9, members: [] })
  return stateAfter(state, commit(state, ledger.changedValues()))
}

interface BlockCase {
  readonly name: string
  readonly chain?: ChainId
  readonly known?: readonly Offence[]
  /** Epoch of the last summary of shard 0. @default -1: none */
  readonly heard?: number
  /** null: it proves nothing. */
  readonly items: readonly (Offence | null)[]
}

function blockCases(): readonly Plain[] {
  const params = { unbondingEpochs: 8 }
  const epoch = 20
  const sixtyFour = Array.from({ length: 64 }, (_, view) => offence({ view: view + 10 }))
  const cases: BlockCase[] = [
    { name: 'none', items: [] },
    {
      name: 'three offences',
      items: [offence(), offence({ view: 4 }), offence({ kind: 2 as EvidenceKind })]
    },
    { name: 'one that proves nothing', items: [offence(), null] },
    { name: 'on a shard', chain: 0 as ChainId, items: [offence()] },
    { name: 'of a later epoch', items: [offence({ epoch: 21 })] },
    { name: 'as old as it may be', items: [offence({ epoch: 12 })] },
    { name: 'an epoch older', heard: 12, items: [offence({ epoch: 11 })] },
    {
      name: 'an epoch older, of a chain that stands still in it',
      heard: 11,
      items: [offence({ epoch: 11 })]
    },
    { name: 'an epoch older, of a chain that never ended one', items: [offence({ epoch: 11 })] },
    { name: 'known', known: [offence()], items: [offence()] },
    { name: 'twice', items: [offence(), offence()] },
    {
      name: 'the 65th',
      known: sixtyFour,
      items: [offence()]
    },
    { name: 'the 65th of another epoch', known: sixtyFour, items: [offence({ epoch: 19 })] },
    {
      name: 'the 67th of a fourth epoch, at level 3',
      known: [...sixtyFour, offence({ epoch: 19 }), offence({ epoch: 18 })],
      items: [offence({ epoch: 17 })]
    }
  ]
  return cases.map(({ name, chain = COORD, known = [], heard, items }) => {
    const view = after(heardOf(heard), known, { epoch, params })
    const read: ReadEvidence[] = items.map((one) => ({ bytes: ZERO_HASH, offence: one ?? undefined }))
    const judged = judgeEvidenceOf(read, { chain, epoch, params, view })
    return {
      name,
      rule: 'C30',
      chain,
      epoch,
      unbondingEpochs: params.unbondingEpochs,
      known: known.map(plainOffence),
      heard: heard ?? -1,
      items: items.map((one) => (one === null ? 'nothing' : plainOffence(one))),
      verdict: judged.ok ? 'taken' : judged.code
    }
  })
}

/** Offences [epoch, proven in] of one validator, and its standing when it is read. */
function sanctionCases(): readonly Plain[] {
  const params = { unbondingEpochs: 10 }
  const cases: [string, [number, number][], number[]][] = [
    ['one offence', [[1, 1]], [1, 10, 11, 100]],
    [
      'an epoch counts once',
      [
        [1, 1],
        [1, 2],
        [1, 1]
      ],
      [2, 11]
    ],
    [
      'three epochs',
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4]
      ],
      [1, 3, 4, 1_000]
    ],
    [
      'two levels, both left again',
      [
        [1, 1],
        [2, 2]
      ],
      [2, 11, 12, 21, 22, 32]
    ],
    [
      'again after a recovery',
      [
        [1, 1],
        [10, 10],
        [31, 31]
      ],
      [31, 41]
    ],
    [
      'proven late',
      [
        [5, 9],
        [3, 9]
      ],
      [9, 19, 29]
    ]
  ]
  return cases.map(([name, offences, reads]) => {
    let state = emptyState()
    for (const [index, [epoch, at]] of offences.entries())
      state = after(state, [offence({ epoch, view: index })], { epoch: at, params })
    return {
      name,
      rule: 'SAN-2, SAN-3, SAN-4',
      period: params.unbondingEpochs,
      offences: offences.map(([epoch, at]) => ({ epoch, provenIn: at })),
      reads: reads.map((epoch) => {
        const {
          level,
          penalty,
          bonus,
          offences: count
        } = sanctionsOf(state, offence().publicKey, { epoch, params })
        return { epoch, level, penalty: penalty.toString(), bonus: bonus.toString(), offences: count }
      })
    }
  })
}

export const evidence = (): Plain => ({
  rules: ['C30', 'SAN-2', 'SAN-3', 'SAN-4'],
  network: toHex(samples.NETWORK),
  chain: CHAIN,
  latestEpoch: EPOCH,
  committee: MEMBERS.map(({ key }) => toHex(key)),
  evidence: evidenceCases().map(([name, value]) => {
    const bytes = EvidenceType.serialize(value)
    const verdict = verdictOf(bytes)
    return {
      name,
      bytes: toHex(bytes),
      ...(typeof verdict === 'string' ? { refused: verdict } : { offence: plainOffence(verdict) })
    }
  }),
  blocks: blockCases(),
  sanctions: sanctionCases()
})
