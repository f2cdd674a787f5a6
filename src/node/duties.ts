/**
 * What a validator says by itself on the coordination chain (REG-5, REG-13): that it is ready, and the tips of its hash
 * chains. One thing at a time, as its own transaction; what did not get into a block is said again.
 */
import { addressOfKey } from '../crypto/address.ts'
import { STATUS_REGISTERED } from '../codec/registry-records.ts'
import type { ValidatorRecord } from '../codec/registry-records.ts'
import { buildRegistryOrder } from '../state/coord/orders.ts'
import type { RegistryOrder } from '../state/coord/orders.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { equal } from '../primitives/bytes.ts'
import { committeesOf, readSeats } from '../sharding/seat-records.ts'
import { readValidator } from '../state/coord/validators.ts'
import type { StateView } from '../state/ports.ts'
import { checkStateless } from '../state/stateless.ts'
import { readAccount } from '../state/supply.ts'
import type { GenesisConstants } from '../state/types.ts'
import type { ChainNode } from './chain/chain-node.ts'
import type { RevealChain } from './reveal-chain.ts'
import type { Validator } from './validator.ts'

/** Reveals left at which the next chain is registered: an epoch has to pass before it counts. */
const REVEALS_LOW = 1_024
/** Heights within which an own transaction is included, or said again. */
const PATIENCE = 8

export interface DutyFacts {
  readonly record: ValidatorRecord
  readonly epochLength: number
  readonly freezeDistance: number
  /** Of the newest final coordination block. */
  readonly height: number
  /** Chains where it is a candidate and does not sit in the newest frozen epoch. */
  readonly waitsFor: readonly ChainId[]
  /** Follows the chain and is in sync. */
  readonly holds: (chain: ChainId) => boolean
}

/** What is to be said next, if anything. */
export function nextDuty(
  { record, height, epochLength, freezeDistance, waitsFor, holds }: DutyFacts,
  reveals: Pick<RevealChain, 'left' | 'nextTip'>
): RegistryOrder | undefined {
  if (record.status !== STATUS_REGISTERED) return undefined
  const frozen = Math.max(0, height - ((height + freezeDistance) % epochLength))
  const isSaid = record.ready > frozen
  if (!isSaid && waitsFor.length > 0 && waitsFor.every(holds)) return { ready: true }
  // A sponsor may have registered a tip that is not ours, which would stay for ever: nobody can reveal below it.
  const tip = record.pendingTip[0]?.tip ?? record.tip[0]
  return tip !== undefined && reveals.left(tip) > REVEALS_LOW ? undefined : { reveal: reveals.nextTip(tip) }
}

export interface DutiesComponents {
  readonly validator: Validator & { readonly reveals: RevealChain }
  readonly constants: GenesisConstants
  readonly chain: (chain: ChainId) => ChainNode | undefined
  readonly failed: (error: unknown) => void
}

export class Duties {
  readonly #c: DutiesComponents
  #saidAt = -PATIENCE
  #nonce: bigint | undefined

  constructor(components: DutiesComponents) {
    this.#c = components
  }

  /** After every final coordination block. */
  check(): void {
    const coord = this.#c.chain(COORD)
    if (coord === undefined || coord.sync.active) return
    const { state, header } = coord.tree.final
    const { publicKey } = this.#c.validator
    const account = readAccount(state, addressOfKey(publicKey))
    const isOut = this.#nonce !== undefined && account?.nonce === this.#nonce
    if (account === undefined || (isOut && header.height < this.#saidAt + PATIENCE)) return
    const order = this.#order(coord, state)
    if (order === undefined) return
    this.#saidAt = header.height
    this.#nonce = account.nonce
    this.#say(coord, order, { nonce: account.nonce, validUntil: header.height + PATIENCE }).catch(
      this.#c.failed
    )
  }

  #order(coord: ChainNode, state: Pick<StateView, 'get'>): RegistryOrder | undefined {
    const { validator, chain } = this.#c
    const record = readValidator(state, validator.publicKey)
    if (record === undefined) return undefined
    const { epochLength, freezeDistance } = coord.driver.instance.config.params
    const committees = committeesOf(readSeats(state))
    const waitsFor = [COORD, ...record.leases.map(({ shard }) => shard)].filter((each) => {
      const members = committees.get(each)?.members ?? []
      return !members.some(({ key }) => equal(key, validator.publicKey))
    })
    const holds = (each: ChainId): boolean => chain(each)?.sync.active === false
    const { height } = coord.tree.final.header
    return nextDuty({ record, height, epochLength, freezeDistance, waitsFor, holds }, validator.reveals)
  }

  async #say(
    coord: ChainNode,
    order: RegistryOrder,
    terms: { readonly nonce: bigint; readonly validUntil: number }
  ): Promise<void> {
    const { validator, constants } = this.#c
    const bytes = validator.signOrder(
      constants.network,
      buildRegistryOrder({ order, ...terms }, validator.publicKey)
    )
    const checked = bytes === undefined ? undefined : checkStateless(constants, bytes)
    // What the pool refuses now, mana or room, may pass later: it is said again.
    if (checked?.ok === true) await coord.transactions.submit(checked.value)
  }
}

/** A validator that has hash chains speaks for itself. */
export function createDuties(
  validator: Validator | undefined,
  components: Omit<DutiesComponents, 'validator'>
): Duties | undefined {
  return validator === undefined || !hasReveals(validator)
    ? undefined
    : new Duties({ ...components, validator })
}

const hasReveals = (validator: Validator): validator is DutiesComponents['validator'] =>
  validator.reveals !== undefined
