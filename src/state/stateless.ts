/**
 * The stateless check of a transaction (M2, TX-3 … TX-6): a function of its bytes and the genesis alone, so that all
 * honest nodes give the same answer and a failure is the fault of whoever sent it. Only the signature is left to the
 * caller, who verifies many at once.
 */
import { KEY_TYPE_ED25519, addressOfKey, homeShard } from '../crypto/address.ts'
import type { SignatureJob } from '../crypto/ports.ts'
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { decodeViews } from '../codec/ssz.ts'
import type { StatelessCode } from '../codec/refusals.ts'
import {
  MAX_TRANSACTION_BYTES,
  TRANSACTION_VERSION,
  TransactionType,
  idOfWire,
  signedBytesOfWire,
  wireHash
} from '../codec/transaction.ts'
import type { Transaction } from '../codec/transaction.ts'
import { actionByNumber } from './actions/registry.ts'
import { isFeeSelector } from './fees.ts'
import type { CheckedTransaction, GenesisConstants } from './types.ts'

/** Refusals that are nobody's fault: a later version of the node may know what this one does not. Not relayed. */
export const isUnknownToUs = (code: StatelessCode): boolean =>
  code === 'unknown-version' || code === 'unknown-action'

export function checkStateless(
  constants: GenesisConstants,
  bytes: Uint8Array
): Verdict<CheckedTransaction, StatelessCode> {
  const decoded = decodeTransaction(bytes)
  if (!decoded.ok) return decoded
  const transaction = decoded.value
  const action = actionByNumber(transaction.action)
  if (action === undefined) return refuse('unknown-action', `action ${transaction.action}`)
  if (transaction.keyType !== KEY_TYPE_ED25519)
    return refuse('unknown-key-type', `key type ${transaction.keyType}`)
  if (!isFeeSelector(transaction.feeSelector))
    return refuse('invalid-selector', `selector ${transaction.feeSelector}`)
  if (transaction.payload.length > constants.payloadBytesMax) {
    return refuse('payload-too-large', `${transaction.payload.length} of ${constants.payloadBytesMax} bytes`)
  }
  const sender = addressOfKey(transaction.sender, transaction.keyType)
  const place = action.place === 'coord' ? COORD : homeShard(sender, constants.shards)
  if (transaction.chain !== place) return refuse('wrong-chain', `chain ${transaction.chain}, not ${place}`)
  const payload = decodeViews(action.payloadType, transaction.payload)
  if (!payload.ok) return refuse('malformed-payload', payload.detail)
  const refused = action.stateless(payload.value, sender, constants)
  if (refused !== undefined) return refuse(refused, action.name)
  const destinations = action.destinations(payload.value, sender, constants, place)
  return accept(
    new Checked(constants.network, { bytes, transaction, payload: payload.value, sender, destinations })
  )
}

/** Pools hold thousands, so what it is signed over, longer than the transaction and needed once, is made when asked for. */
class Checked implements CheckedTransaction {
  readonly bytes: Uint8Array
  readonly transaction: Transaction
  readonly payload: CheckedTransaction['payload']
  readonly sender: Uint8Array
  readonly destinations: CheckedTransaction['destinations']
  readonly id: Uint8Array
  readonly wireHash: Uint8Array
  readonly key: Hex
  readonly #network: Uint8Array

  constructor(
    network: Uint8Array,
    parts: Pick<CheckedTransaction, 'bytes' | 'transaction' | 'payload' | 'sender' | 'destinations'>
  ) {
    this.#network = network
    this.bytes = parts.bytes
    this.transaction = parts.transaction
    this.payload = parts.payload
    this.sender = parts.sender
    this.destinations = parts.destinations
    this.id = idOfWire(network, parts.bytes)
    this.wireHash = wireHash(this.bytes)
    this.key = toHex(this.wireHash)
  }

  get signedMessage(): Uint8Array {
    return signedBytesOfWire(this.#network, this.bytes)
  }
}

/** What is left of M2 after `checkStateless`. */
export const signatureJob = ({ transaction, signedMessage }: CheckedTransaction): SignatureJob => ({
  publicKey: transaction.sender,
  message: signedMessage,
  signature: transaction.signature
})

/** The version is the first byte of every version, so it is read before a layout is assumed. */
function decodeTransaction(bytes: Uint8Array): Verdict<Transaction, StatelessCode> {
  if (bytes.length > MAX_TRANSACTION_BYTES) return refuse('too-large', `${bytes.length} bytes`)
  const version = bytes[0]
  if (version === undefined) return refuse('not-canonical', 'no bytes')
  if (version !== TRANSACTION_VERSION) return refuse('unknown-version', `version ${version}`)
  return decodeViews(TransactionType, bytes)
}
