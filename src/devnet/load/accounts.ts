/**
 * The thousand accounts that carry the load, and whose turn it is. Nonces are strict: a refused nonce is used again
 * first, and an account whose last transfer had an unknown fate rests until that transfer is seen final.
 */
import { signTransfer, signerOfSeed, identityOf, transferCost } from '../../client/index.ts'
import type { ChainId, Leg, SignedTransaction, Signer } from '../../client/index.ts'
import { DEVNET_LOAD_ACCOUNTS, devnetSeed } from '../../params/devnet-keys.ts'
import { kindOf, signAction, signTurn } from './orders.ts'
import type { Costs, LoadKind, Shares } from './orders.ts'

/** Nonces of one account on their way at once: half of what pools keep of one sender. */
const IN_FLIGHT_MAX = 8
/** A transfer signed ahead of time is used while so many heights remain to it. */
const MARGIN_HEIGHTS = 100

/** No divisor of it divides the number of accounts: the same account's turn never meets the same amount again soon. */
const SERIALS = 1_009n

export interface LoadAccount {
  readonly address: Uint8Array
  readonly chain: ChainId
  readonly signer: Signer
  /** The next account of the same shard, and the next of another one. */
  near: Uint8Array
  far: Uint8Array
  next: bigint
  /** Refused nonces, to be used before `next`. */
  readonly again: bigint[]
  /** Ids on their way; those of unknown fate keep the account at rest. */
  readonly inFlight: Set<string>
  readonly doubtful: Set<string>
  readonly ahead: Map<bigint, Ahead>
}

interface Ahead {
  readonly signed: SignedTransaction
  readonly kind: LoadKind
  readonly validUntil: number
}

export interface Transfer extends SignedTransaction {
  readonly account: LoadAccount
  readonly nonce: bigint
  readonly kind: LoadKind
}

export interface AccountsInit {
  readonly network: Uint8Array
  readonly shards: number
  readonly costs: Costs
  readonly maxLifetime: number
  readonly shares: Shares
  /** Keys to whose stake is added. */
  readonly validators: readonly Uint8Array[]
}

export class LoadAccounts {
  readonly list: readonly LoadAccount[]
  readonly #init: AccountsInit
  readonly #cost: ReturnType<typeof transferCost>
  readonly #owners = new Map<string, LoadAccount>()
  #turn = 0
  /** Makes a transfer that takes a refused one's nonce differ from it. */
  #serial = 0n

  constructor(init: AccountsInit) {
    this.#init = init
    this.#cost = transferCost(init.costs)
    this.list = Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index): LoadAccount => {
      const signer = signerOfSeed(devnetSeed(`load${index}`))
      const { address, chain } = identityOf(signer.publicKey, init.shards)
      return {
        address,
        chain,
        signer,
        near: address,
        far: address,
        next: 0n,
        again: [],
        inFlight: new Set(),
        doubtful: new Set(),
        ahead: new Map()
      }
    })
    for (const account of this.list) {
      account.near = this.#next(account, (chain) => chain === account.chain).address
      account.far = this.#next(account, (chain) => chain !== account.chain).address
    }
  }

  #next(account: LoadAccount, isWanted: (chain: ChainId) => boolean): LoadAccount {
    const from = this.list.indexOf(account)
    const { length } = this.list
    for (let step = 1; step < length; step++) {
      const other = this.list[(from + step) % length]
      if (other !== undefined && isWanted(other.chain)) return other
    }
    return account
  }

  get inFlight(): number {
    return this.#owners.size
  }

  /** Signs up to `count` transfers before they are needed. @param heights by chain */
  signAhead(count: number, heights: ReadonlyMap<ChainId, number>): void {
    const rounds = Math.ceil(count / this.list.length)
    for (const account of this.list) {
      const validUntil = (heights.get(account.chain) ?? 0) + this.#init.maxLifetime
      for (let step = 0n; step < rounds; step++) {
        const nonce = account.next + step
        account.ahead.set(nonce, this.#sign(account, nonce, validUntil))
      }
    }
  }

  /** The transfer of the account whose turn it is; undefined when every account has enough on its way. */
  take(heights: ReadonlyMap<ChainId, number>): Transfer | undefined {
    for (let tries = 0; tries < this.list.length; tries++) {
      const account = this.list[this.#turn++ % this.list.length]
      if (account === undefined || account.inFlight.size >= IN_FLIGHT_MAX || account.doubtful.size > 0)
        continue
      const nonce = account.again.shift() ?? account.next++
      const { signed, kind } = this.#signed(account, nonce, heights.get(account.chain) ?? 0)
      account.inFlight.add(signed.id)
      this.#owners.set(signed.id, account)
      return { ...signed, account, nonce, kind }
    }
    return undefined
  }

  /** The node said no: the nonce is free. */
  refused({ account, nonce, id }: Transfer): void {
    this.#forget(account, id)
    account.again.push(nonce)
    account.again.sort((a, b) => Number(a - b))
  }

  /** No answer, or an answer after which the nonce may be used: no further transfer until this one is final. */
  doubtful({ account, id }: Transfer): void {
    account.doubtful.add(id)
  }

  final(id: string): boolean {
    const account = this.#owners.get(id)
    if (account === undefined) return false
    this.#forget(account, id)
    return true
  }

  #forget(account: LoadAccount, id: string): void {
    account.inFlight.delete(id)
    account.doubtful.delete(id)
    this.#owners.delete(id)
  }

  #signed(account: LoadAccount, nonce: bigint, height: number): Ahead {
    const ahead = account.ahead.get(nonce)
    account.ahead.delete(nonce)
    if (ahead !== undefined && ahead.validUntil >= height + MARGIN_HEIGHTS) return ahead
    return this.#sign(account, nonce, height + this.#init.maxLifetime)
  }

  #sign(account: LoadAccount, nonce: bigint, validUntil: number): Ahead {
    const { network, shares, costs, shards, validators } = this.#init
    const { chain, signer } = account
    this.#serial += 1n
    const serial = Number(this.#serial)
    const kind = kindOf(serial, shares)
    const consumer = 1n + (this.#serial % SERIALS)
    const terms = { network, signer, chain, nonce, validUntil }
    switch (kind) {
      case 'action':
        return { kind, validUntil, signed: signAction(terms, this.#legs(account, consumer), costs, shards) }
      case 'order':
        return { kind, validUntil, signed: signTurn(terms, serial, costs, validators) }
      case 'near':
      case 'far': {
        const signed = signTransfer({ ...terms, to: account[kind], consumer, ...this.#cost })
        return { kind, validUntil, signed }
      }
    }
  }

  #legs({ address, near, far }: LoadAccount, consumer: bigint): Leg[] {
    const others = [near, far].filter((to, index, all) => to !== address && all.indexOf(to) === index)
    return others.map((to) => ({ from: address, to, consumer, industrial: 0n }))
  }
}
