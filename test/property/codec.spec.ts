import assert from 'node:assert/strict'
import { BitArray, BitListType, UintBigintType, UintNumberType } from '@chainsafe/ssz'
import { containerTypes } from '../../scripts/vectors/types.ts'
import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  decode,
  decodeViews,
  ListBasicType,
  ListCompositeType,
  SafeU64Type
} from '../../src/codec/ssz.ts'
import type { Type } from '../../src/codec/ssz.ts'
import { AccountType } from '../../src/codec/state-records.ts'
import {
  MAX_MEMO_BYTES,
  MAX_PAYLOAD_BYTES,
  TransactionType,
  TransferType,
  idOfWire,
  signedBytesOfWire,
  transactionId,
  transactionSignedBytes
} from '../../src/codec/transaction.ts'
import type { Transaction } from '../../src/codec/transaction.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { fc } from '../support/fast-check.ts'

/** Long lists are kept short: their limits have tests of their own. */
const SHORT = 4

function arbitraryOf(type: unknown): fc.Arbitrary<unknown> {
  if (type instanceof SafeU64Type) return fc.maxSafeNat()
  if (type instanceof UintNumberType) return fc.nat(2 ** (8 * type.byteLength) - 1)
  if (type instanceof UintBigintType) return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  if (type instanceof ByteVectorType) {
    return fc.uint8Array({ minLength: type.lengthBytes, maxLength: type.lengthBytes })
  }
  if (type instanceof ByteListType) return fc.uint8Array({ maxLength: Math.min(40, type.limitBytes) })
  if (type instanceof BitListType) {
    return fc
      .array(fc.boolean(), { maxLength: Math.min(20, type.limitBits) })
      .map((bits) => BitArray.fromBoolArray(bits))
  }
  if (type instanceof ListCompositeType || type instanceof ListBasicType) {
    return fc.array(arbitraryOf(type.elementType), { maxLength: Math.min(SHORT, type.limit) })
  }
  assert.ok(type instanceof ContainerType, 'every kind of type has an arbitrary')
  const fields = Object.entries(type.fields).map(([name, field]) => [name, arbitraryOf(field)] as const)
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true })
}

/** Edits that decoders get wrong: bits, bytes cut, doubled and inserted, small changes of what may be an offset. */
const edit: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc.oneof(
  fc.nat().map((at) => (bytes: Uint8Array) => {
    const out = Uint8Array.from(bytes)
    if (out.length > 0) out[(at >> 3) % out.length]! ^= 1 << (at & 7)
    return out
  }),
  fc.tuple(fc.nat(), fc.integer({ min: -5, max: 5 })).map(([at, change]) => (bytes: Uint8Array) => {
    const out = Uint8Array.from(bytes)
    if (out.length > 0) out[at % out.length]! += change
    return out
  }),
  fc.nat().map((at) => (bytes: Uint8Array) => bytes.slice(0, at % (bytes.length + 1))),
  fc
    .uint8Array({ minLength: 1, maxLength: 4 })
    .map((tail) => (bytes: Uint8Array) => Uint8Array.from([...bytes, ...tail])),
  fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => (bytes: Uint8Array) => {
    const place = at % (bytes.length + 1)
    return Uint8Array.from([...bytes.subarray(0, place), byte, ...bytes.subarray(place)])
  }),
  fc.nat().map((at) => (bytes: Uint8Array) => bytes.filter((_, i) => i !== at % (bytes.length || 1)))
)

function roundTrip(type: Type<unknown>, value: unknown): Uint8Array {
  const bytes = type.serialize(value)
  const decoded = decode(type, bytes)
  assert.ok(decoded.ok, 'what was encoded decodes')
  assert.deepEqual(decoded.value, value)
  assert.equal(toHex(type.serialize(decoded.value)), toHex(bytes))
  return bytes
}

