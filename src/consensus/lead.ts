/**
 * C14: the leader of the current view proposes once: a child of the highest block that C9 lets it justify, or, where
 * that block ends the epoch, the same block again.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { NOTARISE } from '../codec/statement.ts'
import type { Block } from '../codec/block.ts'
import type { Certificate } from '../codec/statement.ts'
import { maySign, viewRecord } from './instance.ts'
import type { BlockEntry, Instance } from './instance.ts'
import { justifyingNullifications, notarisedBefore } from './justify.ts'
import { recordsBeforeNotarise } from './records.ts'
import type { Effect, Env } from './types.ts'

interface Parent {
  readonly key: Hex
  /** View at which it is notarised. */
  readonly view: number
  /** Undefined for the last final block. */
  readonly entry: BlockEntry | undefined
}

export const leads = (instance: Instance): boolean =>
  instance.config.self !== undefined &&
  instance.config.schedule.leader(instance.view) === instance.config.self

function canPropose(instance: Instance): boolean {
  if (!maySign(instance) || !leads(instance) || instance.proposedView >= instance.view) return false
  const record = viewRecord(instance, instance.view)
  return record.ownNotarise === undefined && !record.ownNullify
}

/** The highest executed block that may be a parent in the current view. */
export function chooseParent(instance: Instance): Parent | undefined {
  for (let view = instance.view - 1; view > instance.final.view; view--) {
    const record = instance.views.get(view)
    const held = record?.notarisation ?? record?.finalisation
    const entry = held === undefined ? undefined : instance.blocks.get(toHex(held.hash))
    if (entry?.status === 'valid') return { key: entry.key, view, entry }
    if (record?.nullification === undefined) return undefined
  }
  return { key: toHex(instance.final.hash), view: instance.final.view, entry: undefined }
}

/** Monotonic time at which the leader proposes on this parent. */
function readyAtMs(instance: Instance, parent: Parent, env: Env): number {
  if (parent.entry?.boundary === true) return instance.timers.enteredMs + instance.timers.deltaMs
  const { minBlockIntervalMs, idleIntervalMs } = instance.config.params
  const seen = instance.seenAt.get(parent.key) ?? instance.timers.enteredMs
  return seen + (env.work ? minBlockIntervalMs : Math.max(minBlockIntervalMs, idleIntervalMs))
}

export function lead(instance: Instance, env: Env): Effect[] {
  if (!canPropose(instance)) return []
  const parent = chooseParent(instance)
  if (parent === undefined || env.monoMs < readyAtMs(instance, parent, env)) return []
  instance.proposedView = instance.view
  const again = boundaryProposal(instance, parent.entry)
  if (again !== undefined) return again
  const empty = unfinalDepth(instance, parent) >= instance.config.params.maxUnfinalBlocks
  return [{ type: 'build', view: instance.view, parent: parent.key, empty }]
}

/** When `lead` would act, for the driver's timer. */
export function leadAtMs(instance: Instance, env: Env): number | undefined {
  const parent = canPropose(instance) ? chooseParent(instance) : undefined
  return parent === undefined ? undefined : readyAtMs(instance, parent, env)
}

/** C9, C24: nothing extends a boundary block within its epoch, so it is proposed again until it is final. */
export function boundaryProposal(instance: Instance, entry: BlockEntry | undefined): Effect[] | undefined {
  if (entry === undefined || !entry.boundary) return undefined
  const notarisation = notarisedBefore(instance, entry, instance.view)
  if (notarisation === undefined) return []
  return propose(instance, entry.block, [notarisation], notarisation.view)
}

/** The shell built the block: propose it, unless the view is over. */
export function proposeBuilt(instance: Instance, view: number, block: Block): Effect[] {
  if (view !== instance.view || !maySign(instance)) return []
  const record = viewRecord(instance, view)
  if (record.ownNotarise !== undefined || record.ownNullify) return []
  const parent = instance.blocks.get(toHex(block.header.parent))
  return propose(instance, block, [], parent?.block.header.view ?? instance.final.view)
}

function propose(
  instance: Instance,
  block: Block,
  notarisation: readonly Certificate[],
  after: number
): Effect[] {
  viewRecord(instance, instance.view).ownNotarise = toHex(block.hash)
  const nullifications = justifyingNullifications(instance, after, instance.view)
  const records = recordsBeforeNotarise(instance, block)
  const draft = { block, notarisation, nullifications }
  return [{ type: 'sign', view: instance.view, kind: NOTARISE, hash: block.hash, records, draft }]
}

function unfinalDepth(instance: Instance, parent: Parent): number {
  return parent.entry === undefined ? 0 : parent.entry.block.header.height - instance.final.height
}
