import { deepEqual, equal, ok } from 'node:assert/strict'
import { homeShard } from '../../../src/crypto/address.ts'
import { concat } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { REFUSALS, refusalByNumber, refusalNumber } from '../../../src/codec/refusals.ts'
import type { RefusalCode } from '../../../src/codec/refusals.ts'
import {
  MAX_TRANSACTION_BYTES,
  TransactionType,
  TransferType,
  transactionId,
  transactionSignedBytes,
  wireHash
} from '../../../src/codec/transaction.ts'
import type { Transaction, Transfer } from '../../../src/codec/transaction.ts'
import { checkStateless, isUnknownToUs, signatureJob } from '../../../src/state/stateless.ts'
import { CONSTANTS, NETWORK, party, partyOn, transferBytes } from '../../support/state.ts'

const [alice, bob] = [party(1), party(2)]
const code = (bytes: Uint8Array, constants = CONSTANTS): string => {
  const verdict = checkStateless(constants, bytes)
  return verdict.ok ? 'ok' : verdict.code
}
const one = (fields: Partial<Transaction> = {}, payload: Partial<Transfer> = {}): Uint8Array =>
  transferBytes(alice, { to: bob.address, consumer: 1n, ...payload }, fields)

describe('Stateless check', () => {
  it('TX-2: accepts a transfer and returns id, wire hash, sender and what the signature is over', () => {
    const bytes = one()
    const verdict = checkStateless(CONSTANTS, bytes)
    ok(verdict.ok)
    const { value } = verdict
    deepEqual(value.id, transactionId(NETWORK, value.transaction))
    deepEqual(value.wireHash, wireHash(bytes))
    deepEqual(value.sender, alice.address)
    deepEqual(value.payload, TransferType.deserialize(value.transaction.payload))
    deepEqual(signatureJob(value), {
      publicKey: alice.key,
      message: value.signedMessage,
      signature: value.transaction.signature
    })
  })

  it('TX-2: what is kept of a transaction are views of its bytes; what is signed is made when asked for', () => {
    const bytes = one()
    const verdict = checkStateless(CONSTANTS, bytes)
    ok(verdict.ok)
    const { transaction, signedMessage } = verdict.value
    for (const field of [transaction.sender, transaction.signature, transaction.payload]) {
      equal(field.buffer, bytes.buffer)
    }
    equal(signedMessage === verdict.value.signedMessage, false)
    deepEqual(signedMessage, transactionSignedBytes(NETWORK, transaction))
  })

  it('TX-2: the network is in the id, the signature is not', () => {
    const id = (bytes: Uint8Array, network = NETWORK): Uint8Array => {
      const verdict = checkStateless({ ...CONSTANTS, network }, bytes)
      ok(verdict.ok)
      return verdict.value.id
    }
    const other = one({ signature: new Uint8Array(64).fill(1) })
    deepEqual(id(one()), id(other))
    equal(Buffer.compare(id(one()), id(one(), new Uint8Array(32))) === 0, false)
    equal(Buffer.compare(wireHash(one()), wireHash(other)) === 0, false)
  })

  it('TX-1, TX-3: refuses each fault with its own code', () => {
    const table: [RefusalCode, Uint8Array][] = [
      ['not-canonical', new Uint8Array()],
      ['not-canonical', one().subarray(0, 100)],
      ['malformed-payload', concat(one(), new Uint8Array(300))],
      ['too-large', new Uint8Array(MAX_TRANSACTION_BYTES + 1).fill(1)],
      ['unknown-version', one({ version: 2 })],
      ['unknown-version', one({ version: 0 })],
      ['unknown-version', Uint8Array.of(2)],
      ['unknown-action', one({ action: 0 })],
      ['unknown-action', one({ action: 999 })],
      ['unknown-key-type', one({ keyType: 1 })],
      ['invalid-selector', one({ feeSelector: 3 })],
      ['invalid-selector', one({ feeSelector: 255 })],
      ['wrong-chain', one({ chain: shardId(1) })],
      ['wrong-chain', one({ chain: COORD })],
      ['payload-too-large', one({ payload: new Uint8Array(CONSTANTS.payloadBytesMax + 1) })],
      ['malformed-payload', one({ payload: new Uint8Array(CONSTANTS.payloadBytesMax) })],
      ['malformed-payload', one({ payload: new Uint8Array() })],
      ['zero-amount', one({}, { consumer: 0n })]
    ]
    for (const [expected, bytes] of table) equal(code(bytes), expected)
  })

  it('TX-3: accepts each fee selector, either token alone, and a memo at its limit', () => {
    for (const feeSelector of [0, 1, 2]) equal(code(one({ feeSelector })), 'ok')
    equal(code(one({}, { consumer: 0n, industrial: 1n })), 'ok')
    equal(code(one({}, { memo: new Uint8Array(256) })), 'ok')
    const memo = concat(
      TransferType.serialize({ to: bob.address, consumer: 1n, industrial: 0n, memo: new Uint8Array(256) }),
      Uint8Array.of(0)
    )
    equal(code(one({ payload: memo })), 'malformed-payload')
  })

  it('TX-3: a payload at the genesis limit is judged by its action, one byte more is too large', () => {
    const { payload } = TransactionType.deserialize(one())
    const constants = { ...CONSTANTS, payloadBytesMax: payload.length }
    equal(code(one(), constants), 'ok')
    equal(code(one(), { ...constants, payloadBytesMax: payload.length - 1 }), 'payload-too-large')
  })

  it('D3, TX-4: runs on the sender’s home shard, and knows to which other shard it sends a receipt', () => {
    const constants = { ...CONSTANTS, shards: 4 }
    const sender = partyOn(2, 4)
    const bytes = (to: Uint8Array, chain = 2): Uint8Array =>
      transferBytes(sender, { to, consumer: 1n }, { chain: shardId(chain) })
    equal(code(bytes(partyOn(2, 4, 50).address), constants), 'ok')
    const across = checkStateless(constants, bytes(partyOn(1, 4).address))
    deepEqual(across.ok && across.value.destinations, [1])
    const within = checkStateless(constants, bytes(partyOn(2, 4, 50).address))
    deepEqual(within.ok && within.value.destinations, [])
    equal(code(bytes(sender.address, 1), constants), 'wrong-chain')
    equal(homeShard(sender.address, 4), 2)
  })

  it('M2, TX-5, TX-6: only an unknown version or action is nobody’s fault', () => {
    for (const name of Object.keys(REFUSALS) as RefusalCode[]) {
      if (REFUSALS[name].number >= 120) continue
      equal(
        isUnknownToUs(name as Parameters<typeof isUnknownToUs>[0]),
        ['unknown-version', 'unknown-action'].includes(name)
      )
    }
  })
})

