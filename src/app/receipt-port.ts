/**
 * Where receipts stand (R16), as far as this node can see: the chains it follows know what was emitted, what arrived
 * and what was acknowledged; of the others it says nothing.
 */
import type { ChainId } from '../primitives/chain-id.ts'
import type { ChainNode } from '../node/chain/chain-node.ts'
import { readInLane, readOutLane } from '../node/chain/outbox.ts'
import type { Chains } from '../node/chains.ts'
import { chainsOf } from '../primitives/chain-id.ts'
import type { LaneFacts, ReceiptFacts, ReceiptPlace } from '../rpc/port.ts'
import { DecodedResults } from './decoded-results.ts'

/** A receipt, its refund: nothing answers a refund. */
const HOPS_MAX = 2

export class ReceiptPort {
  readonly #chains: Chains
  readonly #results = new DecodedResults()

  constructor(chains: Chains) {
    this.#chains = chains
  }

  /** The receipt that a transaction emitted, and the refund that answered it. */
  async follow(first: ReceiptPlace): Promise<readonly ReceiptFacts[]> {
    const hops: ReceiptFacts[] = []
    for (let next: ReceiptPlace | undefined = first; next !== undefined && hops.length < HOPS_MAX;) {
      const hop: ReceiptFacts = await this.status(next)
      hops.push(hop)
      next =
        hop.refund === undefined
          ? undefined
          : { source: hop.destination, destination: hop.source, sequence: hop.refund }
    }
    return hops
  }

  async status(place: ReceiptPlace): Promise<ReceiptFacts> {
    const { source, destination, sequence } = place
    const from = this.#chains.get(source)
    const to = this.#chains.get(destination)
    const lane = from === undefined ? undefined : readOutLane(from.tree.final.state, destination)
    const delivery = to === undefined ? undefined : await this.#deliveryOf(to, place)
    if (delivery !== undefined) {
      const status = delivery.reason === undefined ? 'delivered' : 'refused'
      const isKnown = lane !== undefined && lane.acknowledged > sequence
      return { ...place, ...delivery, status: isKnown && status === 'delivered' ? 'acknowledged' : status }
    }
    if (lane === undefined) return { ...place, status: from === undefined ? 'unseen' : 'unknown' }
    if (lane.acknowledged > sequence) return { ...place, status: 'acknowledged' }
    return { ...place, status: lane.next > sequence ? 'provable' : 'unknown' }
  }

  async #deliveryOf(
    node: ChainNode,
    { source, sequence }: ReceiptPlace
  ): Promise<Pick<ReceiptFacts, 'place' | 'reason' | 'refund'> | undefined> {
    const { state } = node.tree.final
    if ((readInLane(state, source)?.cursor ?? 0) <= sequence) return undefined
    const found = await node.store.deliveryOf(source, sequence)
    const hash = found === undefined ? undefined : node.store.hashAt(found.height)
    // The block may have been pruned: the cursor alone says that it was delivered.
    if (found === undefined || hash === undefined) return {}
    const result = this.#results
      .of(node, found.height)
      ?.received.find((one) => one.source === source && one.sequence === sequence)
    return {
      place: { chain: node.chain, height: found.height, hash },
      ...(result?.refusal === undefined ? {} : { reason: result.refusal }),
      ...(result?.refund === undefined ? {} : { refund: result.refund })
    }
  }

  /** Every lane from and to a followed chain that was ever used. */
  lanes(chain: ChainId): readonly LaneFacts[] {
    const node = this.#chains.get(chain)
    if (node === undefined) return []
    const { state } = node.tree.final
    const { shards } = this.#chains.constants
    return chainsOf(shards).flatMap((other) => {
      const out = readOutLane(state, other)
      const inbound = readInLane(state, other)
      return out === undefined && inbound === undefined ? [] : [{ other, out, in: inbound }]
    })
  }
}
