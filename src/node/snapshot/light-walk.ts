/** Committees, epoch by epoch from what is known, for whoever gets steps one after the other: a file, or a peer. */
import { judgeEpochStep } from '../../chain/light.ts'
import type { LightContext, LightStep } from '../../chain/light.ts'
import type { EpochStep } from '../../codec/state-snapshot.ts'
import type { Certificate } from '../../codec/statement.ts'
import { certificateJobs } from '../../consensus/certificate-check.ts'
import type { Verifier } from '../../crypto/ports.ts'
import { refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'

export type LightInit = Omit<LightContext, 'snapshot'>

export class LightWalk {
  readonly #init: LightInit
  readonly #verifier: Verifier
  readonly #known: (epoch: number) => EpochSnapshot | undefined
  readonly #epochs = new Map<number, EpochSnapshot>()
  readonly #steps = new Map<number, EpochStep>()
  readonly #first: number

  /** @param first epoch whose step is taken first; it has to be known */
  constructor(
    init: LightInit,
    verifier: Verifier,
    known: (epoch: number) => EpochSnapshot | undefined,
    first = 0
  ) {
    this.#init = init
    this.#verifier = verifier
    this.#known = known
    this.#first = first
  }

  /** Verified steps by their epoch. */
  get steps(): ReadonlyMap<number, EpochStep> {
    return this.#steps
  }

  /** The epoch whose step leads on. */
  get nextEpoch(): number {
    let epoch = this.#first - 1
    for (const known of this.#steps.keys()) epoch = Math.max(epoch, known)
    return epoch + 1
  }

  get context(): LightContext {
    return { ...this.#init, snapshot: (epoch) => this.snapshot(epoch) }
  }

  snapshot(epoch: number): EpochSnapshot | undefined {
    return this.#epochs.get(epoch) ?? this.#known(epoch)
  }

  /** Learns a step whose certificates hold. */
  async take(step: EpochStep): Promise<Verdict<LightStep>> {
    const judged = judgeEpochStep(step, this.nextEpoch, this.context)
    if (!judged.ok) return judged
    for (const certificate of judged.value.certificates) {
      if ((await this.holds(certificate, judged.value.epoch)) !== true) {
        return refuse('light-signatures', 'a certificate does not hold')
      }
    }
    this.#steps.set(judged.value.epoch, step)
    const { next } = judged.value
    if (next !== undefined) this.#epochs.set(next.epoch, next)
    return judged
  }

  /** undefined: the epoch is not known, which proves nothing against anybody. */
  async holds(certificate: Certificate, epoch: number): Promise<boolean | undefined> {
    const committee = this.snapshot(epoch)?.committees.get(this.#init.chain)
    if (committee === undefined) return undefined
    const jobs = certificateJobs(this.#init.network, committee, certificate)
    if (!jobs.ok) return false
    const valid = await this.#verifier.verify(jobs.value)
    return valid.every(Boolean)
  }
}
