/** Taking in a certificate, formed here or received (C13, C16, C17, C18): note it, journal it, publish what is ours. */
import { toHex } from '../primitives/bytes.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { contradicted, contradictsFinals, halt } from './finality.ts'
import { noteSeen, viewRecord } from './instance.ts'
import type { Instance, ViewRecord } from './instance.ts'
import { measure } from './timers.ts'
import type { Effect, Env } from './types.ts'

/** Where the certificate came from: what gossip did not bring is published here (C16). */
export type Origin = 'formed' | 'gossip' | 'pulled' | 'journal'

function slot(record: ViewRecord, kind: number): 'notarisation' | 'nullification' | 'finalisation' {
  if (kind === NOTARISE) return 'notarisation'
  return kind === NULLIFY ? 'nullification' : 'finalisation'
}

export function holdsCertificate(instance: Instance, certificate: Certificate): boolean {
  if (certificate.view <= instance.final.view) return true
  const record = instance.views.get(certificate.view)
  return record !== undefined && record[slot(record, certificate.kind)] !== undefined
}

/** C27: it certifies another block than one that is held, or than what is final here. */
export function contradictsHeld(instance: Instance, certificate: Certificate): boolean {
  const record = instance.views.get(certificate.view)
  const same = record?.[slot(record, certificate.kind)]
  const differs = same !== undefined && toHex(same.hash) !== toHex(certificate.hash)
  return differs || contradictsFinals(instance, certificate)
}

/** A conflicting certificate of one kind and view would prove more than f faulty members: C27. */
export function takeCertificate(
  instance: Instance,
  certificate: Certificate,
  origin: Origin,
  env: Env
): Effect[] {
  if (holdsCertificate(instance, certificate)) return contradiction(instance, certificate)
  const record = viewRecord(instance, certificate.view)
  record[slot(record, certificate.kind)] = certificate
  const key = toHex(certificate.hash)
  if (certificate.kind !== NULLIFY) {
    if (certificate.kind === NOTARISE) measureView(instance, record, env)
    noteSeen(instance, key, env.monoMs)
  }
  if (
    certificate.kind === FINALISE &&
    (instance.target === undefined || instance.target.view < certificate.view)
  ) {
    instance.target = certificate
  }
  if (origin === 'journal') return []
  instance.unjournaled.set(`${certificate.kind}/${certificate.view}`, { type: 'certificate', certificate })
  return origin === 'gossip' ? [] : [{ type: 'publish', certificate }]
}

/** C21: the time from the proposal to its notarisation, execution included. */
function measureView(instance: Instance, record: ViewRecord, env: Env): void {
  const certificate = record.notarisation
  const seen = certificate === undefined ? undefined : instance.seenAt.get(toHex(certificate.hash))
  if (seen !== undefined && record.view === instance.view) measure(instance.timers, env.monoMs - seen)
}

function contradiction(instance: Instance, certificate: Certificate): Effect[] {
  const held = instance.views.get(certificate.view)
  const same = held?.[slot(held, certificate.kind)]
  if (same !== undefined && toHex(same.hash) !== toHex(certificate.hash)) {
    const { kind, view } = certificate
    return halt(instance, `two certificates of kind ${kind} in view ${view}`, certificate, same)
  }
  return contradictsFinals(instance, certificate) ? contradicted(instance, certificate) : []
}
