/** Proofs for readers who hold the genesis and nothing else, made of what the followed chains hold (PRF-1, PRF-8). */
import { COORD, chainName, shardId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { refuse } from '../primitives/result.ts'
import type { Chains } from '../node/chains.ts'
import { makeCommitteeProof } from '../node/committee-proof.ts'
import { makeSupplyProof } from '../node/supply-proof.ts'
import type { ProvableChain } from '../node/supply-proof.ts'
import { makeTransferProof } from '../node/transfer-proof.ts'
import type { Answer, WantedTransferProof } from '../rpc/port.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { ReceiptPort } from './receipt-port.ts'
import type { TransactionPort } from './transaction-port.ts'

export class ProofPort {
  readonly #chains: Chains
  readonly #transactions: Pick<TransactionPort, 'find'>
  readonly #receipts: ReceiptPort

  constructor(chains: Chains, transactions: Pick<TransactionPort, 'find'>, receipts: ReceiptPort) {
    this.#chains = chains
    this.#transactions = transactions
    this.#receipts = receipts
  }

  async transfer({ id, hop, checkpoint }: WantedTransferProof): Promise<Answer<Uint8Array>> {
    const { status, emitted = [] } = this.#transactions.find(id)
    const [first] = emitted
    if (status !== 'final') return refuse('PROOF_UNAVAILABLE', `the transaction is ${status} here`)
    if (first === undefined)
      return refuse('PROOF_UNAVAILABLE', 'the transaction sent nothing to another shard')
    const place = (await this.#receipts.follow(first))[hop]
    if (place === undefined) return refuse('PROOF_UNAVAILABLE', 'nothing came back')
    const destination = this.#chains.get(place.destination)
    if (destination === undefined) {
      const detail = `this node does not follow chain ${chainName(place.destination)}`
      return refuse('CHAIN_NOT_FOLLOWED', detail)
    }
    const { source, sequence } = place
    return makeTransferProof(
      {
        genesis: this.#chains.genesis,
        coord: this.#coord,
        destination: destination.store
      },
      { source, sequence, ...(checkpoint === undefined ? {} : { checkpoint }) }
    )
  }

  async supply(checkpoint?: number): Promise<Answer<Uint8Array>> {
    const chains: ProvableChain[] = []
    const { shards } = this.#chains.genesis
    for (const chain of [COORD, ...Array.from({ length: shards }, (_, index) => shardId(index))]) {
      const node = this.#chains.get(chain)
      if (node === undefined) {
        return refuse('CHAIN_NOT_FOLLOWED', `this node does not follow chain ${chainName(chain)}`)
      }
      const { header, state } = node.tree.final
      chains.push({ header, state, certificate: node.certificate })
    }
    return makeSupplyProof({ genesis: this.#chains.genesis, coord: this.#coord }, chains, checkpoint)
  }

  committees(checkpoint?: number): Answer<Uint8Array> {
    const { tree, certificate } = must(this.#chains.get(COORD), 'coordination is always followed')
    const sources = { genesis: this.#chains.genesis, coord: this.#coord }
    return makeCommitteeProof(sources, { header: tree.final.header, certificate }, checkpoint)
  }

  get #coord(): ChainStore {
    return must(this.#chains.get(COORD), 'coordination is always followed').store
  }
}
