/**
 * What a chain has emitted, from its headers alone (EMI-4): linked from the genesis, each with exactly the reward that
 * its height allows. No state is needed, and nothing that a node says is believed.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import type { RewardParams } from '../state/emission.ts'
import type { Amounts } from '../state/types.ts'
import { judgeReward } from './reward.ts'

export type EmissionCode = 'not-linked' | 'wrong-reward'

/** Takes headers upwards, one by one, from the child of the genesis block on. */
export class EmissionAudit {
  readonly #params: RewardParams
  readonly #genesis: Amounts
  #reserve: Amounts
  #tip: { readonly height: number; readonly hash: Uint8Array }

  /** @param reserve of the genesis */
  constructor(params: RewardParams, reserve: Amounts, genesisHash: Uint8Array) {
    this.#params = params
    this.#genesis = reserve
    this.#reserve = reserve
    this.#tip = { height: 0, hash: genesisHash }
  }

  get tip(): { readonly height: number; readonly hash: Uint8Array } {
    return this.#tip
  }

  /** What the reserve must hold after the tip. */
  get reserve(): Amounts {
    return this.#reserve
  }

  get emitted(): Amounts {
    return {
      consumer: this.#genesis.consumer - this.#reserve.consumer,
      industrial: this.#genesis.industrial - this.#reserve.industrial
    }
  }

  add(header: Header): Verdict<void, EmissionCode> {
    const { height, hash } = this.#tip
    if (header.height !== height + 1 || !equal(header.parent, hash)) {
      return refuse('not-linked', `header ${header.height} is no child of ${height} ${toHex(hash)}`)
    }
    const { consumer, industrial } = this.#reserve
    const reserve = { reserveConsumer: consumer, reserveIndustrial: industrial }
    const refused = judgeReward(header, this.#params, reserve)
    if (refused !== undefined) return refuse('wrong-reward', `height ${header.height}: ${refused.detail}`)
    this.#reserve = {
      consumer: consumer - header.rewardConsumer,
      industrial: industrial - header.rewardIndustrial
    }
    this.#tip = { height: header.height, hash: blockHash(header) }
    return accept(undefined)
  }
}
