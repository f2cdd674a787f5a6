/** Anti-entropy (C19): what is held of an instance, and what a peer that holds less is given, in order. */
import { BitArray } from '@chainsafe/ssz'
import { STATUS_VIEWS } from '../codec/messages.ts'
import type { ConsensusStatus } from '../codec/messages.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import { sortedViews } from './instance.ts'
import type { Instance } from './instance.ts'
import { proposalDeadline } from './timers.ts'
import { ownVotes } from './votes.ts'

export function describeInstance(instance: Instance, reply: boolean): ConsensusStatus {
  const finalView = instance.finality?.view ?? instance.final.view
  const notarised = BitArray.fromBitLen(STATUS_VIEWS)
  const nullified = BitArray.fromBitLen(STATUS_VIEWS)
  for (const record of instance.views.values()) {
    const bit = record.view - finalView - 1
    if (bit < 0 || bit >= STATUS_VIEWS) continue
    if (record.notarisation !== undefined) notarised.set(bit, true)
    if (record.nullification !== undefined) nullified.set(bit, true)
  }
  return {
    chain: instance.config.chain,
    epoch: instance.config.epoch,
    view: instance.view,
    finalHeight: instance.final.height,
    finalView,
    notarised,
    nullified,
    reply: reply ? 1 : 0
  }
}

export interface Answer {
  readonly certificates: readonly Certificate[]
  readonly votes: readonly Vote[]
}

/** Finality of the own last final block first, then certificates by view, then own votes (C19). */
export function answerStatus(instance: Instance, theirs: ConsensusStatus): Answer {
  const certificates: Certificate[] = []
  const finalView = instance.finality?.view ?? 0
  if (instance.finality !== undefined && finalView > theirs.finalView) certificates.push(instance.finality)
  const has = (bits: BitArray, view: number): boolean => {
    const bit = view - theirs.finalView - 1
    return bit < 0 || (bit < bits.bitLen && bits.get(bit))
  }
  for (const record of sortedViews(instance)) {
    if (record.view <= Math.max(finalView, theirs.finalView)) continue
    if (record.notarisation !== undefined && !has(theirs.notarised, record.view))
      certificates.push(record.notarisation)
    if (record.nullification !== undefined && !has(theirs.nullified, record.view)) {
      certificates.push(record.nullification)
    }
  }
  return { certificates, votes: ownVotes(instance, theirs.finalView) }
}

/** C19: the first timer of the view fired, or the boundary block waits for finality. */
export function isStuck(instance: Instance, monoMs: number): boolean {
  if (instance.target !== undefined) return true
  if (monoMs >= proposalDeadline(instance.timers, instance.view, instance.final.view)) return true
  return [...instance.blocks.values()].some((entry) => entry.boundary)
}
