/** Certificates with real signatures: all validators of a made history sign here, a quorum of them each time. */
import { BitArray } from '@chainsafe/ssz'
import { createSigningFunction, publicKeyFromSeed } from '../../crypto/ed25519.ts'
import { signedBytes } from '../../codec/statement.ts'
import type { Certificate, Statement } from '../../codec/statement.ts'
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { must } from '../../primitives/errors.ts'
import type { Committee } from '../../sharding/types.ts'
import { validatorSeed } from './plan.ts'

export class CommitteeKeys {
  readonly #network: Uint8Array
  readonly #signers: ReadonlyMap<Hex, (message: Uint8Array) => Uint8Array>

  constructor(network: Uint8Array, validators: number) {
    this.#network = network
    this.#signers = new Map(
      Array.from({ length: validators }, (_, index) => {
        const seed = validatorSeed(index)
        return [toHex(publicKeyFromSeed(seed)), createSigningFunction(seed)]
      })
    )
  }

  /** Signed by the leader and those after it, so that over time everyone is heard and everyone is missed. */
  certify(committee: Committee, leader: number, what: Omit<Statement, 'network' | 'chain'>): Certificate {
    const { members, quorum, chain } = committee
    const signers = BitArray.fromBitLen(members.length)
    for (let step = 0; step < quorum; step++) signers.set((leader + step) % members.length, true)
    const certificate = { ...what, chain, signers, signatures: [] }
    const message = signedBytes(this.#network, certificate)
    const signatures = signers.getTrueBitIndexes().map((index) => {
      const { key } = must(members[index], 'a set bit is a member')
      return must(this.#signers.get(toHex(key)), 'every member’s key is published')(message)
    })
    return { ...certificate, signatures }
  }
}
