/**
 * C22: an instance as the journal left it. Own votes come back first as facts that bind, then certificates and blocks;
 * the view follows from the certificates (C13), and blocks are executed again by the ordinary rules.
 */
import { toHex } from '../primitives/bytes.ts'
import { FINALISE, NOTARISE } from '../codec/statement.ts'
import { takeBlock } from './blocks.ts'
import { takeCertificate } from './certificates.ts'
import { enterView } from './enter.ts'
import { createInstance, viewRecord } from './instance.ts'
import type { Instance } from './instance.ts'
import type { Env, InstanceConfig, JournalRecord } from './types.ts'
import { countVote } from './votes.ts'

export function restoreInstance(
  config: InstanceConfig,
  records: readonly JournalRecord[],
  env: Env
): Instance {
  const instance = createInstance(config, env.monoMs)
  for (const record of records) {
    if (record.type === 'vote') {
      const own = viewRecord(instance, record.vote.view)
      if (record.vote.kind === NOTARISE) own.ownNotarise = toHex(record.vote.hash)
      else if (record.vote.kind === FINALISE) own.ownFinalise = toHex(record.vote.hash)
      else own.ownNullify = true
      const { certificate } = countVote(instance, record.vote)
      if (certificate !== undefined) takeCertificate(instance, certificate, 'pulled', env)
    } else if (record.type === 'certificate') {
      takeCertificate(instance, record.certificate, 'journal', env)
    } else if (record.type === 'block') {
      takeBlock(instance, record.block, env.monoMs)
    } else {
      instance.proposedView = Math.max(instance.proposedView, record.view)
    }
  }
  enterView(instance, env.monoMs)
  return instance
}
