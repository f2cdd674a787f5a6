/** What peers prove of themselves, kept for a while: the registry changes with epochs, signatures cost time (DIS-4). */
import type { PeerFacts } from '../types.ts'
import { DISCOVERY_LIMITS } from './limits.ts'
import { provenCooperative } from './peer-records.ts'
import type { JudgedRecord, Registry } from './peer-records.ts'

export class Proofs {
  readonly #registry: Registry
  /** Goes with the record. */
  readonly #kept = new WeakMap<JudgedRecord, { readonly untilMs: number; readonly facts: PeerFacts }>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  factsOf(judged: JudgedRecord, nowMs: number): PeerFacts {
    const kept = this.#kept.get(judged)
    if (kept !== undefined && nowMs < kept.untilMs) return kept.facts
    const { record } = judged
    const validator = record.validator[0]?.key
    const facts: PeerFacts = {
      sequence: record.sequence,
      held: record.chains,
      cooperative: provenCooperative(record, this.#registry, nowMs),
      isValidator: validator !== undefined && this.#registry(validator) !== undefined,
      ...(validator === undefined ? {} : { validator })
    }
    this.#kept.set(judged, { untilMs: nowMs + DISCOVERY_LIMITS.metadataMs, facts })
    return facts
  }
}
