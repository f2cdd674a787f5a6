/**
 * The peer that floods, in a process of its own: everything is signed before the phase that is measured, which then holds
 * nothing but sending.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Client, encodeAddress } from '../../src/client/index.ts'
import { signTransfer } from '../../src/client/transfer.ts'
import { BundleType } from '../../src/codec/messages.ts'
import { fromHex } from '../../src/primitives/bytes.ts'
import { Hostile } from '../../test/support/hostile.ts'
import { SHARD, flooderAccounts } from './accounts.ts'
import type { Account } from './accounts.ts'
import { takeOrders } from './orders.ts'

/** Of which half are valid. */
const BUNDLE = 20
/** Signing lets the process answer now and then. */
const TURN_BUNDLES = 20

export type Bad = 'state' | 'signature'

export interface Munition {
  readonly bad: Bad
  readonly seconds: number
  /** Transactions a second. */
  readonly perS: number
  readonly network: string
  /** In decimals. */
  readonly cost: { readonly fee: string; readonly maxMana: string }
  readonly validUntil: number
  readonly rpc: string
}

export interface Flooded {
  readonly sent: number
  readonly isIn: boolean
}

class Flooder {
  readonly #accounts = flooderAccounts()
  #bundles: Uint8Array[] = []
  #bundleMs = 0
  #invalid = 0n
  #hostile: Hostile | undefined
  #stopping = new AbortController()
  #going: Promise<number> = Promise.resolve(0)

  readonly prepare = async (munition: Munition): Promise<number> => {
    await this.#readNonces(munition.rpc)
    this.#bundleMs = (1_000 * BUNDLE) / munition.perS
    const count = Math.ceil((munition.seconds * 1_000) / this.#bundleMs)
    this.#bundles = []
    for (let index = 0; index < count; index++) {
      if (index % TURN_BUNDLES === 0) await delay(0)
      this.#bundles.push(this.#bundle(munition, index))
    }
    return this.#bundles.length
  }

  readonly flood = async ({ network, address }: { network: string; address: string }): Promise<void> => {
    const hostile = await Hostile.create(fromHex(network, 32))
    this.#hostile = hostile
    await hostile.joinAddress(address)
    this.#stopping = new AbortController()
    this.#going = this.#send(hostile, this.#stopping.signal)
  }

  readonly rest = async (): Promise<Flooded> => {
    const isIn = this.#hostile?.isConnected === true
    this.#stopping.abort()
    const sent = await this.#going
    await this.#hostile?.stop()
    return { sent, isIn }
  }

  /** As the node knows them: what was ignored in an earlier phase is sent again. */
  async #readNonces(rpc: string): Promise<void> {
    const params = this.#accounts.map(({ address }) => ({ address: encodeAddress(address), chain: 0 }))
    const answers = await new Client({ url: rpc }).batch('account_get', params)
    for (const [index, account] of this.#accounts.entries()) {
      const answer = answers[index]
      if (answer?.ok === true) account.next = BigInt(answer.value.nextNonce)
    }
  }

  #bundle(munition: Munition, index: number): Uint8Array {
    const transactions = Array.from({ length: BUNDLE }, (_, place) => {
      const account = this.#accounts[(index * BUNDLE + (place >> 1)) % this.#accounts.length]
      if (account === undefined) throw new RangeError('there are flooders')
      return place % 2 === 0 ? sign(munition, account, account.next++) : this.#invalidOf(munition, account)
    })
    return BundleType.serialize({ chain: SHARD, transactions })
  }

  #invalidOf(munition: Munition, account: Account): Uint8Array {
    this.#invalid += 1n
    const bytes = sign(munition, account, 1_000_000n + this.#invalid)
    if (munition.bad === 'state') return bytes
    const forged = bytes.slice()
    const last = forged.length - 1
    forged[last] = (forged[last] ?? 0) ^ 1
    return forged
  }

  /** Until told to stop, or until the peer is thrown out. @returns transactions sent */
  async #send(hostile: Hostile, signal: AbortSignal): Promise<number> {
    const fromMs = performance.now()
    let sent = 0
    for (const bundle of this.#bundles) {
      if (signal.aborted || !hostile.isConnected) break
      await delay(Math.max(0, fromMs + (sent / BUNDLE) * this.#bundleMs - performance.now()))
      sent += BUNDLE
      // Nobody listens any more: it was thrown out between two looks.
      await hostile.publish(SHARD, 'tx', bundle).catch(() => undefined)
    }
    return sent
  }
}

function sign({ network, cost, validUntil }: Munition, account: Account, nonce: bigint): Uint8Array {
  return signTransfer({
    network: fromHex(network, 32),
    signer: account.signer,
    chain: SHARD,
    nonce,
    validUntil,
    to: account.receiver,
    consumer: 1n,
    fee: BigInt(cost.fee),
    maxMana: BigInt(cost.maxMana)
  }).bytes
}

const flooder = new Flooder()
const { prepare, flood, rest } = flooder
takeOrders({ prepare, flood, rest }, async () => {
  await flooder.rest()
})
