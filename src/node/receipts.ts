/**
 * Receipts between the chains of one node and the rest of the network (R3, R4, R14). Between followed shards a leader
 * reads the source's state itself; of a source that is not followed (never the coordination chain) the undelivered
 * receipts are pulled whenever the coordination chain moves, or else the destination does, or somebody announces more,
 * from any peer that follows it, and verified before they are held. Nothing relies on an announcement, so nothing can
 * be lost: after a restart the cursor in the state says where to go on.
 */
import type { ChainId } from '../primitives/chain-id.ts'
import { isShard } from '../primitives/chain-id.ts'
import { ZERO_HASH } from '../primitives/bytes.ts'
import { judgeDelivery, readDelivery } from '../chain/delivery.ts'
import { DeliveryType, ReceiptsRequestType } from '../codec/receipt.ts'
import type { Delivery } from '../codec/receipt.ts'
import { decode } from '../codec/ssz.ts'
import { VerifyPoolError } from '../crypto/errors.ts'
import { INVALID, LACKS } from '../net/answers.ts'
import type { Network, Peer, Response } from '../net/types.ts'
import type { GenesisConstants } from '../state/types.ts'
import type { ChainNode } from './chain/chain-node.ts'
import { assembleDelivery, readInLane } from './chain/outbox.ts'
import type { Source } from './chain/outbox.ts'

export interface ReceiptsComponents {
  readonly network: Network
  readonly constants: GenesisConstants
  readonly chains: ReadonlyMap<ChainId, ChainNode>
  readonly failed: (error: unknown) => void
}

/** Bytes of one answer, which has one entry in any case. */
const ANSWER_BYTES = 256 * 1024
/** Peers that are asked because of one hint. */
const HINTED_ASKS_MAX = 3

const laneOf = (source: ChainId, { chain }: ChainNode): string => `${source}/${chain}`

/** The last final block of a chain with what proves it (R3). */
export function sourceOf({ tree, certificate }: ChainNode): Source {
  const { header, state } = tree.final
  return { header, certificate, state }
}

export class Receipts {
  readonly #c: ReceiptsComponents
  readonly #pulling = new Set<string>()
  /** Of each lane, how often it was asked for: the next time another peer is. */
  readonly #turns = new Map<string, number>()
  /** Lanes of which more was announced than was asked for since. */
  readonly #hinted = new Set<string>()
  /** Chains whose lanes were asked for since their own last final block. */
  readonly #asked = new Set<ChainId>()

  constructor(components: ReceiptsComponents) {
    this.#c = components
  }

  /** Request `receipts`. */
  serve(body: Uint8Array): Response {
    const request = decode(ReceiptsRequestType, body)
    if (!request.ok) return INVALID
    const { source, destination, from } = request.value
    const node = this.#c.chains.get(source)
    if (node === undefined || !isShard(source) || source === destination) return LACKS
    const delivery = assembleDelivery(sourceOf(node), destination, from, ANSWER_BYTES)
    return delivery === undefined ? LACKS : { result: 'ok', frames: [DeliveryType.serialize(delivery)] }
  }

  /**
   * A followed chain has a new final block: what it sent may be delivered now. What it is to receive is asked for where
   * the coordination chain has not moved since its last one: no shard stands still because another chain does (R14).
   */
  advanced(chain: ChainId): void {
    for (const [other, node] of this.#c.chains) {
      if (other !== chain) node.driver.workAppeared()
    }
    const own = this.#c.chains.get(chain)
    if (own !== undefined && !this.#asked.delete(chain)) this.#pullInto(own)
  }

  /** The coordination chain moved: asks for what sources that are not followed have sent meanwhile. */
  pull(): void {
    for (const [chain, node] of this.#c.chains) {
      this.#asked.add(chain)
      this.#pullInto(node)
    }
  }

  /** R4: the source has proven that it sent more: it is asked now, or once more when it has answered. */
  hinted(source: ChainId, destination: ChainId): void {
    const node = this.#c.chains.get(destination)
    if (node === undefined) return
    this.#hinted.add(laneOf(source, node))
    this.#pullFrom(source, node)
  }

  #pullInto(node: ChainNode): void {
    for (const source of node.inbox.unfollowed) this.#pullFrom(source, node)
  }

