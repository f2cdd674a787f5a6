/**
 * Finality (C18): a finality certificate makes its block and all ancestors final. They are stored in height order,
 * so every one of them has to be here and executed first; until then the node is behind (C23).
 */
import { toHex } from '../primitives/bytes.ts'
import type { Block } from '../codec/block.ts'
import type { Certificate } from '../codec/statement.ts'
import { LATE_VIEWS, sortedViews } from './instance.ts'
import type { BlockEntry, Instance } from './instance.ts'
import type { Effect } from './types.ts'

export function progressFinality(instance: Instance): Effect[] {
  const { target } = instance
  if (target === undefined || instance.halted !== undefined) return []
  const proven = highestReachable(instance, target)
  if (proven === undefined) return forked(instance, target)
  const { path, certificate } = proven
  const bad = path.find((entry) => entry.status === 'invalid')
  if (bad !== undefined) {
    instance.halted = `final block ${bad.key} at height ${bad.block.header.height} does not execute to its roots`
    return [{ type: 'halt', reason: instance.halted }]
  }
  if (path.some((entry) => entry.status !== 'valid')) return []
  return settle(instance, path, certificate)
}

/**
 * The highest certified block whose ancestors are all here. It need not be the target: a range that is being pulled
 * ends below it, and its blocks have to become final for the next range to be asked for.
 */
function highestReachable(
  instance: Instance,
  target: Certificate
): { readonly path: BlockEntry[]; readonly certificate: Certificate } | undefined {
  const lower = sortedViews(instance)
    .map(({ finalisation }) => finalisation)
    .filter((held) => held !== undefined && held.view > instance.final.view && held.view < target.view)
  for (const certificate of [target, ...lower.reverse()]) {
    const path = certificate === undefined ? undefined : pathFromFinal(instance, certificate)
    if (certificate === undefined || path === undefined) continue
    if (path.length > 0 || certificate === target) return { path, certificate }
  }
  return undefined
}

/** Entries from the child of the last final block up to the certified one; undefined while one is missing. */
export function pathFromFinal(instance: Instance, certificate: Certificate): BlockEntry[] | undefined {
  const path: BlockEntry[] = []
  const final = toHex(instance.final.hash)
  let key = toHex(certificate.hash)
  while (key !== final) {
    const entry = instance.blocks.get(key)
    if (entry === undefined || entry.block.header.height <= instance.final.height) return undefined
    path.unshift(entry)
    key = entry.parent
  }
  return path
}

/** C27: a proven block at the height above the final one that has another parent contradicts what is final here. */
function forked(instance: Instance, certificate: Certificate): Effect[] {
  let entry = instance.blocks.get(toHex(certificate.hash))
  while (entry !== undefined && entry.block.header.height > instance.final.height + 1) {
    entry = instance.blocks.get(entry.parent)
  }
  if (entry === undefined || entry.parent === toHex(instance.final.hash)) return []
  instance.halted = `finality of ${toHex(certificate.hash)} contradicts the final block at height ${instance.final.height}`
  return [{ type: 'halt', reason: instance.halted }]
}

function settle(instance: Instance, path: readonly BlockEntry[], certificate: Certificate): Effect[] {
  if (certificate === instance.target) instance.target = undefined
  const last = path.at(-1)
  if (last === undefined) return []
  const { header, hash } = last.block
  // A boundary block may be final in a later view than its own; nothing is built on it in this epoch.
  instance.final = { hash, height: header.height, view: header.view, timeMs: header.timeMs }
  instance.finality = certificate
  const blocks: Block[] = path.map((entry) => entry.block)
  prune(instance, certificate.view)
  const effects: Effect[] = [{ type: 'finalise', blocks, certificate }]
  if (last.boundary) {
    instance.ended = true
    effects.push({ type: 'ended', block: last.block, certificate })
  }
  return effects
}

/** Drops what finality made useless: old views, and every block that does not descend from the final one. */
function prune(instance: Instance, certifiedView: number): void {
  const final = toHex(instance.final.hash)
  for (const view of instance.views.keys()) {
    if (view <= certifiedView - LATE_VIEWS) instance.views.delete(view)
  }
  const kept = new Set([final])
  const ordered = [...instance.blocks.values()].sort((a, b) => a.block.header.height - b.block.header.height)
  for (const entry of ordered) {
    if (kept.has(entry.parent)) kept.add(entry.key)
    else instance.blocks.delete(entry.key)
  }
  for (const key of instance.seenAt.keys()) {
    if (key !== final && !instance.blocks.has(key)) instance.seenAt.delete(key)
  }
}
