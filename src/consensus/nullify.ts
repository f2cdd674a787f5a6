/** C17: when a member gives up the current view. Never after it voted to finalise it. */
import { ZERO_HASH } from '../primitives/bytes.ts'
import { NULLIFY } from '../codec/statement.ts'
import { maySign, viewRecord } from './instance.ts'
import type { Instance, ViewRecord } from './instance.ts'
import { proposedHash } from './notarise.ts'
import { quorumOf } from '../sharding/quorum.ts'
import { recordsBeforeNullify } from './records.ts'
import { notarisationDeadline, proposalDeadline } from './timers.ts'
import type { Effect, Env } from './types.ts'

/** C17 d: a leader of whom nothing was seen for this long, in views and in time, is absent. */
const ABSENT_VIEWS = 10
const ABSENT_MS = 10_000

export function nullifyVote(instance: Instance, env: Env): Effect[] {
  if (!maySign(instance)) return []
  const record = viewRecord(instance, instance.view)
  if (record.ownNullify || record.ownFinalise !== undefined) return []
  if (!timedOut(instance, env) && !leaderFailed(instance, record, env)) return []
  record.ownNullify = true
  const records = recordsBeforeNullify(instance)
  return [{ type: 'sign', view: instance.view, kind: NULLIFY, hash: ZERO_HASH, records }]
}

function timedOut(instance: Instance, env: Env): boolean {
  const { timers, view, final } = instance
  if (env.monoMs >= notarisationDeadline(timers, view, final.view)) return true
  return env.monoMs >= proposalDeadline(timers, view, final.view) && !holdsProposal(instance)
}

export function holdsProposal(instance: Instance): boolean {
  const key = proposedHash(instance)
  return key !== undefined && instance.blocks.has(key)
}

/** C17 a–d: nothing can come of this view, so it is not waited for. */
function leaderFailed(instance: Instance, record: ViewRecord, env: Env): boolean {
  const leader = instance.config.schedule.leader(instance.view)
  if (leader === instance.config.self) return false
  if (record.leaderHashes.length > 1 || record.proposalInvalid) return true
  for (const votes of record.nullify.values()) if (votes.has(leader)) return true
  return leaderAbsent(instance, leader, env)
}

function leaderAbsent(instance: Instance, leader: number, env: Env): boolean {
  const last = instance.heard.get(leader) ?? { view: 0, monoMs: instance.startedMs }
  if (instance.view - last.view < ABSENT_VIEWS || env.monoMs - last.monoMs < ABSENT_MS) return false
  let others = 0
  for (const [member, heard] of instance.heard) {
    const recent = instance.view - heard.view < ABSENT_VIEWS || env.monoMs - heard.monoMs < ABSENT_MS
    if (member !== leader && recent) others++
  }
  return others >= quorumOf(instance.config.committee.members.length)
}
