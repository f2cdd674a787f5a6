/** A few shards in memory that send each other receipts: states, kept receipts, and headers that prove them. */
import { BitArray } from '@chainsafe/ssz'
import { HeaderType, blockHash } from '../../src/codec/block.ts'
import { DeliveryType } from '../../src/codec/receipt.ts'
import type { Delivery } from '../../src/codec/receipt.ts'
import { FINALISE } from '../../src/codec/statement.ts'
import type { Certificate } from '../../src/codec/statement.ts'
import { judgeDelivery } from '../../src/chain/delivery.ts'
import { assembleDelivery, readInLane } from '../../src/node/chain/outbox.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { ZERO_HASH } from '../../src/primitives/bytes.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { applyBlock } from '../../src/state/apply-block.ts'
import type { BlockEnd } from '../../src/state/apply-block.ts'
import type { CheckedDelivery } from '../../src/state/receipts.ts'
import { checkStateless } from '../../src/state/stateless.ts'
import { readAccount } from '../../src/state/supply.ts'
import type { CheckedTransaction, Execution } from '../../src/state/types.ts'
import {
  CONSTANTS,
  NETWORK,
  PARAMS,
  START_MS,
  aContext,
  genesisState,
  partyOn,
  transferBytes
} from './state.ts'
import type { MemoryState, Party } from './state.ts'

export const LANE_PARAMS = { ...PARAMS, laneReceiptsMax: 320 }

/** One chain: parties 0 and 1 of a shard hold coins, of the coordination chain none. */
export class LaneChain {
  readonly chain: ChainId
  readonly parties: readonly Party[]
  readonly state: MemoryState
  readonly #shards: number
  params = LANE_PARAMS
  height = 0
  epoch = 0
  /** Hash of the coordination block that its next block refers to. */
  reference: Uint8Array = ZERO_HASH

  constructor(chain: ChainId, shards: number, state?: MemoryState) {
    this.chain = chain
    this.#shards = shards
    this.parties = chain === COORD ? [] : [partyOn(chain, shards), partyOn(chain, shards, 1_000)]
    // What coordination sends it has been sent: nobody holds anything there.
    this.state =
      state ??
      genesisState(
        this.parties.map(({ address }) => ({ address, consumer: 10n ** 12n, industrial: 10n ** 12n }))
      )
  }

  /** A transfer of a party to an address, with the next nonce behind `ahead` others. */
  pay(
    from: Party,
    to: Uint8Array,
    consumer: bigint,
    ahead = 0,
    memo = new Uint8Array(0)
  ): CheckedTransaction {
    const nonce = (readAccount(this.state, from.address)?.nonce ?? 0n) + BigInt(ahead)
    const bytes = transferBytes(
      from,
      { to, consumer, memo },
      { chain: this.chain, nonce, validUntil: this.height + 100 }
    )
    const checked = checkStateless({ ...CONSTANTS, shards: this.#shards }, bytes)
    if (!checked.ok) throw new RangeError(checked.code)
    return checked.value
  }

  apply(work: { deliveries?: CheckedDelivery[]; transactions?: CheckedTransaction[]; end?: BlockEnd }) {
    const context = aContext({
      chain: this.chain,
      shards: this.#shards,
      height: this.height + 1,
      epoch: this.epoch,
      timeMs: START_MS + 1_000 * (this.height + 1),
      params: this.params
    })
    const { end, ...asked } = work
    return applyBlock(this.state, context, { deliveries: [], transactions: [], ...asked }, end)
  }

  /** A valid block. */
  run(work: Parameters<LaneChain['apply']>[0]): Execution {
    const verdict = this.apply(work)
    if (!verdict.ok) throw new RangeError(`${verdict.code}: ${verdict.detail}`)
    this.state.apply(verdict.value.changes)
    this.height += 1
    return verdict.value
  }

  /** Outbox entries that are kept. */
  get kept(): number {
    return [...this.state.values.keys()].filter((key) => key.startsWith('05')).length
  }

  header() {
    return {
      ...HeaderType.defaultValue(),
      version: 1,
      network: NETWORK,
      chain: this.chain,
      height: this.height,
      stateRoot: this.state.root
    }
  }

  certificate(): Certificate {
    const hash = blockHash(this.header())
    return {
      chain: this.chain,
      epoch: 0,
      view: 1,
      kind: FINALISE,
      hash,
      signers: BitArray.fromBoolArray([true]),
      signatures: [new Uint8Array(64)]
    }
  }

  /** What it can prove to another one now. */
  assemble(to: LaneChain, bytesMax = 1 << 20): Delivery | undefined {
    const source = {
      header: this.header(),
      certificate: this.certificate(),
      state: this.state
    }
    const { cursor } = readInLane(to.state, this.chain) ?? { cursor: 0 }
    to.reference = this.chain === COORD ? blockHash(source.header) : to.reference
    return assembleDelivery(source, to.chain, cursor, bytesMax)
  }

  judge(delivery: Delivery, certificateValid = true) {
    const against = {
      network: NETWORK,
      chain: this.chain,
      shards: this.#shards,
      params: this.params,
      coordHeight: 0,
      coordHash: this.reference,
      certificateValid
    }
    return judgeDelivery(DeliveryType.serialize(delivery), delivery, against)
  }

  /** All that `from` can prove, checked; none when there is nothing. */
  deliveries(from: LaneChain, bytesMax?: number): CheckedDelivery[] {
    const delivery = from.assemble(this, bytesMax)
    if (delivery === undefined) return []
    const judged = this.judge(delivery)
    if (!judged.ok) throw new RangeError(`${judged.code}: ${judged.detail}`)
    return [judged.value]
  }
}

export const laneChains = (shards: number): LaneChain[] =>
  Array.from({ length: shards }, (_, shard) => new LaneChain(shardId(shard), shards))
