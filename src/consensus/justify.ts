/**
 * Justification (C9): what has to be held before a block may be proposed or notarised in a view. Each condition is a
 * function of its own, so that a broken one can be shown to matter.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { Certificate } from '../codec/statement.ts'
import { MAX_JUSTIFYING_NULLIFICATIONS } from '../codec/proposal.ts'
import type { BlockEntry, Instance } from './instance.ts'

/** A certificate over the parent at the view of its header is held; the base and the last final block count as such. */
export function parentNotarised(instance: Instance, parent: Hex, view: number): boolean {
  if (parent === toHex(instance.final.hash)) return view === instance.final.view
  const record = instance.views.get(view)
  const held = [record?.notarisation, record?.finalisation]
  return held.some((certificate) => certificate !== undefined && toHex(certificate.hash) === parent)
}

/** Nullifications are held for every view strictly between `after` and `before`. */
export function nullificationsHeld(instance: Instance, after: number, before: number): boolean {
  for (let view = before - 1; view > after; view--) {
    if (instance.views.get(view)?.nullification === undefined) return false
  }
  return true
}

/** The view at whose notarisation a child may be built on a block, or undefined when nothing here allows it. */
export function parentView(instance: Instance, parent: Hex): number | undefined {
  if (parent === toHex(instance.final.hash)) return instance.final.view
  const entry = instance.blocks.get(parent)
  return entry === undefined || entry.boundary ? undefined : entry.block.header.view
}

/** New block of view v: its parent is notarised in p < v and every view between is nullified. */
export function justifiedNew(instance: Instance, entry: BlockEntry): boolean {
  const view = entry.block.header.view
  const p = parentView(instance, entry.parent)
  if (p === undefined || p >= view) return false
  return parentNotarised(instance, entry.parent, p) && nullificationsHeld(instance, p, view)
}

/** Re-proposal in view v: the boundary block is notarised in some earlier view and every view between is nullified. */
export function justifiedAgain(instance: Instance, entry: BlockEntry, view: number): boolean {
  return notarisedBefore(instance, entry, view) !== undefined
}

/** Highest view below `view` at which the block is notarised, with nullifications for all views between. */
export function notarisedBefore(
  instance: Instance,
  entry: BlockEntry,
  view: number
): Certificate | undefined {
  for (let p = view - 1; p >= entry.block.header.view; p--) {
    const record = instance.views.get(p)
    const held = record?.notarisation ?? record?.finalisation
    if (held !== undefined && toHex(held.hash) === entry.key) return held
    if (record?.nullification === undefined) return undefined
  }
  return undefined
}

/** The newest nullifications between a view and the proposed one, newest last (C9). */
export function justifyingNullifications(instance: Instance, after: number, before: number): Certificate[] {
  const out: Certificate[] = []
  for (let view = before - 1; view > after && out.length < MAX_JUSTIFYING_NULLIFICATIONS; view--) {
    const certificate = instance.views.get(view)?.nullification
    if (certificate !== undefined) out.unshift(certificate)
  }
  return out
}