  #pullFrom(source: ChainId, node: ChainNode): void {
    const lane = laneOf(source, node)
    if (this.#pulling.has(lane)) return
    this.#pulling.add(lane)
    this.#pullLane(source, node)
      .catch(this.#c.failed)
      .finally(() => this.#pulling.delete(lane))
  }

  /** After a hint peers are asked in turn until one has something: the first may be a moment behind the others. */
  async #pullLane(source: ChainId, node: ChainNode): Promise<void> {
    const lane = laneOf(source, node)
    let asksLeft = HINTED_ASKS_MAX
    do {
      const isHinted = this.#hinted.delete(lane)
      const turn = (this.#turns.get(lane) ?? -1) + 1
      this.#turns.set(lane, turn)
      const isHeld = await this.#ask(source, node, turn)
      asksLeft--
      if (isHinted && !isHeld && asksLeft > 0) this.#hinted.add(lane)
    } while (this.#hinted.has(lane))
  }

  /** @returns whether a delivery came that is proven and begins at the cursor */
  async #ask(source: ChainId, node: ChainNode, turn: number): Promise<boolean> {
    const { network } = this.#c
    const peers = network.peers(source)
    const peer = peers[turn % Math.max(1, peers.length)]?.peer
    if (peer === undefined) return false
    const from = readInLane(node.tree.head().state, source)?.cursor ?? 0
    const body = ReceiptsRequestType.serialize({ source, destination: node.chain, from })
    const { result, frames } = await network.request(peer, 'receipts', body)
    const [frame] = frames
    if (result !== 'ok' || frame === undefined) return false
    const delivery = await this.#verify(frame, source, node, peer)
    if (delivery === undefined) return false
    // Proven, but not what was asked for: held, it would look like work that no block can carry.
    const first = delivery.entries[0]?.entry.receipts[0]?.sequence ?? from
    if (first !== from) {
      network.report(peer, 'invalid', `receipts: from ${first}, not ${from}`)
      return false
    }
    node.inbox.hold(delivery)
    node.driver.workAppeared()
    return true
  }

  async #verify(
    frame: Uint8Array,
    source: ChainId,
    node: ChainNode,
    peer: Peer
  ): Promise<Delivery | undefined> {
    const { network, constants } = this.#c
    const read = readDelivery(frame)
    if (!read.ok) {
      network.report(peer, 'invalid', `receipts: ${read.code}`)
      return undefined
    }
    const delivery = read.value
    const { header, certificate } = delivery
    // A committee that is not frozen here yet is nobody's fault (R6): it is asked for again.
    if (header.chain === source && node.epochs.committee(source, header.epoch) === undefined) return undefined
    const certificateValid = await this.#holds(node, certificate[0])
    if (certificateValid === undefined) return undefined
    const judged = judgeDelivery(frame, delivery, {
      network: constants.network,
      chain: node.chain,
      shards: constants.shards,
      params: node.driver.instance.config.params,
      coordHeight: Number.MAX_SAFE_INTEGER,
      coordHash: ZERO_HASH,
      certificateValid
    })
    if (judged.ok && header.chain === source) return delivery
    network.report(peer, 'invalid', `receipts: ${judged.ok ? 'another lane' : judged.code}`)
    return undefined
  }

  /** undefined: our own verifier is busy or restarting, which says nothing about the peer. */
  async #holds(node: ChainNode, certificate: Delivery['certificate'][number] | undefined) {
    if (certificate === undefined) return false
    try {
      return await node.executor.certificateHolds(certificate)
    } catch (error) {
      if (error instanceof VerifyPoolError) return undefined
      throw error
    }
  }
}
