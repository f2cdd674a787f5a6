/**
 * What validators say on the coordination chain (REG-2), as transactions without a signature: registration, `ready`,
 * leaving, leases, stake asked back, reveals. No fee is needed (REG-6).
 */
import {
  ACTION_BIND_NODE,
  ACTION_DEREGISTER,
  ACTION_READY,
  ACTION_REGISTER_REVEAL,
  ACTION_REGISTER_VALIDATOR,
  ACTION_RELEASE_LEASE,
  ACTION_RENEW_LEASE,
  ACTION_UNSTAKE,
  BindNodeType,
  LeaseOfType,
  OwnValidatorType,
  RegisterRevealType,
  RegisterValidatorType,
  UnstakeType
} from '../../codec/registry-records.ts'
import type { RegisterValidator } from '../../codec/registry-records.ts'
import { ACTION_DISPUTE, DisputeOrderType } from '../../codec/sanctions.ts'
import type { DisputeOrder } from '../../codec/sanctions.ts'
import { TRANSACTION_VERSION, TransactionType } from '../../codec/transaction.ts'
import type { TransactionContent } from '../../codec/transaction.ts'
import { KEY_TYPE_ED25519 } from '../../crypto/address.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { REGISTRY_MANA } from '../actions/coordination.ts'
import { manaCost } from '../mana.ts'

export type { RegisterValidator } from '../../codec/registry-records.ts'

/** What is said, under its name; all but a registration are about the sender's own key. */
export type RegistryOrder =
  | { readonly register: RegisterValidator }
  | { readonly deregister: true }
  | { readonly ready: true }
  | { readonly releaseLease: ChainId }
  | { readonly renewLease: ChainId }
  | { readonly reveal: Uint8Array }
  | { readonly bindNode: { readonly node: Uint8Array; readonly signature: Uint8Array } }
  | { readonly dispute: DisputeOrder }
  | { readonly unstake: { readonly consumer: bigint; readonly industrial: bigint; readonly to: Uint8Array } }

export interface RegistryTerms {
  readonly order: RegistryOrder
  readonly nonce: bigint
  /** Last coordination height at which it may be included. */
  readonly validUntil: number
}

type Said = Pick<TransactionContent, 'action' | 'payload'>

function actionOf(order: RegistryOrder, key: Uint8Array): Said {
  if ('register' in order) {
    return { action: ACTION_REGISTER_VALIDATOR, payload: RegisterValidatorType.serialize(order.register) }
  }
  if ('deregister' in order)
    return { action: ACTION_DEREGISTER, payload: OwnValidatorType.serialize({ key }) }
  if ('ready' in order) return { action: ACTION_READY, payload: OwnValidatorType.serialize({ key }) }
  if ('dispute' in order) {
    return { action: ACTION_DISPUTE, payload: DisputeOrderType.serialize(order.dispute) }
  }
  if ('releaseLease' in order) {
    return {
      action: ACTION_RELEASE_LEASE,
      payload: LeaseOfType.serialize({ key, shard: order.releaseLease })
    }
  }
  if ('renewLease' in order) {
    return { action: ACTION_RENEW_LEASE, payload: LeaseOfType.serialize({ key, shard: order.renewLease }) }
  }
  if ('reveal' in order) {
    return {
      action: ACTION_REGISTER_REVEAL,
      payload: RegisterRevealType.serialize({ key, tip: order.reveal })
    }
  }
  if ('bindNode' in order)
    return { action: ACTION_BIND_NODE, payload: BindNodeType.serialize({ key, ...order.bindNode }) }
  return { action: ACTION_UNSTAKE, payload: UnstakeType.serialize({ key, ...order.unstake }) }
}

/** @param sender validator key, 32 bytes */
export function buildRegistryOrder(
  { order, ...terms }: RegistryTerms,
  sender: Uint8Array
): TransactionContent {
  const said = actionOf(order, sender)
  const otherChains = 'unstake' in order ? 1 : 0
  return {
    version: TRANSACTION_VERSION,
    chain: COORD,
    keyType: KEY_TYPE_ED25519,
    sender,
    ...terms,
    ...said,
    maxMana: REGISTRY_MANA + manaCost(TransactionType.minSize + said.payload.length, otherChains),
    fee: 0n,
    feeSelector: 0
  }
}
