/** Users: accounts of genesis that send each other signed transfers through random nodes, and what became of them. */
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { chainName } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { identityOf, signTransfer, transferCost } from '../../client/transfer.ts'
import type { SenderIdentity } from '../../client/transfer.ts'
import type { GenesisAccount } from '../../codec/genesis.ts'
import type { Signer } from '../../crypto/ports.ts'
import type { FinalEvent } from '../../node/ports.ts'
import type { Genesis } from '../../params/genesis.ts'
import { readAccount } from '../../state/supply.ts'
import { checkStateless } from '../../state/stateless.ts'
import type { SimCrypto } from './crypto.ts'
import type { SimNode } from './node.ts'
import type { Prng } from './prng.ts'

interface User {
  readonly signer: Signer
  readonly identity: SenderIdentity
}

const BALANCE = 1_000_000_000n
/** Heights ahead: longer than any run, so that nothing expires. */
const LIFETIME = 90

export class Workload {
  readonly #users: readonly User[]
  readonly #prng: Prng
  /** Acknowledged by a node, by id: on how many heights it became final, by node 0's or any other's word. */
  readonly #accepted = new Map<Hex, ChainId>()
  /** id → place. */
  readonly #finalAt = new Map<Hex, string>()
  readonly #violation: (text: string) => void

  constructor(
    crypto: SimCrypto,
    init: {
      readonly users: number
      readonly shards: number
      readonly prng: Prng
      readonly violation: (text: string) => void
    }
  ) {
    this.#prng = init.prng
    this.#violation = init.violation
    this.#users = Array.from({ length: init.users }, () => {
      const signer = crypto.signer(init.prng.bytes(32))
      return { signer, identity: identityOf(signer.publicKey, init.shards) }
    })
  }

  get accounts(): GenesisAccount[] {
    return this.#users.map(({ identity }) => ({
      address: identity.address,
      consumer: BALANCE,
      industrial: BALANCE
    }))
  }

  get accepted(): number {
    return this.#accepted.size
  }

  get final(): number {
    return this.#finalAt.size
  }

  /** Ids of acknowledged transactions that are not final yet. */
  get waiting(): Hex[] {
    return [...this.#accepted.keys()].filter((id) => !this.#finalAt.has(id))
  }

  /** One transfer at one node, if it is up. What it refuses is no promise. */
  submitAt(node: SimNode, genesis: Genesis): void {
    const from = this.#prng.pick(this.#users)
    const { chain, address } = from.identity
    const to = this.#prng.pick(this.#users.filter(({ identity }) => identity.chain === chain))
    const running = node.chains?.get(chain)
    const chains = node.chains
    if (running === undefined || chains === undefined || to === from) return
    const account = readAccount(running.tree.final.state, address)
    if (account === undefined) return
    const { network } = chains.constants
    const signed = signTransfer({
      network,
      signer: from.signer,
      chain,
      nonce: running.pool.nextNonce(toHex(address), account.nonce),
      validUntil: running.store.final.height + LIFETIME,
      to: to.identity.address,
      consumer: BigInt(this.#prng.between(1, 1_000)),
      ...transferCost(genesis.params)
    })
    const checked = checkStateless(chains.constants, signed.bytes)
    if (!checked.ok) throw new RangeError(`the workload made a bad transaction: ${checked.detail}`)
    running.transactions.submit(checked.value).then(
      (outcome) => {
        if (outcome.ok && node.chains === chains) this.#accepted.set(toHex(checked.value.id), chain)
      },
      () => undefined
    )
  }

  onFinal({ chain, header, transactionIds }: FinalEvent): void {
    const place = `${chainName(chain)}/${header.height}`
    for (const bytes of transactionIds) {
      const id = toHex(bytes)
      const known = this.#finalAt.get(id)
      if (known !== undefined && known !== place) {
        this.#violation(`transaction ${id} is final twice: ${known} and ${place}`)
      }
      this.#finalAt.set(id, place)
    }
  }
}
