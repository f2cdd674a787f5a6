import { deepEqual, equal, ok } from 'node:assert/strict'
import { orderCost, signOrder } from '../../../src/client/orders.ts'
import { verifyTransferProof } from '../../../src/client/transfer-proof.ts'
import { TransferProofType } from '../../../src/codec/transfer-proof.ts'
import type { TransferProof } from '../../../src/codec/transfer-proof.ts'
import { encodeAddress } from '../../../src/crypto/address.ts'
import { devnetAddress, devnetSeed } from '../../../src/params/devnet-keys.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { checkStateless } from '../../../src/state/stateless.ts'
import type { ProofWorld } from '../../../src/testing/proof-world.ts'
import { A, grow, proofOf, proofWorld, trustOf, userOn } from '../../support/proof-scene.ts'

/** Stake for a key that is no validator's goes to coordination and comes home: one receipt each way. */
describe('proofs of what goes to coordination and comes from it', function () {
  this.timeout(30_000)
  let world: ProofWorld
  let there: TransferProof
  let back: TransferProof

  before(async () => {
    world = await proofWorld()
    await grow(world, COORD, 3)
    const { shards, params } = world.genesis
    const order = { stake: { validator: new Uint8Array(32), consumer: 70n, industrial: 0n } }
    const { bytes } = signOrder({
      network: world.network,
      signer: devnetSeed(userOn(A)),
      chain: A,
      nonce: 0n,
      validUntil: 20,
      order,
      ...orderCost(params, order)
    })
    const constants = { network: world.network, shards, payloadBytesMax: params.payloadBytesMax }
    const checked = checkStateless(constants, bytes)
    ok(checked.ok)
    await world.grow(A, { transactions: [checked.value] })
    await world.grow(COORD, { deliveries: world.deliveries(A, COORD) })
    await world.grow(A, { deliveries: world.deliveries(COORD, A) })
    const read = async (destination: typeof A, source: typeof A): Promise<TransferProof> => {
      const made = await proofOf(world, destination, { source, sequence: 0 })
      ok(made.ok, made.ok ? '' : made.detail)
      return TransferProofType.deserialize(made.value)
    }
    there = await read(COORD, A)
    back = await read(A, COORD)
  })

  const verdict = (proof: TransferProof) =>
    verifyTransferProof(TransferProofType.serialize(proof), trustOf(world))
  const code = (proof: TransferProof): string => {
    const verified = verdict(proof)
    return verified.ok ? 'ok' : verified.code
  }

  it('PRF-5, PRF-6: what a shard sent, and coordination took in', () => {
    const shown = verdict(there)
    ok(shown.ok)
    const { kind, sender, consumer, source, destination, outcome } = shown.value
    deepEqual(
      [kind, sender, consumer, outcome],
      ['system', encodeAddress(devnetAddress(userOn(A))), '70', 'credited']
    )
    deepEqual([source.chain, destination.chain], [0, 'coord'])
  })

  it('PRF-5, R5: what coordination sent, without a certificate of its own', () => {
    deepEqual(back.source.certificate, [])
    const shown = verdict(back)
    ok(shown.ok)
    deepEqual([shown.value.source.chain, shown.value.destination.chain], ['coord', 0])
    equal(shown.value.transaction, (verdict(there) as { value: { transaction: string } }).value.transaction)
  })

  it('PRF-5: the block of coordination is the one that the outcome refers to, and nothing certifies it twice', () => {
    const { source } = back
    equal(
      code({ ...back, source: { ...source, header: { ...source.header, timeMs: 1 } } }),
      'proof-certificate'
    )
    equal(
      code({ ...back, source: { ...source, certificate: there.source.certificate } }),
      'proof-certificate'
    )
    const headers = back.outcome.headers.map((header) => ({ ...header, coordHash: new Uint8Array(32) }))
    equal(code({ ...back, outcome: { ...back.outcome, headers } }), 'proof-certificate')
  })
})
