import assert from 'node:assert/strict'
import {
  FEE_SELECTORS,
  identityOf,
  signTransfer,
  signerOfSeed,
  transferCost
} from '../../../src/client/transfer.ts'
import type { SignTransfer } from '../../../src/client/transfer.ts'
import { decode } from '../../../src/codec/ssz.ts'
import {
  MAX_MEMO_BYTES,
  TransactionType,
  TransferType,
  transactionId,
  transactionSignedBytes
} from '../../../src/codec/transaction.ts'
import type { Transaction } from '../../../src/codec/transaction.ts'
import { verify } from '../../../src/crypto/ed25519.ts'
import { devnetAddress, devnetSeed } from '../../../src/params/devnet-keys.ts'
import { PRESETS } from '../../../src/params/presets.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { actionByNumber } from '../../../src/state/actions/registry.ts'
import { minFee } from '../../../src/state/fees.ts'
import { checkStateless } from '../../../src/state/stateless.ts'
import { NETWORK } from '../../support/fake-node-port.ts'

const seed = devnetSeed('user0')
const { chain } = identityOf(signerOfSeed(seed).publicKey, 2)
const fields: SignTransfer = {
  network: NETWORK,
  signer: seed,
  chain,
  nonce: 3n,
  validUntil: 40,
  to: devnetAddress('user0'),
  consumer: 5n,
  industrial: 6n,
  memo: 'für Äpfel',
  maxMana: 3n,
  fee: 900n,
  feeToken: 'split'
}

function decoded(bytes: Uint8Array): Transaction {
  const verdict = decode(TransactionType, bytes)
  assert.ok(verdict.ok)
  return verdict.value
}

describe('transfers of the client', () => {
  it('M1: the bytes decode to what was asked for, and the id is that of the node', () => {
    const { bytes, id } = signTransfer(fields)
    const transaction = decoded(bytes)
    assert.equal(id, toHex(transactionId(NETWORK, transaction)))
    const payload = decode(TransferType, transaction.payload)
    assert.ok(payload.ok)
    assert.deepEqual(
      { ...payload.value, memo: new TextDecoder().decode(payload.value.memo) },
      { to: devnetAddress('user0'), consumer: 5n, industrial: 6n, memo: 'für Äpfel' }
    )
    const { nonce, validUntil, maxMana, fee, feeSelector } = transaction
    assert.deepEqual([nonce, validUntil, maxMana, fee, feeSelector], [3n, 40, 3n, 900n, FEE_SELECTORS.split])
  })

  it('M1: the signature covers the network: it does not verify on another one', () => {
    const transaction = decoded(signTransfer(fields).bytes)
    const isSignedOn = (network: Uint8Array): boolean =>
      verify(transaction.signature, transactionSignedBytes(network, transaction), transaction.sender)
    assert.equal(isSignedOn(NETWORK), true)
    assert.equal(isSignedOn(new Uint8Array(32)), false)
  })

  it('a signer kept elsewhere gives the same bytes as the seed', () => {
    assert.deepEqual(signTransfer({ ...fields, signer: signerOfSeed(seed) }), signTransfer(fields))
  })

  it('M9: the cost is enough at every size of memo, and one base unit less is below the floor', () => {
    const { params } = PRESETS.devnet
    for (const memo of ['', 'x', 'x'.repeat(MAX_MEMO_BYTES)]) {
      const cost = transferCost(params, memo)
      const { bytes } = signTransfer({ ...fields, memo, ...cost })
      assert.equal(cost.fee, minFee(bytes.length, cost.maxMana, params))
      const constants = { network: NETWORK, shards: 2, payloadBytesMax: params.payloadBytesMax }
      const checked = checkStateless(constants, bytes)
      assert.ok(checked.ok)
      assert.equal(actionByNumber(checked.value.transaction.action)?.cost(bytes.length, 0), cost.maxMana)
    }
  })
})
