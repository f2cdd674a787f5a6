/** Blocks above the last final one: taking them in, and asking for their execution in the order of their parents. */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { Block } from '../codec/block.ts'
import { isBoundary } from '../sharding/epochs.ts'
import { noteSeen, viewRecord } from './instance.ts'
import type { BlockEntry, Instance } from './instance.ts'
import type { Effect } from './types.ts'
import { voteWindow } from './window.ts'

/** Blocks held above the last final one: the window of views, two branches of it, and a range that is caught up. */
export const BLOCKS_MAX = 256

/** @returns false when there is no room or the block cannot belong above the last final one. */
export function takeBlock(instance: Instance, block: Block, monoMs: number): boolean {
  const key = toHex(block.hash)
  if (instance.blocks.has(key)) return true
  if (block.header.height <= instance.final.height) return false
  if (instance.blocks.size >= BLOCKS_MAX) dropUnproven(instance)
  if (instance.blocks.size >= BLOCKS_MAX) return false
  const { epochLength } = instance.config.params
  instance.blocks.set(key, {
    block,
    key,
    parent: toHex(block.header.parent),
    boundary: isBoundary(block.header, instance.config.epoch, epochLength),
    status: 'waiting'
  })
  noteSeen(instance, key, monoMs)
  return true
}

/** A leader's first block may be voted for and a second one proves equivocation; none of the rest is needed. */
export const PROPOSALS_PER_VIEW = 2

/**
 * A leader can sign any number of blocks for its view. Those beyond the second are not held, whatever they are: they
 * would take the room of honest ones. Should one of them be certified all the same, it is pulled by its hash.
 */
export function takeProposed(instance: Instance, block: Block, view: number, monoMs: number): void {
  if (instance.blocks.has(toHex(block.hash)) || voteWindow(instance, view) !== 'counted') return
  const record = viewRecord(instance, view)
  if (record.proposals >= PROPOSALS_PER_VIEW) return
  if (takeBlock(instance, block, monoMs)) record.proposals++
}

/**
 * Makes room where faulty leaders filled it: a leader signs any number of blocks, and names any parents. What a
 * certificate stands behind stays with all its ancestors, and of each view still to come the leader's first proposal.
 */
function dropUnproven(instance: Instance): void {
  const kept = new Set<Hex>()
  const keepBranch = (hash: Uint8Array): void => {
    let entry = instance.blocks.get(toHex(hash))
    for (; entry !== undefined && !kept.has(entry.key); entry = instance.blocks.get(entry.parent)) {
      kept.add(entry.key)
    }
  }
  for (const { view, notarisation, finalisation, leaderHashes } of instance.views.values()) {
    for (const certificate of [notarisation, finalisation]) {
      if (certificate !== undefined) keepBranch(certificate.hash)
    }
    const [first] = leaderHashes
    if (first !== undefined && view >= instance.view) kept.add(first)
  }
  for (const key of instance.blocks.keys()) {
    if (kept.has(key)) continue
    instance.blocks.delete(key)
    instance.seenAt.delete(key)
  }
}

/** Asks for execution of every block whose parent is executed, once. A child of an invalid block is invalid. */
export function judgeReady(instance: Instance): Effect[] {
  const effects: Effect[] = []
  const waiting = [...instance.blocks.values()]
    .filter((entry) => entry.status === 'waiting')
    .sort((a, b) => a.block.header.height - b.block.header.height)
  for (const entry of waiting) {
    const parent = parentStatus(instance, entry)
    if (parent === 'invalid') entry.status = 'invalid'
    if (parent !== 'valid') continue
    entry.status = 'judging'
    effects.push({ type: 'judge', block: entry.block })
  }
  return effects
}

function parentStatus(instance: Instance, entry: BlockEntry): BlockEntry['status'] | undefined {
  if (entry.parent === toHex(instance.final.hash)) return 'valid'
  return instance.blocks.get(entry.parent)?.status
}

export function takeVerdict(instance: Instance, key: Hex, valid: boolean): void {
  const entry = instance.blocks.get(key)
  if (entry !== undefined && entry.status === 'judging') entry.status = valid ? 'valid' : 'invalid'
}
