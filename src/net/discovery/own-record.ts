/**
 * The record this node tells of itself (DIS-1, DIS-2): made anew when what it says changes, and now and then without a
 * change, so that others see that it is alive. Time is an argument.
 */
import type { Multiaddr } from '@multiformats/multiaddr'
import { RECORD_ADDRESSES_MAX, RECORD_ADDRESS_BYTES_MAX } from '../../codec/peer-record.ts'
import type { CooperativeClaim, HeldChain, PeerRecord, ValidatorBinding } from '../../codec/peer-record.ts'
import type { Signer } from '../../crypto/ports.ts'
import { compare, toHex } from '../../primitives/bytes.ts'
import { mayUse, withoutPeer } from './addresses.ts'
import { DISCOVERY_LIMITS } from './limits.ts'
import { signRecord } from './peer-records.ts'

/** What the node says of itself beside its addresses. */
export interface OwnFacts {
  readonly role: number
  readonly features: bigint
  /** Followed chains and what is held of them, in any order. */
  readonly chains: readonly HeldChain[]
  /** The own validator's word for a peer key; absent when the node serves none. */
  readonly bind?: (peer: Uint8Array, sequence: number) => ValidatorBinding | undefined
  /** A cooperative's word for this node. */
  readonly cooperative?: CooperativeClaim | undefined
}

export interface OwnRecordOptions {
  readonly network: Uint8Array
  readonly signer: Signer
  readonly allowPrivate: boolean
  readonly facts: () => OwnFacts
  /** Where others can dial. */
  readonly addresses: () => readonly Multiaddr[]
}

const LOOK_MS = 1_000

export class OwnRecord {
  readonly #options: OwnRecordOptions
  #said = ''
  #held = ''
  #sequence = 0
  #lookedMs = -LOOK_MS
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(options: OwnRecordOptions) {
    this.#options = options
  }

  /** 0 before the first `refresh`. */
  get sequence(): number {
    return this.#sequence
  }

  /** As it travels. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Refreshes once a second, however often it is asked: a draft takes a signature of the validator. */
  look(nowMs: number): boolean {
    // Either way: a clock may be set back.
    if (Math.abs(nowMs - this.#lookedMs) < LOOK_MS) return false
    this.#lookedMs = nowMs
    return this.refresh(nowMs)
  }

  /** @returns whether there is a new one. What is held changes with every pruned block: that alone waits a while. */
  refresh(nowMs: number): boolean {
    const draft = this.#draft(Math.max(nowMs, this.#sequence + 1))
    const said = JSON.stringify([
      draft.role,
      String(draft.features),
      draft.addresses.map(toHex),
      draft.chains.map(({ chain }) => chain),
      draft.validator.map(({ key }) => toHex(key)),
      draft.cooperative.map(({ untilMs, key }) => [untilMs, toHex(key)])
    ])
    const held = JSON.stringify(draft.chains.map(({ earliest }) => earliest))
    const ageMs = nowMs - this.#sequence
    const isDue =
      said !== this.#said ||
      (held !== this.#held && ageMs >= DISCOVERY_LIMITS.metadataMs) ||
      ageMs >= DISCOVERY_LIMITS.recordMs
    if (!isDue) return false
    this.#said = said
    this.#held = held
    this.#sequence = draft.sequence
    this.#bytes = signRecord(draft, this.#options.signer)
    return true
  }

  #draft(sequence: number): PeerRecord {
    const { network, signer, facts } = this.#options
    const { role, features, chains, bind, cooperative } = facts()
    const binding = bind?.(signer.publicKey, sequence)
    return {
      network,
      peer: signer.publicKey,
      sequence,
      role,
      features,
      chains: chains.toSorted((a, b) => a.chain - b.chain),
      addresses: this.#addresses(),
      validator: binding === undefined ? [] : [binding],
      cooperative: cooperative === undefined ? [] : [cooperative]
    }
  }

  #addresses(): Uint8Array[] {
    const { addresses, allowPrivate } = this.#options
    return addresses()
      .filter((address) => mayUse(address, allowPrivate))
      .map((address) => withoutPeer(address).bytes)
      .filter((bytes) => bytes.length <= RECORD_ADDRESS_BYTES_MAX)
      .toSorted(compare)
      .slice(0, RECORD_ADDRESSES_MAX)
  }
}
