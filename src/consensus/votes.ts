/** Counting votes and forming certificates (C5), with evidence on conflict (C30). */
import { BitArray } from '@chainsafe/ssz'
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../codec/statement.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import type { Evidence } from '../codec/evidence.ts'
import { evidenceOfVotes } from './evidence.ts'
import { viewRecord } from './instance.ts'
import type { Instance, Tally, ViewRecord } from './instance.ts'
import { quorumOf } from '../sharding/quorum.ts'

/** Distinct hashes counted per view and kind: honest members sign one, each equivocator adds at most one more. */
const HASHES_PER_VIEW_MAX = 64

export interface Counted {
  readonly certificate: Certificate | undefined
  readonly evidence: Evidence | undefined
}

const NOTHING: Counted = { certificate: undefined, evidence: undefined }

function tallyOf(record: ViewRecord, kind: number): Tally {
  if (kind === NOTARISE) return record.notarise
  return kind === NULLIFY ? record.nullify : record.finalise
}

/** Adds a verified vote. A statement that contradicts an earlier one of its signer becomes evidence. */
export function countVote(instance: Instance, vote: Vote): Counted {
  const record = viewRecord(instance, vote.view)
  const tally = tallyOf(record, vote.kind)
  const key = toHex(vote.hash)
  const known = tally.get(key)
  if (known?.has(vote.signer) === true) return NOTHING
  const conflicting = findConflict(record, vote, key)
  if (known === undefined && tally.size >= HASHES_PER_VIEW_MAX) return NOTHING
  const votes = known ?? new Map<number, Vote>()
  votes.set(vote.signer, vote)
  tally.set(key, votes)
  if (vote.kind === NOTARISE && vote.signer === instance.config.schedule.leader(vote.view)) {
    if (record.leaderHashes.length < 2) record.leaderHashes.push(key)
  }
  return {
    certificate:
      votes.size === quorumOf(instance.config.committee.members.length)
        ? formCertificate(instance, votes)
        : undefined,
    evidence: conflicting === undefined ? undefined : evidenceOf(instance, conflicting, vote)
  }
}

/** C30: two hashes of one kind, or nullify and finalise, in one view by one key. */
function findConflict(record: ViewRecord, vote: Vote, key: Hex): Vote | undefined {
  const opposite =
    vote.kind === NULLIFY ? record.finalise : vote.kind === FINALISE ? record.nullify : undefined
  const same = vote.kind === NULLIFY ? undefined : tallyOf(record, vote.kind)
  for (const [hash, votes] of same ?? []) {
    const other = votes.get(vote.signer)
    if (hash !== key && other !== undefined) return other
  }
  for (const votes of opposite?.values() ?? []) {
    const other = votes.get(vote.signer)
    if (other !== undefined) return other
  }
  return undefined
}

function evidenceOf(instance: Instance, first: Vote, second: Vote): Evidence | undefined {
  const member = instance.config.committee.members[second.signer]
  if (member === undefined) return undefined
  return evidenceOfVotes(instance.config.network, member.key, first, second)
}

function formCertificate(instance: Instance, votes: ReadonlyMap<number, Vote>): Certificate {
  const ordered = [...votes.values()].sort((a, b) => a.signer - b.signer)
  const [first] = ordered
  if (first === undefined) throw new RangeError('a certificate needs votes')
  const signers = BitArray.fromBitLen(instance.config.committee.members.length)
  for (const vote of ordered) signers.set(vote.signer, true)
  return {
    chain: first.chain,
    epoch: first.epoch,
    view: first.view,
    kind: first.kind,
    hash: first.hash,
    signers,
    signatures: ordered.map((vote) => vote.signature)
  }
}

/** Own votes above a view, in order of view then kind: what a peer that fell behind is given (C19). */
export function ownVotes(instance: Instance, aboveView: number): Vote[] {
  const self = instance.config.self
  if (self === undefined) return []
  const out: Vote[] = []
  for (const record of [...instance.views.values()].sort((a, b) => a.view - b.view)) {
    if (record.view <= aboveView) continue
    for (const tally of [record.notarise, record.nullify, record.finalise]) {
      for (const votes of tally.values()) {
        const vote = votes.get(self)
        if (vote !== undefined) out.push(vote)
      }
    }
  }
  return out
}

/** Members heard in a statement of any kind, for C17 d. */
export const membersWith = (tally: Tally): number =>
  new Set([...tally.values()].flatMap((votes) => [...votes.keys()])).size
