/**
 * Deliveries that a leader of this chain may put into a block (R5, R9, R10): made from the state of the sources this
 * node follows, held as they were pulled of those it does not. Each lane gets its share of a block's room; what one
 * leaves, those behind it use, and the first one changes with the height.
 */
import type { ChainId } from '../../primitives/chain-id.ts'
import { COORD, chainsOf } from '../../primitives/chain-id.ts'
import { isEpochKnownAt } from '../../chain/delivery.ts'
import { deliveryBytesMax } from '../../chain/judge.ts'
import { MAX_DELIVERIES, MAX_DELIVERY_BYTES } from '../../codec/block.ts'
import type { Header } from '../../codec/block.ts'
import { DeliveryType } from '../../codec/receipt.ts'
import type { Acknowledgement, DeliveredEntry, Delivery } from '../../codec/receipt.ts'
import { OFFSET_BYTES } from '../../codec/ssz.ts'
import type { Params } from '../../params/params.ts'
import type { StateView } from '../../state/ports.ts'
import type { CheckedDelivery } from '../../state/receipts.ts'
import type { Ground } from './block-tree.ts'
import { inflowCap, inflowFits } from '../../state/inflow.ts'
import { assembleDelivery, cutDelivery, nextEntry, readInLane, readOutLane } from './outbox.ts'
import type { Source } from './outbox.ts'

export interface InboxComponents {
  /** The last final block of a chain that this node follows. */
  readonly source: (chain: ChainId) => Source | undefined
}

export interface InboxInit {
  readonly chain: ChainId
  readonly shards: number
}

/** The block that would carry a delivery. */
export interface ChildOf {
  readonly params: Params
  readonly epoch: number
  readonly height: number
}

interface Found {
  readonly state: Pick<StateView, 'get'>
  readonly height: number
  readonly epoch: number
  /** The source's last final block, or what is held of it. */
  readonly from: Header | Delivery | undefined
  readonly waits: boolean
}

/** Blocks after which an acknowledgement is due although little is outstanding (R10). */
const ACKNOWLEDGE_AFTER_BLOCKS = 64
/** One part of the capacity outstanding makes it due at once. */
const ACKNOWLEDGE_PART = 8
/**
 * Refunds and answers are never refused (R9), so a source that takes none of them could make this chain keep them
 * without end. No honest one leaves as many times the capacity; beyond it, it gives an entry in so many blocks, which
 * also ends it where two chains wait for each other.
 */
const OWED_MOST = 4
const OWED_TURN_BLOCKS = 64

export class Inbox {
  readonly #c: InboxComponents
  readonly #chain: ChainId
  readonly #sources: readonly ChainId[]
  /** Verified deliveries of sources that are not followed here, the newest of each. */
  readonly #held = new Map<ChainId, Delivery>()
  /** What each source was found to have for a child of one block: asked at every step of consensus (C14). */
  readonly #found = new Map<ChainId, Found>()

  constructor(components: InboxComponents, { chain, shards }: InboxInit) {
    this.#c = components
    this.#chain = chain
    this.#sources = chainsOf(shards).filter((one) => one !== chain)
  }

  /** Sources this node does not follow: their deliveries have to be pulled. */
  get unfollowed(): readonly ChainId[] {
    return this.#sources.filter((source) => this.#c.source(source) === undefined)
  }

  /** The caller has verified it. */
  hold(delivery: Delivery): void {
    this.#held.set(delivery.header.chain, delivery)
  }

  /** Whether a child of a block with this state would carry anything (C14). */
  hasWork(state: Pick<StateView, 'get'>, { params, epoch, height }: ChildOf): boolean {
    return this.#sources.some((source) => this.#waits(source, state, { params, epoch, height }))
  }

  /**
   * R9: lanes with anything share the room equally, and each may use one entry in any case while there is room: however
   * many lanes there are and however small a block, the first of the turn moves.
   */
  offers(parent: Ground, coordHeight: number, of: Omit<ChildOf, 'height'>): CheckedDelivery[] {
    const height = parent.header.height + 1
    const { params } = of
    const child = { ...of, height }
    const waiting = this.#rotated(height).filter((each) => this.#waits(each, parent.state, child))
    const offered: CheckedDelivery[] = []
    let room = deliveryBytesMax(params)
    for (const [index, source] of waiting.entries()) {
      if (offered.length === MAX_DELIVERIES) break
      const others = Math.min(waiting.length - index, MAX_DELIVERIES - offered.length)
      const share = Math.min(Math.floor(room / others) - OFFSET_BYTES, MAX_DELIVERY_BYTES)
      const delivery = this.#offer(source, parent.state, share, child)
      if (delivery === undefined || !this.#isProvable(delivery, parent, coordHeight, params)) continue
      const checked = encode(delivery)
      if (checked.bytes.length + OFFSET_BYTES > room) continue
      room -= checked.bytes.length + OFFSET_BYTES
      offered.push(checked)
    }
    return offered.sort((a, b) => a.source - b.source)
  }

  /** By height as well: the view of the final state stays the same object as it advances. */
  #waits(source: ChainId, state: Pick<StateView, 'get'>, child: ChildOf): boolean {
    const known = this.#found.get(source)
    const from = this.#c.source(source)?.header ?? this.#held.get(source)
    const { epoch, height } = child
    const isSame = known?.state === state && known.height === height && known.epoch === epoch
    if (known !== undefined && isSame && known.from === from) return known.waits
    const waits = this.#judge(source, state, child)
    this.#found.set(source, { state, height, epoch, from, waits })
    return waits
  }

