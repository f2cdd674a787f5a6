/**
 * The validator's key in this process: signer and guard together, and whether they may be used (C12, C22).
 *
 *   listening ──two view timers──> active ──a statement of ours that the guard does not know──> refused
 *
 * Refused is for good in this process and, by the guard's record, across restarts.
 */
import { equal } from '../primitives/bytes.ts'
import { refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { bindingBytes } from '../codec/peer-record.ts'
import type { ValidatorBinding } from '../codec/peer-record.ts'
import { statementBytes } from '../codec/statement.ts'
import type { Statement } from '../codec/statement.ts'
import { TransactionType, transactionSignedBytes } from '../codec/transaction.ts'
import type { TransactionContent } from '../codec/transaction.ts'
import type { Signer } from '../crypto/ports.ts'
import type { GuardRefusal } from '../store/guard-rules.ts'
import type { GuardUpdate, SignGuard } from '../store/sign-guard.ts'
import type { RevealChain } from './reveal-chain.ts'

export type SigningState = 'listening' | 'active' | 'refused'

export interface Signed {
  readonly signature: Uint8Array
  /** Has to be in the synced write that goes before the signature. */
  readonly update: GuardUpdate
}

export class Validator {
  readonly publicKey: Uint8Array
  readonly guard: SignGuard
  readonly reveals: RevealChain | undefined
  readonly #signer: Signer
  #state: SigningState = 'listening'
  #reason = ''

  /** @param reveals hash chains of the key; undefined: this node reveals nothing and has no duties of its own. */
  constructor(signer: Signer, guard: SignGuard, reveals?: RevealChain) {
    this.reveals = reveals
    this.publicKey = signer.publicKey
    this.guard = guard
    this.#signer = signer
  }

  get state(): SigningState {
    return this.#state
  }

  get reason(): string {
    return this.#reason
  }

  activate(): void {
    if (this.#state === 'listening') this.#state = 'active'
  }

  /** Guard first, then key. The signature must not leave before `update` is durable. */
  sign(statement: Statement): Verdict<Signed, GuardRefusal | 'not-signing'> {
    if (this.#state !== 'active') return refuse('not-signing', this.#reason || this.#state)
    const admitted = this.guard.admit(statement)
    if (!admitted.ok) return admitted
    return {
      ok: true,
      value: { signature: this.#signer.sign(statementBytes(statement)), update: admitted.value }
    }
  }

  /**
   * A transaction of the validator's own (REG-2): no statement, so the guard has no say; nothing while it may not sign.
   * @returns it as it travels
   */
  signOrder(network: Uint8Array, content: TransactionContent): Uint8Array | undefined {
    if (this.#state !== 'active') return undefined
    const signature = this.#signer.sign(transactionSignedBytes(network, content))
    return TransactionType.serialize({ ...content, signature })
  }

  /** The word that a node is this validator's (DIS-4): no statement, so the guard has no say; nothing while refused. */
  bindPeer(network: Uint8Array, peer: Uint8Array, sequence: number): ValidatorBinding | undefined {
    if (this.#state === 'refused') return undefined
    return { key: this.publicKey, signature: this.#signer.sign(bindingBytes(network, peer, sequence)) }
  }

  owns(key: Uint8Array): boolean {
    return equal(key, this.publicKey)
  }

  /** A valid statement of this key that the guard never let pass: somebody else signs with it. @returns the reason. */
  async noticeTwin(statement: Statement): Promise<string | undefined> {
    if (this.#state === 'refused' || this.guard.recognise(statement) !== 'unknown') return undefined
    this.#state = 'refused'
    this.#reason =
      `a statement of this validator's key that this machine did not make was seen ` +
      `(chain ${statement.chain}, epoch ${statement.epoch}, view ${statement.view}): the key is in use elsewhere`
    await this.guard.halt(this.#reason)
    return this.#reason
  }
}
