/** Users: accounts of genesis that send each other signed transfers through random nodes, and what became of them. */
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { chainName, shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { orderCost, signOrder } from '../../client/orders.ts'
import type { Order } from '../../client/orders.ts'
import { identityOf, signTransfer, transferCost } from '../../client/transfer.ts'
import type { SenderIdentity, SignedTransaction } from '../../client/transfer.ts'
import { cosign, multiTransferCost, signMultiTransfer, termsOf } from '../../client/multi-transfer.ts'
import type { GenesisAccount } from '../../codec/genesis.ts'
import type { Signer } from '../../crypto/ports.ts'
import type { FinalEvent } from '../../node/ports.ts'
import type { Genesis } from '../../params/genesis.ts'
import { readAtomicAccount } from '../../state/atomic/records.ts'
import { readAccount } from '../../state/supply.ts'
import { checkStateless } from '../../state/stateless.ts'
import { addressOfKey, homeShard } from '../../crypto/address.ts'
import { freshened } from './checkers/atomic.ts'
import { realCrypto } from './crypto.ts'
import type { SimCrypto } from './crypto.ts'
import type { SimNode } from './node.ts'
import type { Prng } from './prng.ts'

interface User {
  readonly signer: Signer
  readonly identity: SenderIdentity
}

/** Legs of an action go to addresses of their own, so that each shows by itself what became of it. */
const LEGS_MAX = 4
const GIVEN_PPM = 400_000
const POOR_PPM = 60_000
/** Heights to the deadline: some pass while a link is down, most do not. */
const HEIGHTS = [2, 8, 40, 60] as const

interface Payment {
  readonly to: Uint8Array
  readonly consumer: () => bigint
  /** Others of the sender that are on their way into the pool. @default 0 */
  readonly ahead?: number
}

const BALANCE = 1_000_000_000n
/** Heights ahead: longer than any run, so that nothing expires. */
const LIFETIME = 90
/** Of transfers across: to users, and of the others with enough for an account. */
const KNOWN_PPM = 700_000
const ENOUGH_PPM = 400_000

export class Workload {
  readonly #users: readonly User[]
  /** Owners whose co-signatures are verified as the product does it, so with real keys; they send nothing. */
  readonly #givers: readonly User[]
  /** Validators as users: they claim what they earned as proposers. */
  readonly #claimants: readonly User[]
  readonly #prng: Prng
  /** Acknowledged by a node, by id: on how many heights it became final, by node 0's or any other's word. */
  readonly #accepted = new Map<Hex, ChainId>()
  /** id → place. */
  readonly #finalAt = new Map<Hex, string>()
  /** What nodes refused, by code. */
  readonly refusals = new Map<string, number>()
  readonly #violation: (text: string) => void

  constructor(
    crypto: SimCrypto,
    init: {
      readonly users: number
      readonly givers: number
      readonly claimants: readonly Signer[]
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
    const seeds = init.prng.fork('givers')
    this.#givers = Array.from({ length: init.givers }, () => {
      const signer = realCrypto.signer(seeds.bytes(32))
      return { signer, identity: identityOf(signer.publicKey, init.shards) }
    })
    this.#claimants = init.claimants.map((signer) => {
      return { signer, identity: identityOf(signer.publicKey, init.shards) }
    })
  }

  get accounts(): GenesisAccount[] {
    return [...this.#users, ...this.#givers, ...this.#claimants].map(({ identity }) => ({
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
    const to = this.#prng.pick(this.#users.filter(({ identity }) => identity.chain === from.identity.chain))
    const consumer = (): bigint => BigInt(this.#prng.between(1, 1_000))
    if (to !== from) this.#transfer(node, genesis, from, { to: to.identity.address, consumer })
  }

  /** To another shard: mostly to one who has an account there, else to a new address, with enough for one or not. */
  submitAcross(node: SimNode, genesis: Genesis): void {
    const from = this.#prng.pick(this.#users)
    const isKnown = this.#prng.chance(KNOWN_PPM)
    const enough = BigInt(genesis.params.minBalance)
    const least = !isKnown && this.#prng.chance(ENOUGH_PPM) ? enough : 1n
    const consumer = (): bigint => least + BigInt(this.#prng.between(0, 1_000))
    const others = this.#users.filter(({ identity }) => identity.chain !== from.identity.chain)
    if (others.length === 0) return
    const to = isKnown
      ? this.#prng.pick(others).identity.address
      : this.#freshAddress(from.identity.chain, genesis.shards)
    this.#transfer(node, genesis, from, { to, consumer })
  }

  /** As much as the pool takes, from every user of one chain to another one's. */
  flood(node: SimNode, genesis: Genesis, chain: ChainId, destination: ChainId): void {
    const to = this.#users.find(({ identity }) => identity.chain === destination)
    if (to === undefined) return
    for (const from of this.#users.filter(({ identity }) => identity.chain === chain)) {
      for (let count = 0; count < genesis.params.poolPerSender; count++) {
        this.#transfer(node, genesis, from, { to: to.identity.address, consumer: () => 1n, ahead: count })
      }
    }
  }

  /** Several payments, all or none: of a user, and of owners elsewhere who agree. */
  submitAtomic(node: SimNode, genesis: Genesis): void {
    const from = this.#prng.pick(this.#users)
    const giver =
      this.#givers.length > 0 && this.#prng.chance(GIVEN_PPM) ? this.#prng.pick(this.#givers) : from
    const enough = BigInt(genesis.params.minBalance)
    const legs = Array.from({ length: this.#prng.between(1, LEGS_MAX) }, (_, index) => ({
      from: (index === 0 ? giver : from).identity.address,
      to: freshened(addressOfKey(this.#prng.bytes(32))),
      consumer: enough + BigInt(this.#prng.between(0, 1_000)) - (this.#prng.chance(POOR_PPM) ? 1_000n : 0n),
      industrial: BigInt(this.#prng.between(0, 1_000))
    }))
    const heights = this.#prng.pick(HEIGHTS)
    const state = giver === from ? undefined : node.chains?.get(giver.identity.chain)?.tree.final.state
    this.#send(node, from, 0, ({ network, ...fields }) => {
      const terms = { ...fields, sender: from.signer.publicKey, heights, legs }
      const cosignatures =
        state === undefined
          ? []
          : [
              cosign(
                network,
                termsOf(terms),
                readAtomicAccount(state, giver.identity.address).next,
                giver.signer
              )
            ]
      const cost = multiTransferCost(genesis.params, from.signer.publicKey, legs, genesis.shards)
      return giver !== from && state === undefined
        ? undefined
        : signMultiTransfer({ network, signer: from.signer, ...terms, cosignatures, ...cost })
    })
  }

  /** Value for the coordination chain, stake for a validator or for nobody, or what a validator earned on some chain. */
  submitOrder(node: SimNode, { params, shards }: Genesis): void {
    const earner = this.#prng.pick(this.#claimants)
    const user = this.#prng.pick(this.#users)
    const more = BigInt(this.#prng.between(1, 1_000))
    const orders: readonly Order[] = [
      { activate: { consumer: BigInt(params.activationDeposit) + more, industrial: more } },
      { stake: { validator: earner.signer.publicKey, consumer: more, industrial: 0n } },
      { stake: { validator: this.#prng.bytes(32), consumer: more, industrial: more } },
      { claim: { chain: shardId(this.#prng.below(shards)), to: user.identity.address } }
    ]
    const order = this.#prng.pick(orders)
    const from = 'claim' in order ? earner : user
    this.#send(node, from, 0, (fields) =>
      signOrder({ ...fields, signer: from.signer, order, ...orderCost(params, order) })
    )
  }

  #freshAddress(except: ChainId, shards: number): Uint8Array {
    for (;;) {
      const address = addressOfKey(this.#prng.bytes(32))
      if (homeShard(address, shards) !== except) return address
    }
  }

  #transfer(node: SimNode, genesis: Genesis, from: User, { to, consumer, ahead = 0 }: Payment): void {
    this.#send(node, from, ahead, (fields) =>
      signTransfer({
        ...fields,
        signer: from.signer,
        to,
        consumer: consumer(),
        ...transferCost(genesis.params)
      })
    )
  }

  /** What `signed` makes of the sender's place, or nothing. */
  #send(
    node: SimNode,
    from: User,
    ahead: number,
    signed: (fields: {
      network: Uint8Array
      chain: ChainId
      nonce: bigint
      validUntil: number
    }) => SignedTransaction | undefined
  ): void {
    const { chain, address } = from.identity
    const running = node.chains?.get(chain)
    const chains = node.chains
    if (running === undefined || chains === undefined) return
    const account = readAccount(running.tree.final.state, address)
    if (account === undefined) return
    const { network } = chains.constants
    const nonce = running.pool.nextNonce(toHex(address), account.nonce) + BigInt(ahead)
    const made = signed({ network, chain, nonce, validUntil: running.store.final.height + LIFETIME })
    if (made === undefined) return
    const checked = checkStateless(chains.constants, made.bytes)
    if (!checked.ok) throw new RangeError(`the workload made a bad transaction: ${checked.detail}`)
    running.transactions.submit(checked.value).then(
      (outcome) => {
        if (outcome.ok && node.chains === chains) this.#accepted.set(toHex(checked.value.id), chain)
        if (!outcome.ok) this.refusals.set(outcome.code, (this.refusals.get(outcome.code) ?? 0) + 1)
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
