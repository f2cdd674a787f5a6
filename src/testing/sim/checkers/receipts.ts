/**
 * Receipts, read from outside over the final blocks of honest nodes (invariant 5): each is applied exactly once and in
 * the order of its lane, is what its source emitted, and at the end none is left behind. It keeps its own count: what
 * the states say of cursors and sums is compared with it.
 */
import { toHex } from '../../../primitives/bytes.ts'
import { COORD, chainName } from '../../../primitives/chain-id.ts'
import type { ChainId } from '../../../primitives/chain-id.ts'
import {
  DeliveryType,
  OutboxEntryType,
  RECEIPT_ACTIVATION,
  RECEIPT_SYSTEM,
  ReceiptType
} from '../../../codec/receipt.ts'
import type { Delivery, Receipt } from '../../../codec/receipt.ts'
import { decodeResults } from '../../../codec/results.ts'
import { MESSAGE_CLAIM, MESSAGE_PAYOUT, MESSAGE_STAKE } from '../../../codec/system.ts'
import { readInLane, readOutLane } from '../../../node/chain/outbox.ts'
import type { ChainNode } from '../../../node/chain/chain-node.ts'
import { outboxKey } from '../../../state/keys.ts'
import type { Coverage } from '../coverage.ts'
import { AtomicBook } from './atomic.ts'

const ORDER_MESSAGES: readonly number[] = [MESSAGE_STAKE, MESSAGE_PAYOUT, MESSAGE_CLAIM]

export interface ReceiptsInit {
  /** All chains, coordination too. */
  readonly chains: readonly ChainId[]
  readonly coverage: Coverage
  /** Whether the member with this key follows a chain. */
  readonly follows: (key: Uint8Array, chain: ChainId) => boolean
  readonly violation: (text: string) => void
}

/** One lane, as it was seen. */
interface Lane {
  /** Sequence of the next receipt whose content was read in the source's state. */
  read: number
  /** Of the next one that a block of the destination applies. */
  cursor: number
  /** Amounts that arrived. */
  consumer: bigint
  /** Bytes of each receipt, at its source and as it arrived, until both are there. */
  readonly sent: Map<number, string>
  readonly arrived: Map<number, string>
}

export class ReceiptBook {
  readonly atomic: AtomicBook
  readonly #init: ReceiptsInit
  readonly #heights = new Map<ChainId, number>()
  /** Heights whose state was read: of one node, since equal heights have equal state roots (invariant 3). */
  readonly #states = new Map<ChainId, number>()
  readonly #lanes = new Map<string, Lane>()

  constructor(init: ReceiptsInit) {
    this.#init = init
    const { coverage, violation, chains } = init
    this.atomic = new AtomicBook({ shards: chains.length - 1, coverage, violation })
  }

