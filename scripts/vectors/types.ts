/** Every SSZ container of src/codec by name, and the notation of protocols/encoding.md, discovery.md and snapshot.md for a type. */
import { BitListType, UintBigintType, UintNumberType } from '@chainsafe/ssz'
import * as announcement from '../../src/codec/announcement.ts'
import * as atomic from '../../src/codec/atomic.ts'
import * as block from '../../src/codec/block.ts'
import * as claims from '../../src/codec/claims.ts'
import * as cooperation from '../../src/codec/cooperation.ts'
import * as committeeProof from '../../src/codec/committee-proof.ts'
import * as evidence from '../../src/codec/evidence.ts'
import * as genesis from '../../src/codec/genesis.ts'
import * as messages from '../../src/codec/messages.ts'
import * as outcome from '../../src/codec/outcome.ts'
import * as peerRecord from '../../src/codec/peer-record.ts'
import * as proposal from '../../src/codec/proposal.ts'
import * as receipt from '../../src/codec/receipt.ts'
import * as registry from '../../src/codec/registry.ts'
import * as registryRecords from '../../src/codec/registry-records.ts'
import * as sanctions from '../../src/codec/sanctions.ts'
import * as snapshot from '../../src/codec/snapshot.ts'
import {
  ByteListType,
  ByteVectorType,
  Chain,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  SafeU64Type
} from '../../src/codec/ssz.ts'
import type { Type } from '../../src/codec/ssz.ts'
import * as stateProof from '../../src/codec/state-proof.ts'
import * as stateSnapshot from '../../src/codec/state-snapshot.ts'
import * as stateRecords from '../../src/codec/state-records.ts'
import * as statement from '../../src/codec/statement.ts'
import * as syncMessages from '../../src/codec/sync-messages.ts'
import * as supplyProof from '../../src/codec/supply-proof.ts'
import * as system from '../../src/codec/system.ts'
import * as transaction from '../../src/codec/transaction.ts'
import * as transferProof from '../../src/codec/transfer-proof.ts'

/** In the order of the specification. A new file of src/codec is added here and there. */
const MODULES = [
  transaction,
  claims,
  statement,
  block,
  proposal,
  evidence,
  messages,
  syncMessages,
  registry,
  registryRecords,
  genesis,
  snapshot,
  cooperation,
  stateRecords,
  stateProof,
  receipt,
  announcement,
  outcome,
  system,
  atomic,
  transferProof,
  supplyProof,
  committeeProof,
  sanctions,
  peerRecord,
  stateSnapshot
]

type AnyContainer = ContainerType<Record<string, Type<unknown>>>

const isContainer = (value: unknown): value is AnyContainer => value instanceof ContainerType

function collect(type: unknown, found: Map<string, AnyContainer>): void {
  if (type instanceof ListCompositeType) collect(type.elementType, found)
  if (!isContainer(type)) return
  for (const field of Object.values(type.fields)) collect(field, found)
  found.set(type.typeName, type)
}

/** Parts before the wholes that hold them. */
export function containerTypes(): Map<string, AnyContainer> {
  const found = new Map<string, AnyContainer>()
  for (const module of MODULES) for (const value of Object.values(module)) collect(value, found)
  return found
}

/** A type as encoding.md writes it. */
export function notation(type: unknown): string {
  if (type === Chain) return 'chain'
  if (type instanceof SafeU64Type) return 'count'
  if (type instanceof UintNumberType || type instanceof UintBigintType) return `u${8 * type.byteLength}`
  if (type instanceof ByteVectorType) return `bytes[${type.lengthBytes}]`
  if (type instanceof ByteListType) return `bytes[<= ${type.limitBytes}]`
  if (type instanceof BitListType) return `bits[<= ${type.limitBits}]`
  if (type instanceof ListCompositeType || type instanceof ListBasicType) {
    return `list[${notation(type.elementType)}, <= ${type.limit}]`
  }
  if (isContainer(type)) return type.typeName
  throw new TypeError('encoding.md has no notation for this type')
}
