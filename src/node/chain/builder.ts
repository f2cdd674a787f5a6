/** Builds the own proposal of a view (C14, M13): against the parent's overlay, with the newest final reference. */
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { Block } from '../../codec/block.ts'
import type { Certificate, Vote } from '../../codec/statement.ts'
import { chooseLateVotes } from '../../chain/attendance.ts'
import { NO_COORD_REFERENCE, buildBlock } from '../../chain/build.ts'
import type { Instance } from '../../consensus/instance.ts'
import type { TransactionSource } from '../../state/build.ts'
import { tipAt } from '../../state/coord/reveals.ts'
import { readValidator } from '../../state/coord/validators.ts'
import type { StateView } from '../../state/ports.ts'
import type { CheckedDelivery } from '../../state/receipts.ts'
import type { EvidencePool } from '../evidence-pool.ts'
import type { Clock } from '../ports.ts'
import type { RevealChain } from '../reveal-chain.ts'
import type { BlockTree, Ground } from './block-tree.ts'
import type { CoordinationView } from './coordination-view.ts'

export interface BuilderComponents {
  readonly clock: Clock
  readonly tree: BlockTree
  readonly coord: CoordinationView
  /** Own validator key; undefined for a follower, which never builds. */
  readonly proposer: Uint8Array | undefined
  /** Pool order, without the transactions of unfinal ancestors. */
  readonly candidates: (exclude: ReadonlySet<Hex>) => TransactionSource
  /** Receipts of other chains that a child of this block may carry under this reference. */
  readonly deliveries: (parent: Ground, coordHeight: number) => readonly CheckedDelivery[]
  readonly evidence: Pick<EvidencePool, 'offers'>
  /** Hash chains of the own key (C29). */
  readonly reveals: RevealChain | undefined
  readonly shards: number
  /** Finality certificate of the last final block, from the store. */
  readonly finalCertificate: () => Certificate | undefined
}

export class Builder {
  readonly #c: BuilderComponents

  constructor(components: BuilderComponents) {
    this.#c = components
  }

  /** @returns undefined when the parent is gone or its certificate is not held: the view ends by its timer. */
  build(instance: Instance, view: number, parentKey: Hex, empty: boolean): Block | undefined {
    const { tree, clock, proposer, shards, candidates, deliveries } = this.#c
    const parent = tree.ground(parentKey)
    const { chain, network, epoch, params, committee, schedule } = instance.config
    if (parent === undefined || proposer === undefined) return undefined
    const parentCertificate = this.#parentCertificate(instance, parent)
    if (parentCertificate === undefined && parent.header.height > 0) return undefined
    const coord = chain === COORD ? NO_COORD_REFERENCE : this.#reference(parent)
    const built = buildBlock({
      network,
      chain,
      epoch,
      view,
      shards,
      params,
      committee,
      schedule,
      parent,
      state: parent.state,
      parentCertificate,
      ancestors: parent.attendance,
      lateVotes: this.#lateVotes(instance, parent, parentCertificate),
      nowMs: clock.wallMs(),
      coord,
      proposer,
      evidence: empty ? [] : this.#c.evidence.offers(),
      ...(chain === COORD ? this.#reveal(parent.state, parent.header.height + 1, proposer) : {}),
      deliveries: empty ? [] : deliveries(parent, coord.height),
      candidates: empty ? [] : candidates(tree.wireHashesUpTo(parentKey))
    })
    tree.add(built.block, built.execution, built.transactions)
    return built.block
  }

  /** C25: the finality certificate for the base of an epoch, else what notarised the parent at its own view. */
  #parentCertificate(instance: Instance, { header, hash }: Ground): Certificate | undefined {
    if (header.height === 0) return undefined
    if (header.epoch === instance.config.epoch) {
      const record = instance.views.get(header.view)
      const held = [record?.notarisation, record?.finalisation, instance.finality]
      const key = toHex(hash)
      const found = held.find((certificate) => certificate !== undefined && toHex(certificate.hash) === key)
      if (found !== undefined) return found
    }
    const stored = this.#c.finalCertificate()
    return stored !== undefined && toHex(stored.hash) === toHex(hash) ? stored : undefined
  }

  /** C29: what the state before the block asks of us. */
  #reveal(state: StateView, height: number, proposer: Uint8Array): { readonly reveal?: Uint8Array } {
    const record = readValidator(state, proposer)
    const tip = record === undefined ? undefined : tipAt(record, height)
    const reveal = tip === undefined ? undefined : this.#c.reveals?.preimageOf(tip)
    return reveal === undefined ? {} : { reveal }
  }

  /** C28: votes of the last ancestors' views that came after the certificate. */
  #lateVotes(instance: Instance, parent: Ground, certificate: Certificate | undefined): Vote[] {
    const child = { epoch: instance.config.epoch, certificate }
    return chooseLateVotes(
      parent.attendance,
      child,
      ({ view, hash }) => instance.views.get(view)?.notarise.get(toHex(hash))?.values() ?? []
    )
  }

  /** Never below the parent's reference (C7). */
  #reference(parent: Ground): { readonly height: number; readonly hash: Uint8Array } {
    const tip = this.#c.coord.tip()
    if (tip.height > parent.header.coordHeight) return tip
    return { height: parent.header.coordHeight, hash: parent.header.coordHash }
  }
}
