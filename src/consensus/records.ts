/**
 * Durability (C11): which journal records have to be in the same synced write as a vote. Everything held but not
 * journaled yet goes along, so the certificate that led into the view, the one that justifies the proposal and the
 * notarisation behind a finalise vote are always among them.
 */
import type { Block } from '../codec/block.ts'
import type { Instance } from './instance.ts'
import type { JournalRecord } from './types.ts'

/** Before `notarise`: all pending certificates, and the block itself with its unjournaled ancestors. */
export function recordsBeforeNotarise(instance: Instance, block: Block): JournalRecord[] {
  return [...takePending(instance), ...blockRecords(instance, block)]
}

/** Before `finalise` and `nullify`: all pending certificates, the notarisation behind a finalise among them. */
export function recordsBeforeFinalise(instance: Instance): JournalRecord[] {
  return takePending(instance)
}

export const recordsBeforeNullify = recordsBeforeFinalise

export function takePending(instance: Instance): JournalRecord[] {
  const records = [...instance.unjournaled.values()]
  instance.unjournaled.clear()
  return records
}

function blockRecords(instance: Instance, block: Block): JournalRecord[] {
  return [{ type: 'block', block }]
}
