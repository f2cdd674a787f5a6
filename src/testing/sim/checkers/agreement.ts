/**
 * Read from outside, over every final block of every honest node: no two final blocks at one (chain, height), equal
 * height equal state root, certificates that hold, heights that never go back (invariants 1, 3, 6, C5). The quorum and
 * the signatures are judged here by the checker's own arithmetic, not by the product's.
 */
import { toHex } from '../../../primitives/bytes.ts'
import { chainName } from '../../../primitives/chain-id.ts'
import type { ChainId } from '../../../primitives/chain-id.ts'
import { FINALISE, signedBytes } from '../../../codec/statement.ts'
import type { Certificate } from '../../../codec/statement.ts'
import type { Verifier } from '../../../crypto/ports.ts'
import type { FinalEvent } from '../../../node/ports.ts'

export interface AgreementInit {
  readonly network: Uint8Array
  /** Keys in order of the committee. */
  readonly committee: (chain: ChainId, epoch: number) => readonly Uint8Array[]
  readonly verifier: Verifier
  readonly violation: (text: string) => void
}

interface Agreed {
  readonly hash: string
  readonly stateRoot: string
  readonly node: number
}

export class Agreement {
  /** Nodes that take the state of a snapshot: their heights go up, but not one by one. */
  readonly leaping = new Set<number>()
  readonly #init: AgreementInit
  readonly #agreed = new Map<string, Agreed>()
  readonly #heights = new Map<string, number>()
  readonly #checked = new Set<string>()

  constructor(init: AgreementInit) {
    this.#init = init
  }

  /** @returns whether nobody had a final block at this height before. */
  onFinal(node: number, event: FinalEvent): boolean {
    const { chain, header } = event
    const place = `${chainName(chain)}/${header.height}`
    const found = { hash: toHex(event.hash), stateRoot: toHex(header.stateRoot), node }
    const known = this.#agreed.get(place)
    if (known === undefined) this.#agreed.set(place, found)
    else if (known.hash !== found.hash) {
      this.#init.violation(`invariant 1: nodes ${known.node} and ${node} have two final blocks at ${place}`)
    } else if (known.stateRoot !== found.stateRoot) {
      this.#init.violation(`invariant 3: nodes ${known.node} and ${node} have two state roots at ${place}`)
    }
    this.#judgeHeight(node, chain, header.height)
    if (event.certificate.kind !== FINALISE)
      this.#init.violation(`${place} is final by no finality certificate`)
    this.#judgeCertificate(place, event.certificate)
    return known === undefined
  }

  /** The certificate that a final block carries over its parent (C25). */
  judgeParent(chain: ChainId, height: number, certificate: Certificate): void {
    this.#judgeCertificate(`the parent of ${chainName(chain)}/${height}`, certificate)
  }

  /** A process came back: what it said was final is still final. */
  onRestarted(node: number, chain: ChainId, height: number): void {
    const before = this.#heights.get(`${node}/${chain}`) ?? 0
    if (height < before) {
      this.#init.violation(
        `invariant 6: node ${node} came back at ${chainName(chain)}/${height} after ${before}`
      )
    }
    this.#heights.set(`${node}/${chain}`, height)
  }

  /** The chain databases of a node were taken away on purpose. */
  forget(node: number): void {
    for (const key of this.#heights.keys()) if (key.startsWith(`${node}/`)) this.#heights.delete(key)
  }

  hashAt(chain: ChainId, height: number): string | undefined {
    return this.#agreed.get(`${chainName(chain)}/${height}`)?.hash
  }

  #judgeHeight(node: number, chain: ChainId, height: number): void {
    const key = `${node}/${chain}`
    const before = this.#heights.get(key)
    const isNext = before === undefined || height === before + 1
    if (!isNext && !(this.leaping.has(node) && height > before)) {
      this.#init.violation(`invariant 6: node ${node} went from ${chainName(chain)}/${before} to ${height}`)
    }
    this.#heights.set(key, height)
  }

  #judgeCertificate(place: string, certificate: Certificate): void {
    const { network, verifier, violation } = this.#init
    const committee = this.#init.committee(certificate.chain, certificate.epoch)
    const signers = certificate.signers.getTrueBitIndexes()
    const id = `${place} ${signers.join()} ${toHex(certificate.hash)}`
    if (this.#checked.has(id)) return
    this.#checked.add(id)
    const quorum = committee.length - Math.floor((committee.length - 1) / 3)
    if (signers.length < quorum) {
      violation(`certificate of ${place} has ${signers.length} signers, not ${quorum}`)
      return
    }
    const message = signedBytes(network, certificate)
    const jobs = signers.map((index, position) => ({
      publicKey: committee[index] ?? new Uint8Array(32),
      message,
      signature: certificate.signatures[position] ?? new Uint8Array(64)
    }))
    void verifier.verify(jobs).then((results) => {
      if (!results.every(Boolean)) violation(`certificate of ${place} has a signature that does not verify`)
    })
  }
}
