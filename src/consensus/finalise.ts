/**
 * C16: on a notarisation of any view above the last final one, a member that did not nullify that view votes to
 * finalise it. Neither the body nor being in the view is needed: the quorum behind the notarisation has the body.
 */
import { toHex } from '../primitives/bytes.ts'
import { FINALISE } from '../codec/statement.ts'
import { maySign, sortedViews } from './instance.ts'
import type { Instance, ViewRecord } from './instance.ts'
import { recordsBeforeFinalise } from './records.ts'
import type { Effect } from './types.ts'

/** The one rule that keeps a nullified view from being final (C12, C16). */
export const mayFinalise = (record: ViewRecord): boolean =>
  !record.ownNullify && record.ownFinalise === undefined

export function finaliseVotes(instance: Instance): Effect[] {
  if (!maySign(instance)) return []
  const effects: Effect[] = []
  for (const record of sortedViews(instance)) {
    if (record.view <= instance.final.view || record.notarisation === undefined) continue
    if (!mayFinalise(record)) continue
    const { hash } = record.notarisation
    record.ownFinalise = toHex(hash)
    const records = recordsBeforeFinalise(instance)
    effects.push({ type: 'sign', view: record.view, kind: FINALISE, hash, records })
  }
  return effects
}
