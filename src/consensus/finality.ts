/**
 * Finality (C18): a finality certificate makes its block and all ancestors final. They are stored in height order,
 * so every one of them has to be here and executed first; until then the node is behind (C23).
 */
import { equal, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { Block } from '../codec/block.ts'
import { FINALISE } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { LATE_VIEWS, sortedViews } from './instance.ts'
import type { BlockEntry, Instance } from './instance.ts'
import type { Effect } from './types.ts'

export function progressFinality(instance: Instance): Effect[] {
  const { target } = instance
  if (target === undefined || instance.halted !== undefined) return []
  const proven = reachable(instance, target)
  const [highest] = proven
  if (highest === undefined) return forked(instance, target)
  const bad = highest.path.find((entry) => entry.status === 'invalid')
  if (bad !== undefined) {
    const { height } = bad.block.header
    return halt(
      instance,
      `final block ${bad.key} at height ${height} does not execute to its roots`,
      highest.certificate
    )
  }
  const executed = proven.find(({ path }) => path.every(({ status }) => status === 'valid'))
  return executed === undefined ? [] : settle(instance, executed.path, executed.certificate)
}

interface Proven {
  readonly path: readonly BlockEntry[]
  readonly certificate: Certificate
}

/**
 * Certified blocks whose ancestors are all here, highest first. The target need not be among them: a range that is
 * being pulled ends below it, and its blocks have to become final for the next range to be asked for. Nor is the
 * highest one waited for once a lower one is executed: until they are final, all that was executed stays in memory.
 */
function reachable(instance: Instance, target: Certificate): Proven[] {
  const lower = sortedViews(instance)
    .map(({ finalisation }) => finalisation)
    .filter((held) => held !== undefined && held.view > instance.final.view && held.view < target.view)
  const proven: Proven[] = []
  for (const certificate of [target, ...lower.reverse()]) {
    const path = certificate === undefined ? undefined : pathFromFinal(instance, certificate)
    if (certificate === undefined || path === undefined) continue
    if (path.length > 0 || certificate === target) proven.push({ path, certificate })
  }
  return proven
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
  return contradicted(instance, certificate)
}

/** Steps by hash below a proven block. What is further ahead comes by ranges, or proves later that it never will. */
const STEPS_BELOW = 16

/** C27: ranges never bring a block of another chain, so the target is asked for by hash, too, and what lies below it. */
export function missingOfTarget({ target, blocks, final }: Instance): Uint8Array[] {
  let hash = target?.hash
  for (;;) {
    if (hash === undefined || equal(hash, final.hash)) return []
    const header = blocks.get(toHex(hash))?.block.header
    if (header === undefined) return [hash]
    const above = header.height - final.height
    if (above <= 1 || above > STEPS_BELOW) return []
    hash = header.parent
  }
}

/** C27: the block of a proven finality that was asked for, and it is not above the final one: another chain. */
export function takeTargetBelow(instance: Instance, { header, hash }: Block): Effect[] {
  const { target, final } = instance
  const isTarget = target !== undefined && equal(target.hash, hash)
  return isTarget && header.height <= final.height ? contradicted(instance, target) : []
}

/** C27: where a block of this chain is final, or none, another one is certified as final. Of older views nothing is known. */
export function contradictsFinals({ finals, final }: Instance, { view, kind, hash }: Certificate): boolean {
  const [oldest] = finals.keys()
  if (kind !== FINALISE || oldest === undefined || view <= oldest || view > final.view) return false
  return finals.get(view) !== toHex(hash)
}

export const contradicted = (instance: Instance, certificate: Certificate): Effect[] =>
  halt(
    instance,
    `finality of ${toHex(certificate.hash)} contradicts the final block at height ${instance.final.height}`,
    certificate
  )

/** The certificates that were held first, then the one that does not fit. */
export function halt(
  instance: Instance,
  reason: string,
  certificate: Certificate,
  held = instance.finality
): Effect[] {
  instance.halted = reason
  return [{ type: 'halt', reason, proof: held === undefined ? [certificate] : [held, certificate] }]
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
  noteFinals(instance, path)
  prune(instance, certificate.view)
  const effects: Effect[] = [{ type: 'finalise', blocks, certificate }]
  if (last.boundary) {
    instance.ended = true
    effects.push({ type: 'ended', block: last.block, certificate })
  }
  return effects
}

/** As many as a peer gives in one answer of certificates (C19). */
const FINALS_MAX = 64

function noteFinals({ finals }: Instance, path: readonly BlockEntry[]): void {
  for (const { block, key } of path) finals.set(block.header.view, key)
  for (const view of finals.keys()) {
    if (finals.size <= FINALS_MAX) break
    finals.delete(view)
  }
}

/**
 * Drops what finality made useless: old views, and every block that does not descend from the final one. What was pulled
 * below the target stays while the range that leads to it is on its way: it would only be pulled again.
 */
function prune(instance: Instance, certifiedView: number): void {
  const final = toHex(instance.final.hash)
  for (const view of instance.views.keys()) {
    if (view <= certifiedView - LATE_VIEWS) instance.views.delete(view)
  }
  const kept = new Set(branchOfTarget(instance))
  const ordered = [...instance.blocks.values()].sort((a, b) => a.block.header.height - b.block.header.height)
  for (const entry of ordered) {
    if (entry.parent === final || kept.has(entry.parent)) kept.add(entry.key)
    else if (!kept.has(entry.key)) instance.blocks.delete(entry.key)
  }
  for (const key of instance.seenAt.keys()) {
    if (key !== final && !instance.blocks.has(key)) instance.seenAt.delete(key)
  }
}

/** The target and its ancestors, as far down as they are here and above the final one. */
function branchOfTarget({ target, blocks, final }: Instance): Hex[] {
  const branch: Hex[] = []
  let entry = target === undefined ? undefined : blocks.get(toHex(target.hash))
  while (entry !== undefined && entry.block.header.height > final.height) {
    branch.push(entry.key)
    entry = blocks.get(entry.parent)
  }
  return branch
}
