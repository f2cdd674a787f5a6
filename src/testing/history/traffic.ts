/**
 * The transfers of a made chain, signed with published keys: the shard's load accounts take turns, recipients and
 * amounts come from the seed. With `accounts`, the first blocks bring as many new records into being.
 */
import { ADDRESS_BYTES, KEY_TYPE_ED25519, homeShard } from '../../crypto/address.ts'
import { sha256 } from '../../crypto/hash.ts'
import { identityOf, signTransfer, signerOfSeed, transferCost } from '../../client/transfer.ts'
import type { Signer } from '../../crypto/ports.ts'
import { DEVNET_LOAD_ACCOUNTS, devnetSeed } from '../../params/devnet-keys.ts'
import type { Genesis } from '../../params/genesis.ts'
import { networkId } from '../../params/genesis.ts'
import { utf8 } from '../../primitives/bytes.ts'
import { must } from '../../primitives/errors.ts'
import { checkStateless } from '../../state/stateless.ts'
import type { CheckedTransaction } from '../../state/types.ts'
import { Prng } from '../sim/prng.ts'
import { CREATED_PER_BLOCK } from './plan.ts'
import type { ChainPlan } from './plan.ts'

interface Sender {
  readonly signer: Signer
  readonly address: Uint8Array
  nonce: bigint
}

const AMOUNT_MAX = 1_000

export class Traffic {
  readonly #plan: ChainPlan
  readonly #genesis: Genesis
  readonly #network: Uint8Array
  readonly #prng: Prng
  readonly #senders: readonly Sender[]
  readonly #memo: Uint8Array
  readonly #cost: ReturnType<typeof transferCost>
  /** Records that a block creates. */
  readonly #created: number
  #turn = 0
  #fresh = 0
  #counter = 0

  constructor(plan: ChainPlan, genesis: Genesis) {
    this.#plan = plan
    this.#genesis = genesis
    this.#network = networkId(genesis)
    this.#prng = new Prng(plan.seed, `history ${plan.chain}`)
    this.#senders = sendersOf(plan, genesis.shards)
    this.#memo = new Uint8Array(plan.memoBytes).fill(0x2e)
    this.#cost = transferCost(genesis.params, this.#memo)
    this.#created = Math.min(CREATED_PER_BLOCK, genesis.params.blockTransactionsMax)
    const isQuiet = plan.transfers === 0 && plan.accounts === 0
    if (!isQuiet && this.#senders.length < 2)
      throw new RangeError(`shards: chain ${plan.chain} is home to no two published accounts`)
  }

  /** In the order in which they can be included. */
  next(height: number): CheckedTransaction[] {
    const missing = this.#plan.accounts - this.#fresh
    if (missing > 0) {
      const { minBalance } = this.#genesis.params
      const count = Math.min(missing, this.#created)
      return Array.from({ length: count }, () =>
        this.#transfer(height, this.#newAddress(), BigInt(minBalance))
      )
    }
    return Array.from({ length: this.#plan.transfers }, () => {
      const { address } = this.#prng.pick(this.#senders)
      return this.#transfer(height, address, BigInt(this.#prng.between(1, AMOUNT_MAX)))
    })
  }

  #transfer(height: number, to: Uint8Array, consumer: bigint): CheckedTransaction {
    const sender = must(this.#senders[this.#turn++ % this.#senders.length], 'someone’s turn')
    const { params, shards } = this.#genesis
    const { bytes } = signTransfer({
      network: this.#network,
      signer: sender.signer,
      chain: this.#plan.chain,
      nonce: sender.nonce++,
      validUntil: height + Math.floor(params.maxLifetime / 2),
      to,
      consumer,
      memo: this.#memo,
      ...this.#cost
    })
    const { payloadBytesMax } = params
    const checked = checkStateless({ network: this.#network, shards, payloadBytesMax }, bytes)
    if (!checked.ok) throw new RangeError(`history: ${checked.code}: ${checked.detail}`)
    return checked.value
  }

  /** Of nobody: the hash of a counter, the next one whose home is this shard. */
  #newAddress(): Uint8Array {
    this.#fresh += 1
    for (;;) {
      const drawn = sha256(utf8(`${this.#plan.seed} account ${this.#counter++}`))
      const address = drawn.slice(0, ADDRESS_BYTES)
      address[0] = KEY_TYPE_ED25519
      if (homeShard(address, this.#genesis.shards) === this.#plan.chain) return address
    }
  }
}

function sendersOf({ chain }: ChainPlan, shards: number): Sender[] {
  return Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index) => {
    const signer = signerOfSeed(devnetSeed(`load${index}`))
    const identity = identityOf(signer.publicKey, shards)
    return { signer, address: identity.address, home: identity.chain, nonce: 0n }
  }).filter(({ home }) => home === chain)
}
