/**
 * The one door to a validator key's signature on statements (C4, C12). It lives in the node database, so a statement
 * and the journal records behind it become durable in one write (C11), and it is bound to the key by a random id that
 * both the database and the key file hold: a copied key, or a restored backup of either, does not sign.
 *
 *   admit(statement) ──accepted, with writes──> journal.write(records, update) ──durable──> sign, send
 *
 * What was admitted counts as signed at once, also while its write is under way: two statements that contradict each
 * other cannot overtake one another.
 */
import { equal, fromHex, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { isStatementKind } from '../codec/statement.ts'
import type { Statement } from '../codec/statement.ts'
import { guardRefusal } from './errors.ts'
import { UNUSED_GUARD, afterFloor, afterStatement, judgeStatement } from './guard-rules.ts'
import type { GuardRefusal, GuardState, GuardStatement } from './guard-rules.ts'
import { identityWrite, loadGuard, stateWrites } from './guard-records.ts'
import type { GuardIdentity, GuardRecord } from './guard-records.ts'
import type { KeyValueStore, Write } from './ports.ts'

/** What a decision of the guard adds to the node database; `Journal.write` takes it along. */
export interface GuardUpdate {
  readonly writes: readonly Write[]
}

export interface GuardInit {
  /** Validator key, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly network: Uint8Array
}

export class SignGuard {
  readonly publicKey: Uint8Array
  readonly #store: KeyValueStore
  readonly #network: Uint8Array
  readonly #states: Map<ChainId, GuardState>
  #identity: GuardIdentity

  private constructor(store: KeyValueStore, init: GuardInit, record: GuardRecord) {
    this.#store = store
    this.publicKey = init.publicKey
    this.#network = init.network
    this.#identity = record.identity
    this.#states = new Map(record.states)
  }

  /** For a key that never signed. @param id 32 random bytes; write them into the key file next (`bindGuard`). */
  static async create(store: KeyValueStore, init: GuardInit, id: Uint8Array): Promise<SignGuard> {
    assert((await loadGuard(store, init.publicKey)) === undefined, 'a key has one guard')
    const identity = { id: toHex(id), fromEpoch: 0, haltReason: '' }
    await store.batch([identityWrite(init.publicKey, identity)], { sync: true })
    return new SignGuard(store, init, { identity, states: new Map() })
  }

  /**
   * @param boundId the guard id in the key file.
   * @throws GuardError GUARD_MISSING, GUARD_ID_MISMATCH, GUARD_HALTED
   */
  static async open(store: KeyValueStore, init: GuardInit, boundId: Hex | undefined): Promise<SignGuard> {
    const record = await loadGuard(store, init.publicKey)
    if (record === undefined) throw guardRefusal({ code: 'GUARD_MISSING', where: 'store' })
    const { id, haltReason } = record.identity
    if (boundId === undefined) throw guardRefusal({ code: 'GUARD_MISSING', where: 'key' })
    if (boundId !== id) throw guardRefusal({ code: 'GUARD_ID_MISMATCH', inKey: boundId, inStore: id })
    if (haltReason !== '') throw guardRefusal({ code: 'GUARD_HALTED', reason: haltReason })
    return new SignGuard(store, init, record)
  }

  /**
   * Adoption (C12): takes up a key whose record is lost or doubtful. Nothing is signed below `fromEpoch`, which lies
   * two above the highest epoch verified, so no lost statement can be contradicted. What is known stays known.
   * @param id 32 fresh random bytes: the other holder of the key file no longer matches this database.
   */
  static async adopt(
    store: KeyValueStore,
    init: GuardInit,
    { id, fromEpoch }: { readonly id: Uint8Array; readonly fromEpoch: number }
  ): Promise<SignGuard> {
    const record = await loadGuard(store, init.publicKey)
    const lowest = Math.max(fromEpoch, record?.identity.fromEpoch ?? 0)
    const identity = { id: toHex(id), fromEpoch: lowest, haltReason: '' }
    await store.batch([identityWrite(init.publicKey, identity)], { sync: true })
    return new SignGuard(store, init, { identity, states: record?.states ?? new Map<ChainId, GuardState>() })
  }

  get id(): Uint8Array {
    return fromHex(this.#identity.id)
  }

  /** Whether this guard let nothing pass yet, so that no key file needs to know it. */
  get isUnused(): boolean {
    return this.#states.size === 0
  }

  /** Empty while signing is allowed. */
  get haltReason(): string {
    return this.#identity.haltReason
  }

  /** Accepted: signed from now on. Make the update durable before the signature leaves. */
  admit(statement: Statement): Verdict<GuardUpdate, GuardRefusal> {
    const { chain } = statement
    const asked = this.#read(statement)
    const { haltReason, fromEpoch } = this.#identity
    if (haltReason !== '') return refuse('halted', haltReason)
    if (asked.epoch < fromEpoch)
      return refuse('epoch-below-adoption', `epoch ${asked.epoch}, from ${fromEpoch}`)
    const before = this.state(chain)
    const verdict = judgeStatement(before, asked)
    if (!verdict.ok) return verdict
    const after = afterStatement(before, asked)
    this.#states.set(chain, after)
    // A repetition writes its rows again: the first write may still be under way.
    return accept({ writes: stateWrites(this.publicKey, chain, before, after) })
  }

  /**
   * A valid statement of this key that came from outside (C22): `unknown` means that someone else signs with it.
   * `past`: at or below a floor, whose record was dropped; it says nothing.
   */
  recognise(statement: Statement): 'known' | 'unknown' | 'past' {
    const { epoch, view, kind, hash } = this.#read(statement)
    const state = this.state(statement.chain)
    if (epoch < this.#identity.fromEpoch || epoch < state.epoch) return 'past'
    if (epoch > state.epoch) return 'unknown'
    if (view <= state.floor) return 'past'
    return state.views.get(view)?.get(kind) === toHex(hash) ? 'known' : 'unknown'
  }

  /**
   * Drops the record at or below a final view, and with it the right to sign there.
   * With (epoch + 1, 0) it ends an epoch (C24). Needs no sync of its own: a floor that is lost is only raised again.
   */
  raiseFloor(chain: ChainId, epoch: number, view: number): GuardUpdate {
    const before = this.state(chain)
    const after = afterFloor(before, epoch, view)
    if (after === before) return { writes: [] }
    this.#states.set(chain, after)
    return { writes: stateWrites(this.publicKey, chain, before, after) }
  }

  /** Stops signing on every chain, across restarts, until an import or an adoption. */
  async halt(reason: string): Promise<void> {
    assert(reason !== '', 'a halt has a reason')
    this.#identity = { ...this.#identity, haltReason: reason }
    await this.#store.batch([identityWrite(this.publicKey, this.#identity)], { sync: true })
  }

  state(chain: ChainId): GuardState {
    return this.#states.get(chain) ?? UNUSED_GUARD
  }

  #read({ network, epoch, view, kind, hash }: Statement): GuardStatement {
    assert(equal(network, this.#network), 'a statement of this network')
    assert(isStatementKind(kind), 'a statement has a known kind')
    return { epoch, view, kind, hash }
  }
}