describe('Refusal registry', () => {
  it('D10: every refusal has a number of its own and a sentence, and is found by its number', () => {
    const names = Object.keys(REFUSALS) as RefusalCode[]
    equal(new Set(names.map(refusalNumber)).size, names.length)
    for (const name of names) {
      equal(refusalByNumber(refusalNumber(name)), name)
      ok(REFUSALS[name].sentence.endsWith('.'))
    }
    equal(refusalByNumber(0), undefined)
  })

  it('D10, TX-17: numbers of published refusals do not change', () => {
    const published: Partial<Record<RefusalCode, number>> = {
      'not-canonical': 101,
      'too-large': 102,
      'unknown-version': 103,
      'unknown-action': 104,
      'unknown-key-type': 105,
      'wrong-chain': 106,
      'payload-too-large': 107,
      'malformed-payload': 108,
      'invalid-selector': 109,
      'zero-amount': 110,
      'bad-signature': 112,
      'unknown-account': 120,
      'nonce-reuse': 121,
      'nonce-gap': 122,
      expired: 123,
      'lifetime-too-long': 124,
      'fee-floor': 125,
      'mana-below-cost': 126,
      'fee-unpayable': 127,
      'insufficient-mana': 128,
      'insufficient-funds': 140,
      'balance-overflow': 141,
      'below-min-balance': 142,
      'creation-unpaid': 143,
      'state-full': 144
    }
    for (const [name, number] of Object.entries(published))
      equal(REFUSALS[name as RefusalCode].number, number)
  })
})
