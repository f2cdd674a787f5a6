/** A coordination chain in memory whose registry changes: registry actions, and freezes with what a test knows of conduct. */
import assert from 'node:assert/strict'
import { buildRegistryOrder } from '../../src/state/coord/orders.ts'
import type { RegistryOrder } from '../../src/state/coord/orders.ts'
import { buildChainGenesis } from '../../src/chain/genesis-block.ts'
import type { ValidatorRecord } from '../../src/codec/registry-records.ts'
import { TransactionType } from '../../src/codec/transaction.ts'
import type { TransactionContent } from '../../src/codec/transaction.ts'
import { addressOfKey } from '../../src/crypto/address.ts'
import { networkId } from '../../src/params/genesis.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import type { Params } from '../../src/params/params.ts'
import { toHex, fromHex } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { epochFrozenAt } from '../../src/sharding/epochs.ts'
import { committeesOf, readSeats, readWeights } from '../../src/sharding/seat-records.ts'
import { UNKNOWN_CONDUCT, freezeEpoch } from '../../src/sharding/transition.ts'
import type { Conduct } from '../../src/sharding/transition.ts'
import { applyBlock } from '../../src/state/apply-block.ts'
import { readElectorate, readValidator } from '../../src/state/coord/validators.ts'
import { recordSummary } from '../../src/state/facts.ts'
import type { Ledger } from '../../src/state/ledger.ts'
import { checkStateless } from '../../src/state/stateless.ts'
import { readAccount, readTotals, recount, wrongCounters } from '../../src/state/supply.ts'
import type { BlockContext, Execution } from '../../src/state/types.ts'
import { MemoryState } from './state.ts'

export class CoordChain {
  readonly genesis: Genesis
  readonly params: Params
  readonly state: MemoryState
  height = 0

  constructor(genesis: Genesis) {
    this.genesis = genesis
    this.params = genesis.params
    this.state = new MemoryState(buildChainGenesis(genesis, COORD).changes)
  }

  get context(): BlockContext {
    const { genesis, height } = this
    return {
      network: networkId(genesis),
      chain: COORD,
      shards: genesis.shards,
      height: height + 1,
      epoch: 0,
      timeMs: genesis.timeMs + 1_000 * (height + 1),
      proposer: genesis.validators[0]!.key,
      params: genesis.params
    }
  }

  /** What an order of this key does in a block of its own: undefined if it was applied. */
  say(key: Uint8Array, order: RegistryOrder, conduct?: Conduct): string | undefined {
    return this.block([{ key, order }], { conduct }).results[0]?.failure
  }

  checked(key: Uint8Array, order: RegistryOrder, ahead = 0n) {
    const nonce = (readAccount(this.state, addressOfKey(key))?.nonce ?? 0n) + ahead
    const content = buildRegistryOrder({ order, nonce, validUntil: this.height + 10 }, key)
    return this.reread(content)
  }

  reread(content: TransactionContent) {
    const { network, shards, params } = this.context
    const bytes = TransactionType.serialize({ ...content, signature: new Uint8Array(64) })
    return checkStateless({ network, shards, payloadBytesMax: params.payloadBytesMax }, bytes)
  }

  /** The next block, with the freeze of an epoch where it is due. */
  block(
    said: readonly { readonly key: Uint8Array; readonly order: RegistryOrder }[] = [],
    more: { readonly conduct?: Conduct | undefined; readonly end?: (ledger: Ledger) => void } = {}
  ): Execution {
    const { context } = this
    const transactions = said.map(({ key, order }) => {
      const checked = this.checked(key, order)
      assert(checked.ok, checked.ok ? '' : checked.code)
      return checked.value
    })
    const end = (ledger: Ledger): void => {
      more.end?.(ledger)
      const epoch = epochFrozenAt(context.height, context.params)
      if (epoch === undefined) return
      const { height, shards, params } = context
      freezeEpoch(ledger, { height, epoch, shards, params }, more.conduct ?? UNKNOWN_CONDUCT)
    }
    const applied = applyBlock(this.state, context, { deliveries: [], transactions }, end)
    assert(applied.ok, applied.ok ? '' : `${applied.code}: ${applied.detail}`)
    this.state.apply(applied.value.changes)
    this.height += 1
    const flat = [...this.state.values].map(([key, value]) => [fromHex(key), value] as const)
    assert.deepEqual(wrongCounters(readTotals(this.state), recount(flat)), [])
    return applied.value
  }

  /** Up to the next freeze height, that included. */
  freeze(conduct?: Conduct): void {
    do this.block([], { conduct })
    while (epochFrozenAt(this.height, this.params) === undefined)
  }

  /** A block that brings a summary of an epoch of a shard. */
  hears(shard: ChainId, epoch: number): void {
    const summary = { epoch, height: 8 * (epoch + 1), blocks: 8, members: [] }
    this.block([], { end: (ledger) => recordSummary(ledger, shard, summary) })
  }

  record(key: Uint8Array): ValidatorRecord {
    return readValidator(this.state, key)!
  }

  get electorate(): string[] {
    return readElectorate(this.state).map(({ key }) => toHex(key))
  }

  /** Leader weights of the newest frozen epoch. */
  get leading(): { readonly weights: ReadonlyMap<ChainId, readonly number[]> } {
    const committees = committeesOf(readSeats(this.state), readWeights(this.state))
    const weights = [...committees].map(
      ([chain, { members }]) => [chain, members.map(({ weight }) => weight)] as const
    )
    return { weights: new Map(weights) }
  }

  /** Hex keys of who sits on a chain in the newest frozen epoch. */
  seated(chain: ChainId = COORD): string[] {
    const committee = committeesOf(readSeats(this.state), readWeights(this.state)).get(chain)
    return committee!.members.map(({ key }) => toHex(key))
  }
}
