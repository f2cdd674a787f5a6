/**
 * The SSZ vocabulary of the node: one canonical encoding for everything that is hashed, signed, stored or sent
 * (protocols/encoding.md). `serialize` of the library checks nothing, so values are built by typed constructors
 * and everything that came from outside went through `decode` first.
 */
import {
  BitListType,
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  UintBigintType,
  UintNumberType
} from '@chainsafe/ssz'
import type { Type, ValueOf } from '@chainsafe/ssz'
import { setHasher } from '@chainsafe/persistent-merkle-tree'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { hasher } from './merkleize.ts'

export { ByteListType, ByteVectorType, ContainerType, ListBasicType, ListCompositeType }
export type { Type, ValueOf }
export { OFFSET_BYTES } from './offset.ts'

// The library's default is plain JavaScript, which takes four times as long for a root.
setHasher(hasher)

/** u64 that lives as a JavaScript number: heights, views, epochs, times. Refuses what a number cannot hold exactly. */
export class SafeU64Type extends UintNumberType {
  constructor() {
    super(8)
  }

  override value_deserializeFromBytes(
    data: Parameters<UintNumberType['value_deserializeFromBytes']>[0],
    start: number,
    end: number
  ): number {
    const value = super.value_deserializeFromBytes(data, start, end)
    if (!Number.isSafeInteger(value)) throw new RangeError('number above 2^53 - 1')
    return value
  }
}

/** A `Count` as it lies in the bytes; undefined above what a number holds exactly. */
export function readCount(view: DataView, at: number): number | undefined {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Bits are always copied: the library clears their end mark where they lie. */
export class BitsType extends BitListType {
  override value_deserializeFromBytes(
    data: Parameters<BitListType['value_deserializeFromBytes']>[0],
    start: number,
    end: number
  ): ReturnType<BitListType['value_deserializeFromBytes']> {
    return super.value_deserializeFromBytes(data, start, end, false)
  }
}

export const U8 = new UintNumberType(1)
export const U16 = new UintNumberType(2)
export const U32 = new UintNumberType(4)
/** Heights, views, epochs, milliseconds: below 2^53. */
export const Count = new SafeU64Type()
/** Amounts, nonces, mana. */
export const U64 = new UintBigintType(8)
export const Chain = new UintNumberType(2) as Type<number> as Type<ChainId>
export const Bytes20 = new ByteVectorType(20)
export const Bytes21 = new ByteVectorType(21)
export const Bytes32 = new ByteVectorType(32)
export const Bytes64 = new ByteVectorType(64)

/** Strict decode of outside bytes: the one door. Any deviation from the canonical form is a refusal. */
export const decode = <T>(type: Type<T>, bytes: Uint8Array): Verdict<T, 'not-canonical'> =>
  decodeBytes(type, bytes, false)

/**
 * The same without copies: byte strings of the value are views of `bytes`, which must not change and stay in memory as
 * long as any of them. An array of its own costs 200 bytes and an allocation outside the heap, a view half of that.
 */
export const decodeViews = <T>(type: Type<T>, bytes: Uint8Array): Verdict<T, 'not-canonical'> =>
  decodeBytes(type, bytes, true)

function decodeBytes<T>(type: Type<T>, bytes: Uint8Array, reuseBytes: boolean): Verdict<T, 'not-canonical'> {
  try {
    return accept(type.deserialize(bytes, { reuseBytes }))
  } catch (error) {
    // The library throws Error, RangeError or TypeError for malformed input; all mean the same thing here.
    return refuse('not-canonical', error instanceof Error ? error.message : String(error))
  }
}
