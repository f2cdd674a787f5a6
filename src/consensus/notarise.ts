/**
 * C15: in the current view a member notarises the leader's first proposal once it is justified (C9), valid with all
 * ancestors executed (C7), not ahead of the clock, and its reference is not too old (D5). A leader's notarise vote and
 * the block it names are the proposal, by whichever way each of them arrived.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { NOTARISE } from '../codec/statement.ts'
import { maySign, viewRecord } from './instance.ts'
import type { BlockEntry, Instance } from './instance.ts'
import { justifiedAgain, justifiedNew } from './justify.ts'
import { recordsBeforeNotarise } from './records.ts'
import type { Effect, Env } from './types.ts'

/** What the leader of the current view is known to propose: the hash of its first notarise vote. */
export const proposedHash = (instance: Instance): Hex | undefined =>
  instance.views.get(instance.view)?.leaderHashes[0]

export function notariseVote(instance: Instance, env: Env): Effect[] {
  const key = proposedHash(instance)
  const entry = key === undefined ? undefined : instance.blocks.get(key)
  if (entry === undefined) return []
  const record = viewRecord(instance, instance.view)
  if (entry.status === 'invalid' || !proposable(instance, entry)) {
    record.proposalInvalid = true
    return []
  }
  if (!maySign(instance) || record.ownNotarise !== undefined || record.ownNullify) return []
  if (entry.status !== 'valid' || !justified(instance, entry)) return []
  if (earlyByMs(instance, entry, env) > 0 || referenceTooOld(instance, entry, env)) return []
  record.ownNotarise = entry.key
  const records = recordsBeforeNotarise(instance, entry.block)
  return [{ type: 'sign', view: instance.view, kind: NOTARISE, hash: entry.block.hash, records }]
}

/** C9: either a new block of this view, or a boundary block of an earlier one. */
function proposable(instance: Instance, entry: BlockEntry): boolean {
  const { view } = entry.block.header
  return view === instance.view || (view < instance.view && entry.boundary)
}

function justified(instance: Instance, entry: BlockEntry): boolean {
  if (entry.block.header.view === instance.view) return justifiedNew(instance, entry)
  return justifiedAgain(instance, entry, instance.view)
}

/** Milliseconds until the block's time is close enough to the local clock; 0 or less means now. */
export function earlyByMs(instance: Instance, entry: BlockEntry, env: Env): number {
  return entry.block.header.timeMs - instance.config.params.maxDriftMs - env.wallMs
}

/** D5: no leader can hold an epoch open by an old reference. A boundary block ends the epoch, whatever its age. */
function referenceTooOld(instance: Instance, entry: BlockEntry, env: Env): boolean {
  if (entry.boundary) return false
  return env.coordHeight - entry.block.header.coordHeight > instance.config.params.maxCoordLag
}

/** The block of the current proposal, or of a certificate, that is not here yet. */
export function missingBlocks(instance: Instance): Uint8Array[] {
  const missing = new Map<Hex, Uint8Array>()
  const want = (hash: Uint8Array): void => {
    const key = toHex(hash)
    if (!instance.blocks.has(key) && key !== toHex(instance.final.hash)) missing.set(key, hash)
  }
  for (const record of instance.views.values()) {
    if (record.view <= instance.final.view) continue
    if (record.notarisation !== undefined) want(record.notarisation.hash)
    if (record.view !== instance.view) continue
    const [key] = record.leaderHashes
    const votes = key === undefined ? undefined : record.notarise.get(key)
    for (const vote of votes?.values() ?? []) want(vote.hash)
  }
  for (const entry of instance.blocks.values()) {
    if (entry.block.header.height > instance.final.height + 1) want(entry.block.header.parent)
  }
  return [...missing.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, hash]) => hash)
}
