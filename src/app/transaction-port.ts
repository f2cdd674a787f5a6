/** What users do with transactions: submit (here or through a peer that follows the chain), try out, look up. */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { chainName } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import { BundleType } from '../codec/messages.ts'
import type { StoredResult } from '../codec/results.ts'
import type { Verifier } from '../crypto/ports.ts'
import type { Dropped } from '../mempool/pool.ts'
import type { Network } from '../net/types.ts'
import type { ChainNode } from '../node/chain/chain-node.ts'
import type { Chains } from '../node/chains.ts'
import type { Answer, BlockPlace, ExecutionFacts, TransactionFacts } from '../rpc/port.ts'
import { execute } from '../state/execute.ts'
import { Ledger } from '../state/ledger.ts'
import { checkStateless, signatureJob } from '../state/stateless.ts'
import type { CheckedTransaction, TransactionResult } from '../state/types.ts'
import { DecodedResults } from './decoded-results.ts'

/** Reasons kept for transactions that left a pool without becoming final. */
const DROPPED_MAX = 20_000

export interface TransactionPortComponents {
  readonly chains: Chains
  readonly network: Network
  readonly verifier: Verifier
}

export class TransactionPort {
  readonly #c: TransactionPortComponents
  readonly #dropped = new Map<Hex, string>()
  readonly #results = new DecodedResults()

  constructor(components: TransactionPortComponents) {
    this.#c = components
  }

  noteDropped(dropped: readonly Dropped[]): void {
    for (const { entry, reason } of dropped) {
      if (reason === 'included') continue
      this.#dropped.set(entry.id, reason)
      const oldest = this.#dropped.keys().next().value
      if (this.#dropped.size > DROPPED_MAX && oldest !== undefined) this.#dropped.delete(oldest)
    }
  }

  async submit(bytes: Uint8Array): Promise<Answer<{ id: Uint8Array; relayed: boolean }>> {
    const checked = checkStateless(this.#c.chains.constants, bytes)
    if (!checked.ok) return checked
    const { id, transaction } = checked.value
    const node = this.#c.chains.get(transaction.chain)
    if (node === undefined) return this.#relay(transaction.chain, checked.value)
    const taken = await node.transactions.submit(checked.value)
    return taken.ok ? accept({ id, relayed: false }) : taken
  }

  /** D10: checked here, so that a peer that takes it in is never handed something invalid. */
  async #relay(
    chain: ChainId,
    checked: CheckedTransaction
  ): Promise<Answer<{ id: Uint8Array; relayed: boolean }>> {
    const { network, verifier } = this.#c
    const [valid] = await verifier.verify([signatureJob(checked)])
    if (valid !== true) return refuse('bad-signature', 'the signature does not verify')
    const body = BundleType.serialize({ chain, transactions: [checked.bytes] })
    for (const { peer } of network.peers(chain)) {
      const { result } = await network.request(peer, 'transactions', body)
      if (result === 'ok') return accept({ id: checked.id, relayed: true })
    }
    return refuse('CHAIN_UNREACHABLE', `no connected peer follows chain ${chainName(chain)}`)
  }

  /** As the next block would: against the head, with the parameters of the running epoch. Changes nothing. */
  async simulate(
    bytes: Uint8Array
  ): Promise<Answer<{ id: Uint8Array; result: ExecutionFacts; asOf: BlockPlace }>> {
    const { chains, verifier } = this.#c
    const checked = checkStateless(chains.constants, bytes)
    if (!checked.ok) return checked
    const node = chains.get(checked.value.transaction.chain)
    if (node === undefined) return refuse('CHAIN_NOT_FOLLOWED', 'this node does not follow the chain')
    const [valid] = await verifier.verify([signatureJob(checked.value)])
    if (valid !== true) return refuse('bad-signature', 'the signature does not verify')
    const { header, hash, state } = node.tree.final
    const { params, committee, schedule, epoch } = node.driver.instance.config
    const proposer = must(
      committee.members[schedule.leader(node.driver.instance.view)],
      'a view has a leader'
    ).key
    const context = {
      ...chains.constants,
      chain: node.chain,
      height: header.height + 1,
      epoch,
      timeMs: header.timeMs + Math.max(1, params.minBlockIntervalMs),
      proposer,
      params
    }
    const executed = execute(new Ledger(state), checked.value, context)
    if (!executed.ok) return refuse(executed.code, executed.detail)
    const result = executed.value
    const asOf = { chain: node.chain, height: header.height, hash }
    return accept({ id: checked.value.id, result: executionFacts(result), asOf })
  }

  find(id: Uint8Array): TransactionFacts {
    const key = toHex(id)
    for (const node of this.#c.chains.list) {
      const found = this.#findIn(node, id, key)
      if (found !== undefined) return found
    }
    const reason = this.#dropped.get(key)
    if (reason === undefined) return { status: 'unknown' }
    return { status: reason === 'expired' ? 'expired' : 'dropped', reason }
  }

  #findIn(node: ChainNode, id: Uint8Array, key: Hex): TransactionFacts | undefined {
    const place = node.store.placeOf(id)
    if (place !== undefined) {
      const { height, index } = place
      const result = this.#results.of(node, height)?.transactions[index]
      const hash = must(node.store.hashAt(height), 'an indexed block is stored')
      return {
        status: 'final',
        place: { chain: node.chain, height, hash, index },
        ...(result === undefined ? {} : { result: executionFacts(result) }),
        emitted: (result?.emitted ?? []).map((receipt) => ({ ...receipt, source: node.chain }))
      }
    }
    const included = node.tree.find(key)
    if (included !== undefined) {
      const { header, hash } = included.block
      return {
        status: 'included',
        place: { chain: node.chain, height: header.height, hash, index: included.index }
      }
    }
    return node.pool.get(key) === undefined ? undefined : { status: 'pending' }
  }
}

const executionFacts = ({ failure, mana, fee }: StoredResult | TransactionResult): ExecutionFacts => ({
  code: failure ?? 'ok',
  mana,
  fee
})