  onFinal({ chain, store }: ChainNode, height: number): void {
    for (let at = this.#height(chain) + 1; at <= height; at++) this.#readBlock(chain, store, at)
    if (store.final.height !== height || this.#height(chain) !== height) return
    if ((this.#states.get(chain) ?? 0) >= height) return
    this.#states.set(chain, height)
    for (const other of this.#init.chains) if (other !== chain) this.#readState(chain, other, store)
  }

  /** What is still under way in the lanes of these nodes, as text. */
  missing(nodes: Iterable<{ readonly index: number; readonly list: readonly ChainNode[] }>): string[] {
    const out: string[] = []
    for (const { index, list } of nodes) {
      for (const { chain, store } of list) {
        for (const other of this.#init.chains) {
          if (other === chain) continue
          const lane = readOutLane(store, other)
          if (lane === undefined) continue
          const { cursor } = this.#lane(chain, other)
          const { next, acknowledged, bytes, refundsReported, refundsReceived } = lane
          // Every epoch ends with a summary to coordination, so that lane is never acknowledged as a whole.
          const isDrained =
            other === COORD ? cursor >= next : cursor === next && acknowledged === next && bytes === 0
          if (isDrained && refundsReported === refundsReceived) continue
          out.push(
            `node ${index} lane ${chain} to ${other}: ${next} sent, ${cursor} applied, ${acknowledged} acknowledged, ` +
              `${bytes} bytes kept, ${refundsReceived} of ${refundsReported} refunds`
          )
        }
      }
    }
    return out
  }

  /** At the end: every receipt that arrived was sent. */
  finish(): void {
    for (const [name, { arrived, read }] of this.#lanes) {
      for (const sequence of arrived.keys()) {
        if (sequence >= read)
          this.#init.violation(`invariant 5: ${name}/${sequence} arrived and was never sent`)
      }
    }
  }

  #readBlock(chain: ChainId, store: ChainNode['store'], height: number): void {
    const block = store.block(height)
    if (block === undefined) return
    this.#heights.set(chain, height)
    const { coverage, follows } = this.#init
    for (const bytes of block.body.deliveries) {
      const delivery = DeliveryType.deserialize(bytes)
      this.#readDelivery(chain, delivery)
      if (!follows(block.header.proposer, delivery.header.chain)) coverage.receiptsPulled++
    }
    const results = store.results(height)
    if (results === undefined) return
    this.atomic.read(block, results)
    const { transactions, received } = decodeResults(results)
    coverage.lanesCongested += transactions.filter(({ failure }) => failure === 'lane-congested').length
    coverage.receiptsRefunded += received.filter(({ refund }) => refund !== undefined).length
  }

  #readDelivery(chain: ChainId, { header, entries, acknowledgement }: Delivery): void {
    const lane = this.#lane(header.chain, chain)
    for (const receipt of entries.flatMap(({ entry }) => entry.receipts)) {
      const name = `${chainName(header.chain)} to ${chainName(chain)} ${receipt.sequence}`
      if (receipt.sequence !== lane.cursor) {
        this.#init.violation(`invariant 5: receipt ${name} is applied where ${lane.cursor} is next`)
      }
      lane.cursor = receipt.sequence + 1
      lane.consumer += receipt.consumer
      lane.arrived.set(receipt.sequence, bytesOf(receipt))
      this.#compare(lane, receipt.sequence, name)
      this.#init.coverage.receiptsDelivered++
      if (isOrder(receipt)) this.#init.coverage.ordersDelivered++
    }
    const [proven] = acknowledgement
    if (proven !== undefined) this.#init.coverage.receiptsAcknowledged++
  }

  #readState(chain: ChainId, other: ChainId, store: ChainNode['store']): void {
    const out = readOutLane(store, other)
    const lane = this.#lane(chain, other)
    for (let at = lane.read; at < (out?.next ?? 0); at = lane.read) {
      const value = store.get(outboxKey(other, at))
      // Acknowledged before any honest node was seen here with it.
      if (value === undefined) {
        if (at >= (out?.acknowledged ?? 0)) {
          this.#init.violation(`R3: receipt ${at} of lane ${chain} to ${other} is lost`)
        }
        lane.read = Math.max(out?.acknowledged ?? 0, at + 1)
        continue
      }
      for (const receipt of OutboxEntryType.deserialize(value).receipts) {
        lane.sent.set(receipt.sequence, bytesOf(receipt))
        this.#compare(
          lane,
          receipt.sequence,
          `${chainName(chain)} to ${chainName(other)} ${receipt.sequence}`
        )
        lane.read = receipt.sequence + 1
      }
    }
    this.#compareSums(chain, other, store)
  }

  #compareSums(chain: ChainId, other: ChainId, store: ChainNode['store']): void {
    const { cursor, receivedConsumer } = readInLane(store, other) ?? { cursor: 0, receivedConsumer: 0n }
    const lane = this.#lane(other, chain)
    if (cursor === lane.cursor && receivedConsumer === lane.consumer) return
    this.#init.violation(
      `invariant 5: the state of ${chainName(chain)} says ${cursor} receipts and ${receivedConsumer} from ` +
        `${chainName(other)}, its blocks carry ${lane.cursor} and ${lane.consumer}`
    )
  }

  #compare({ sent, arrived }: Lane, sequence: number, name: string): void {
    const [here, there] = [sent.get(sequence), arrived.get(sequence)]
    if (here === undefined || there === undefined) return
    if (here !== there) this.#init.violation(`invariant 5: receipt ${name} arrived as another`)
    sent.delete(sequence)
    arrived.delete(sequence)
  }

  #height(chain: ChainId): number {
    return this.#heights.get(chain) ?? 0
  }

  #lane(source: ChainId, destination: ChainId): Lane {
    const name = `${chainName(source)} to ${chainName(destination)}`
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = { read: 0, cursor: 0, consumer: 0n, sent: new Map(), arrived: new Map() }
      this.#lanes.set(name, lane)
    }
    return lane
  }
}

const bytesOf = (receipt: Receipt): string => toHex(ReceiptType.serialize(receipt))

/** An activation, stake, what came of it, or a claim: value that crosses to the coordination chain or for validators. */
const isOrder = ({ kind, payload }: Receipt): boolean =>
  kind === RECEIPT_ACTIVATION || (kind === RECEIPT_SYSTEM && ORDER_MESSAGES.includes(payload[0] ?? 0))