describe('Encoding', function () {
  this.timeout(30_000)
  let mutantsAccepted = 0
  let mutantsRefused = 0

  for (const [name, type] of containerTypes()) {
    it(`ENC-1 ENC-11: ${name} round-trips, and a changed string is refused or is another value’s only encoding`, () => {
      const edits = fc.array(edit, { minLength: 1, maxLength: 3 })
      fc.assert(
        fc.property(arbitraryOf(type), edits, (value, changes) => {
          const mutant = changes.reduce((bytes, change) => change(bytes), roundTrip(type, value))
          const decoded = decode(type as Type<unknown>, mutant)
          assert.deepEqual(decodeViews(type as Type<unknown>, mutant), decoded)
          if (decoded.ok) mutantsAccepted += 1
          else mutantsRefused += 1
          if (decoded.ok) assert.equal(toHex(type.serialize(decoded.value as never)), toHex(mutant))
        }),
        { numRuns: 150 }
      )
    })
  }

  it('ENC-1: the edits reached both verdicts often', () => {
    assert.ok(
      mutantsAccepted > 200 && mutantsRefused > 200,
      `${mutantsAccepted} accepted, ${mutantsRefused} refused`
    )
  })

  it('ENC-1: random strings are refused or encode again to themselves', () => {
    const types = fc.constantFrom(...containerTypes().values())
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 500 }), (type, bytes) => {
        const decoded = decode(type as Type<unknown>, bytes)
        if (decoded.ok) assert.equal(toHex(type.serialize(decoded.value as never)), toHex(bytes))
      }),
      { numRuns: 1000 }
    )
  })

  it('TX-2: the id of a transaction as it travels is that of its content, a short one after a long one too', () => {
    const network = new Uint8Array(32).fill(7)
    const one = arbitraryOf(TransactionType) as fc.Arbitrary<Transaction>
    const lengths = fc.oneof(fc.nat(400), fc.constantFrom(0, 127, 128, 129, MAX_PAYLOAD_BYTES))
    fc.assert(
      fc.property(fc.array(fc.tuple(one, lengths), { minLength: 2, maxLength: 4 }), (transactions) => {
        for (const [fields, length] of transactions) {
          const transaction = { ...fields, payload: Uint8Array.from({ length }, (_, at) => at & 255) }
          const bytes = TransactionType.serialize(transaction)
          const signed = transactionSignedBytes(network, transaction)
          assert.deepEqual(signedBytesOfWire(network, bytes), signed)
          assert.equal(toHex(idOfWire(network, bytes)), toHex(transactionId(network, transaction)))
        }
      })
    )
  })

  it('ENC-1: what is read and written by hand has the bytes, the values and the refusals of the library', () => {
    const pairs: readonly (readonly [Type<unknown>, Type<unknown>])[] = [
      [TransactionType, new ContainerType(TransactionType.fields)],
      [TransferType, new ContainerType(TransferType.fields)],
      [AccountType, new ContainerType(AccountType.fields)]
    ]
    for (const [type, library] of pairs) {
      const same = (bytes: Uint8Array): void => {
        const copied = Buffer.concat([Uint8Array.of(1), bytes]).subarray(1)
        for (const form of [bytes, copied]) {
          const expected = decodeViews(library, form)
          const [views, values] = [decodeViews(type, form), decode(type, form)]
          assert.equal(views.ok, expected.ok)
          if (expected.ok && views.ok && values.ok) {
            assert.ok(type.equals(views.value, expected.value))
            assert.deepEqual(Object.keys(views.value as object), Object.keys(expected.value as object))
            assert.ok(type.equals(values.value, expected.value))
          }
        }
      }
      fc.assert(
        fc.property(arbitraryOf(type), fc.array(edit, { maxLength: 3 }), (value, edits) => {
          const bytes = library.serialize(value)
          assert.deepEqual(type.serialize(value), bytes)
          same(bytes)
          same(edits.reduce((at, change) => change(at), bytes))
        }),
        { numRuns: 500 }
      )
      for (let length = 0; length < 160; length++) same(new Uint8Array(length))
    }
  })

  it('ENC-1: payloads, memos and counts by hand are refused one above their limit, as by the library', () => {
    const text = (length: number) => new Uint8Array(length)
    const transaction = TransactionType.defaultValue()
    const transfer = TransferType.defaultValue()
    for (const over of [0, 1]) {
      const long = TransactionType.serialize({ ...transaction, payload: text(MAX_PAYLOAD_BYTES + over) })
      assert.equal(decodeViews(TransactionType, long).ok, over === 0)
      const wide = TransferType.serialize({ ...transfer, memo: text(MAX_MEMO_BYTES + over) })
      assert.equal(decodeViews(TransferType, wide).ok, over === 0)
      const late = TransactionType.serialize({ ...transaction, validUntil: Number.MAX_SAFE_INTEGER + over })
      assert.equal(decodeViews(TransactionType, late).ok, over === 0)
      const account = { ...AccountType.defaultValue(), manaTimeMs: Number.MAX_SAFE_INTEGER + over }
      assert.equal(decode(AccountType, AccountType.serialize(account)).ok, over === 0)
    }
  })
})
