/**
 * Which evidence a block may carry (C30): proven by its signatures, on coordination alone, of an epoch whose committee
 * every node knows and that is not past the time of unbonding, or not over, and about an offence that is new.
 */
import { toHex } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { MAX_BLOCK_EVIDENCE } from '../codec/block.ts'
import { offenceId } from '../codec/evidence.ts'
import type { Offence } from '../codec/evidence.ts'
import { isProven } from '../state/conduct/evidence.ts'
import { leadsToRise, sanctionsOf } from '../state/conduct/sanctions.ts'
import type { Moment } from '../state/conduct/sanctions.ts'
import { readSummaryEpoch } from '../state/facts.ts'
import type { StateView } from '../state/ports.ts'

/** A piece of evidence as it travels, with what its signatures say. */
export interface ReadEvidence {
  readonly bytes: Uint8Array
  /** undefined: the bytes prove nothing under the committee of their epoch. */
  readonly offence: Offence | undefined
}

export type EvidenceFault =
  | 'evidence-chain'
  | 'evidence-proves-nothing'
  | 'evidence-too-early'
  | 'evidence-too-old'
  | 'evidence-known'
  | 'evidence-surplus'

/**
 * Further offences of a validator that raise no level are worth nothing: it would only fill the state with its own
 * shame. Those that do always count, or a key that shamed itself enough in one epoch could never be punished again.
 */
export const OFFENCES_MAX = 64

export interface EvidencePlace extends Moment {
  readonly chain: ChainId
  /** State after the parent. */
  readonly view: Pick<StateView, 'get'>
}

/** C26: while a chain stands still its committee serves, in whatever epoch coordination is, and answers for it. */
const isOver = (view: EvidencePlace['view'], { chain, epoch }: Offence): boolean =>
  (readSummaryEpoch(view, chain) ?? -1) > epoch

/** Whether a block there may bring this offence, apart from what else the block brings. */
export function judgeOffence(offence: Offence, place: EvidencePlace): Verdict<void, EvidenceFault> {
  const { epoch, params, chain, view } = place
  if (chain !== COORD) return refuse('evidence-chain', `evidence on chain ${chain}`)
  if (offence.epoch > epoch) return refuse('evidence-too-early', `of epoch ${offence.epoch} in ${epoch}`)
  if (offence.epoch + params.unbondingEpochs < epoch && isOver(view, offence))
    return refuse('evidence-too-old', `of epoch ${offence.epoch} in ${epoch}`)
  if (isProven(view, offence)) return refuse('evidence-known', toHex(offenceId(offence)))
  const standing = sanctionsOf(view, offence.publicKey, place)
  return standing.offences >= OFFENCES_MAX && !leadsToRise(standing, offence.epoch)
    ? refuse('evidence-surplus', `${standing.offences} offences of this validator are known`)
    : accept(undefined)
}

/** All evidence of a block, in order. */
export function judgeEvidenceOf(
  read: readonly ReadEvidence[],
  place: EvidencePlace
): Verdict<Offence[], EvidenceFault> {
  const taken = new Map<string, Offence>()
  for (const { offence } of read) {
    if (offence === undefined) return refuse('evidence-proves-nothing', `item ${taken.size}`)
    const judged = judgeOffence(offence, place)
    if (!judged.ok) return judged
    const id = toHex(offenceId(offence))
    if (taken.has(id)) return refuse('evidence-known', 'twice in one block')
    taken.set(id, offence)
  }
  return accept([...taken.values()])
}

/** What of it a leader may put into a block there, within its room. */
export function selectEvidence(
  read: readonly ReadEvidence[],
  place: EvidencePlace,
  room: number
): ReadEvidence[] {
  const taken: ReadEvidence[] = []
  let bytes = 0
  for (const one of read) {
    if (taken.length >= MAX_BLOCK_EVIDENCE || bytes + one.bytes.length > room) continue
    if (!judgeEvidenceOf([...taken, one], place).ok) continue
    bytes += one.bytes.length
    taken.push(one)
  }
  return taken
}