  #judge(source: ChainId, state: Pick<StateView, 'get'>, child: ChildOf): boolean {
    const cursor = readInLane(state, source)?.cursor ?? 0
    const followed = this.#c.source(source)
    const held = (this.#held.get(source)?.entries ?? []).find((each) => !isBelow(each, cursor))
    const next = followed === undefined ? held?.entry : nextEntry(followed.state, this.#chain, cursor)
    const isTaken =
      next !== undefined && (child.height % OWED_TURN_BLOCKS === 0 || !owesMuch(state, source, child))
    const fits = isTaken && inflowFits(state, source, next.receipts, child)
    return fits || this.#acknowledges(state, source, child.params, child.height)
  }

  /** R5, R6: coord only as the reference shows it, a shard only under a committee that is frozen. */
  #isProvable(
    { header }: Delivery,
    { header: { height: below } }: Ground,
    coordHeight: number,
    params: Params
  ): boolean {
    if (header.chain === COORD) return header.height === coordHeight
    return isEpochKnownAt(header.epoch, this.#chain === COORD ? below : coordHeight, params)
  }

  #rotated(height: number): ChainId[] {
    const turn = height % Math.max(1, this.#sources.length)
    return [...this.#sources.slice(turn), ...this.#sources.slice(0, turn)]
  }

  #offer(source: ChainId, state: StateView, share: number, child: ChildOf): Delivery | undefined {
    const cursor = readInLane(state, source)?.cursor ?? 0
    const followed = this.#c.source(source)
    const whole =
      followed === undefined ? this.#held.get(source) : assembleDelivery(followed, this.#chain, cursor, share)
    if (whole === undefined) return undefined
    const isOwed = owesMuch(state, source, child)
    const fresh = cutDelivery(
      { ...whole, entries: whole.entries.filter((each) => !isBelow(each, cursor)) },
      isOwed ? 0 : share
    ).entries
    const isTurn = !isOwed || child.height % OWED_TURN_BLOCKS === 0
    const entries = isTurn ? withinInflow(state, source, fresh, child) : []
    const due = entries.length > 0 || this.#acknowledges(state, source, child.params, child.height)
    const acknowledgement = due ? whole.acknowledgement.filter((one) => advances(state, source, one)) : []
    return entries.length === 0 && acknowledgement.length === 0
      ? undefined
      : { ...whole, entries, acknowledgement }
  }

  /** R10: enough is outstanding, or long enough, and the source knows more than this chain. */
  #acknowledges(state: Pick<StateView, 'get'>, source: ChainId, params: Params, height: number): boolean {
    const lane = readOutLane(state, source)
    if (lane === undefined || lane.next === lane.acknowledged) return false
    const cursor = this.#cursorOfSource(source)
    if (cursor <= lane.acknowledged) return false
    const outstanding = lane.next - lane.acknowledged
    const isMuch =
      outstanding * ACKNOWLEDGE_PART >= params.laneReceiptsMax ||
      lane.bytes * ACKNOWLEDGE_PART >= params.laneBytesMax
    return isMuch || height % ACKNOWLEDGE_AFTER_BLOCKS === 0
  }

  /** How far the other chain has come with the lane from here. */
  #cursorOfSource(source: ChainId): number {
    const followed = this.#c.source(source)
    if (followed !== undefined) return readInLane(followed.state, this.#chain)?.cursor ?? 0
    return this.#held.get(source)?.acknowledgement[0]?.lane.cursor ?? 0
  }
}

function advances(state: Pick<StateView, 'get'>, source: ChainId, { lane }: Acknowledgement): boolean {
  const known = readOutLane(state, source)
  return known !== undefined && lane.cursor > known.acknowledged
}

/** Of what this chain owes it, more than any honest chain would leave. */
function owesMuch(state: Pick<StateView, 'get'>, to: ChainId, { params }: ChildOf): boolean {
  const lane = readOutLane(state, to)
  if (lane === undefined) return false
  const { laneReceiptsMax, laneBytesMax } = params
  return (
    lane.next - lane.acknowledged >= OWED_MOST * laneReceiptsMax || lane.bytes >= OWED_MOST * laneBytesMax
  )
}

/** R12: entries up to the one that would bring more than the epoch can take. */
function withinInflow(
  state: Pick<StateView, 'get'>,
  source: ChainId,
  entries: readonly DeliveredEntry[],
  child: ChildOf
): DeliveredEntry[] {
  if (inflowCap(source, child.params) === undefined) return [...entries]
  const taken: DeliveredEntry[] = []
  for (const each of entries) {
    const receipts = [...taken, each].flatMap(({ entry }) => entry.receipts)
    if (!inflowFits(state, source, receipts, child)) break
    taken.push(each)
  }
  return taken
}

/** Whether the destination has applied this entry. */
const isBelow = ({ entry }: DeliveredEntry, cursor: number): boolean =>
  (entry.receipts[0]?.sequence ?? 0) < cursor

const encode = (delivery: Delivery): CheckedDelivery => ({
  source: delivery.header.chain,
  bytes: DeliveryType.serialize(delivery),
  receipts: delivery.entries.flatMap(({ entry }) => entry.receipts),
  acknowledgement: delivery.acknowledgement[0]?.lane
})
