/** C22: what others hold of the own key's statements. One that the guard does not know stops signing for good. */
import type { Attendance } from '../../codec/block.ts'
import type { Certificate, Vote } from '../../codec/statement.ts'
import type { Validator } from '../validator.ts'
import type { ChainEvents } from '../ports.ts'
import type { EpochBook } from './epoch-book.ts'

export interface TwinWatchComponents {
  readonly validator: Validator | undefined
  readonly epochs: EpochBook
  readonly events: Pick<ChainEvents, 'signingStopped' | 'failed'>
}

export class TwinWatch {
  readonly #c: TwinWatchComponents
  readonly #network: Uint8Array

  constructor(components: TwinWatchComponents, network: Uint8Array) {
    this.#c = components
    this.#network = network
  }

  /** A valid vote, or certificate whose signers have the own key among them. */
  notice({ chain, epoch, view, kind, hash }: Vote | Certificate): void {
    this.#c.validator?.noticeTwin({ network: this.#network, chain, epoch, view, kind, hash }).then(
      (reason) => {
        if (reason !== undefined) this.#c.events.signingStopped(reason)
      },
      (error: unknown) => this.#c.events.failed(error)
    )
  }

  /** The own key among the signers says as much as a vote of it: a restored backup finds it in what it catches up. */
  inCertificate(certificate: Certificate): void {
    const { validator, epochs } = this.#c
    if (validator === undefined) return
    const own = epochs.memberIndex(certificate.chain, certificate.epoch, validator.publicKey)
    if (own !== undefined && certificate.signers.get(own)) this.notice(certificate)
  }

  inAttendance({ parentCertificate, lateVotes }: Attendance): void {
    for (const certificate of parentCertificate) this.inCertificate(certificate)
    const key = this.#c.validator?.publicKey
    if (key === undefined) return
    for (const vote of lateVotes) {
      if (vote.signer === this.#c.epochs.memberIndex(vote.chain, vote.epoch, key)) this.notice(vote)
    }
  }
}
