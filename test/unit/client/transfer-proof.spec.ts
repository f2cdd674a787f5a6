import { deepEqual, equal, ok } from 'node:assert/strict'
import { verifyTransferProof } from '../../../src/client/transfer-proof.ts'
import type { ProvenTransfer } from '../../../src/client/transfer-proof.ts'
import { TransferProofType } from '../../../src/codec/transfer-proof.ts'
import type { TransferProof } from '../../../src/codec/transfer-proof.ts'
import { encodeAddress } from '../../../src/crypto/address.ts'
import { publicKeyFromSeed, signWithSeed } from '../../../src/crypto/ed25519.ts'
import { addressOfKey, homeShard } from '../../../src/crypto/address.ts'
import { signedBytes } from '../../../src/codec/statement.ts'
import { devnetAddress, devnetSeed } from '../../../src/params/devnet-keys.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ProofWorld } from '../../../src/testing/proof-world.ts'
import { fc } from '../../support/fast-check.ts'
import { A, B, grow, proofOf, proofWorld, trustOf, userOn } from '../../support/proof-scene.ts'

/** An address of B without a record. */
const stranger = (): Uint8Array => {
  for (let index = 0; ; index++) {
    const address = addressOfKey(publicKeyFromSeed(devnetSeed(`stranger${index}`)))
    if (homeShard(address, 2) === B) return address
  }
}

describe('transfer proofs', function () {
  this.timeout(30_000)
  let world: ProofWorld
  let bytes: Uint8Array
  let proof: TransferProof

  /** Coordination at 17, two payments leave A in epoch 2 (8 heights each), one too small to arrive on B. */
  before(async () => {
    world = await proofWorld()
    await grow(world, COORD, 17)
    // Shards end their epochs: a boundary block refers past the epoch's end.
    await world.grow(A)
    await world.grow(B)
    const to = devnetAddress(userOn(B))
    await world.grow(A, {
      transactions: [world.pay(userOn(A), to, 7n), world.pay(userOn(A), stranger(), 1n, 1)]
    })
    await world.grow(A)
    await world.grow(B, { deliveries: world.deliveries(A, B), uncertified: true })
    await world.grow(B)
    const made = await proofOf(world, B, { source: A, sequence: 0 })
    ok(made.ok, made.ok ? '' : made.detail)
    bytes = made.value
    proof = TransferProofType.deserialize(bytes)
  })

  const shown = (proven: Uint8Array, trust = trustOf(world)): ProvenTransfer => {
    const verified = verifyTransferProof(proven, trust)
    ok(verified.ok, verified.ok ? '' : `${verified.code}: ${verified.detail}`)
    return verified.value
  }
  const code = (change: Partial<TransferProof>, trust = trustOf(world)): string => {
    const verified = verifyTransferProof(TransferProofType.serialize({ ...proof, ...change }), trust)
    return verified.ok ? 'ok' : verified.code
  }

  it('PRF-1, PRF-6: a credited transfer, from the genesis alone', () => {
    const { place: _, ...transfer } = { place: 0, ...shown(bytes) }
    deepEqual(transfer, {
      transaction: toHex(proof.transaction),
      kind: 'value',
      sender: encodeAddress(devnetAddress(userOn(A))),
      receiver: encodeAddress(devnetAddress(userOn(B))),
      consumer: '7',
      industrial: '0',
      source: { chain: 0, height: 2, sequence: 0 },
      destination: {
        chain: 1,
        height: 2,
        hash: toHex(world.store(B).hashAt(2)!),
        timeMs: world.store(B).header(2)!.timeMs
      },
      outcome: 'credited'
    })
    equal(proof.outcome.headers.length, 2, 'the block was certified by its child')
    equal(proof.epochs.length, 2)
  })

  it('PRF-4: records that did not change are not repeated, and may not be', () => {
    deepEqual(
      proof.epochs.map(({ records }) => records.map(({ value }) => value.length)),
      [
        [0, 0],
        [0, 0]
      ]
    )
    const [first, second] = proof.epochs
    const value = [trustOf(world).records[0]!]
    const repeated = { ...first!, records: first!.records.with(0, { ...first!.records[0]!, value }) }
    equal(code({ epochs: [repeated, second!] }), 'proof-epochs')
  })

  it('PRF-4: epochs in order, none left out, none beyond those that are used', async () => {
    const [first, second] = proof.epochs
    equal(code({ epochs: [first!, second!] }), 'ok')
    equal(code({ epochs: [first!] }), 'proof-epochs')
    equal(code({ epochs: [second!, first!] }), 'proof-epochs')
    equal(code({ epochs: [] }), 'proof-epochs')
    equal(code({ epochs: [first!, second!, second!] }), 'proof-epochs')
  })

  it('PRF-6: a refused transfer shows the reason, and its refund is proven like a transfer', async () => {
    const made = await proofOf(world, B, { source: A, sequence: 1 })
    ok(made.ok)
    const refused = shown(made.value)
    equal(refused.outcome, 'refused')
    equal(refused.reason, 'below-min-balance')
    equal(refused.receiver, encodeAddress(stranger()))
    const early = await proofOf(world, A, { source: B, sequence: 0 })
    ok(!early.ok && early.code === 'PROOF_UNAVAILABLE')
    await world.grow(A, { deliveries: world.deliveries(B, A) })
    const back = await proofOf(world, A, { source: B, sequence: 0 })
    ok(back.ok)
    const refund = shown(back.value)
    equal(refund.kind, 'refund')
    equal(refund.outcome, 'credited')
    equal(refund.transaction, refused.transaction)
    equal(refund.receiver, refused.sender)
  })

  it('PRF-3: from a checkpoint at or above the freeze height, and only from that very block', async () => {
    const height = 16
    const hash = world.store(COORD).hashAt(height)!
    const made = await proofOf(world, B, { source: A, sequence: 0, checkpoint: height })
    ok(made.ok)
    const started = TransferProofType.deserialize(made.value)
    equal(started.epochs.length, 0)
    equal(started.start[0]!.headers.length, 3)
    deepEqual(shown(made.value, trustOf(world, { height, hash })), shown(bytes))
    const of = (proven: Uint8Array, trust: ReturnType<typeof trustOf>): string => {
      const verified = verifyTransferProof(proven, trust)
      return verified.ok ? 'ok' : verified.code
    }
    equal(of(made.value, trustOf(world)), 'proof-start')
    equal(of(bytes, trustOf(world, { height, hash })), 'proof-start')
    equal(of(made.value, trustOf(world, { height, hash: new Uint8Array(32) })), 'proof-start')
    equal(of(made.value, trustOf(world, { height: 15, hash })), 'proof-start')
    const [start] = started.start
    const without = TransferProofType.serialize({
      ...started,
      start: [{ ...start!, headers: start!.headers.slice(1) }]
    })
    equal(of(without, trustOf(world, { height, hash })), 'proof-start', 'another height freezes nothing')
  })

  it('PRF-3: an old checkpoint is followed by the epochs since; one before any freeze gives nothing', async () => {
    const made = await proofOf(world, B, { source: A, sequence: 0, checkpoint: 6 })
    ok(made.ok)
    equal(TransferProofType.deserialize(made.value).epochs.length, 1)
    const hash = world.store(COORD).hashAt(6)!
    deepEqual(shown(made.value, trustOf(world, { height: 6, hash })), shown(bytes))
    for (const checkpoint of [5, 999]) {
      const none = await proofOf(world, B, { source: A, sequence: 0, checkpoint })
      ok(!none.ok && none.code === 'PROOF_UNAVAILABLE')
    }
  })

  it('PRF-5: the receipt is that of its transaction, in the state of its source', () => {
    const { source } = proof
    equal(code({ sequence: 1 }), 'proof-source', 'of the same entry, but another transaction')
    equal(code({ transaction: new Uint8Array(32) }), 'proof-source')
    equal(code({ source: { ...source, header: { ...source.header, chain: B } } }), 'proof-certificate')
    equal(code({ source: { ...source, header: { ...source.header, chain: shardId(2) } } }), 'proof-source')
    equal(code({ source: { ...source, certificate: [] } }), 'proof-certificate')
    const [one, two] = source.entry.receipts
    const entry = { ...source.entry, receipts: [{ ...one!, consumer: 8n }, two!] }
    equal(code({ source: { ...source, entry } }), 'proof-source')
    equal(code({ source: { ...source, proof: { siblings: [], other: [] } } }), 'proof-source')
  })

  it('PRF-6: the outcome is that of this receipt, in this chain, under its certificate', () => {
    const { outcome } = proof
    const changed = (change: Partial<TransferProof['outcome']>): string =>
      code({ outcome: { ...outcome, ...change } })
    equal(changed({}), 'ok')
    equal(changed({ headers: outcome.headers.slice(0, 1) }), 'proof-certificate')
    equal(changed({ headers: outcome.headers.slice(1) }), 'proof-outcome')
    equal(changed({ headers: [] }), 'proof-links')
    equal(changed({ headers: outcome.headers.toReversed() }), 'proof-links')
    equal(changed({ run: { ...outcome.run, codes: [1, 0] } }), 'proof-outcome')
    equal(changed({ run: { ...outcome.run, source: B } }), 'proof-outcome')
    equal(changed({ index: outcome.index + 1 }), 'proof-outcome')
    equal(changed({ certificate: proof.source.certificate[0]! }), 'proof-certificate')
  })

  it('PRF-7: every signature of every certificate counts', () => {
    const forged = (held: TransferProof['outcome']['certificate']) => {
      const seed = devnetSeed('nobody')
      const signature = signWithSeed(signedBytes(world.network, held), seed)
      return { ...held, signatures: held.signatures.with(1, signature) }
    }
    const { source, outcome, epochs } = proof
    equal(code({ source: { ...source, certificate: [forged(source.certificate[0]!)] } }), 'proof-signatures')
    equal(code({ outcome: { ...outcome, certificate: forged(outcome.certificate) } }), 'proof-signatures')
    const [first, second] = epochs
    const certificate = forged(first!.certificate)
    equal(code({ epochs: [{ ...first!, certificate }, second!] }), 'proof-signatures')
  })

  it('PRF-2: a proof of one network shows nothing under the genesis of another', async () => {
    const other = trustOf(await proofWorld(5))
    const verified = verifyTransferProof(bytes, other)
    ok(!verified.ok)
  })

  it('PRF-7: any byte changed anywhere is refused', () => {
    const trust = trustOf(world)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = changed[at]! ^ flip
        ok(!verifyTransferProof(changed, trust).ok)
      }),
      { numRuns: 300 }
    )
    ok(!verifyTransferProof(bytes.subarray(0, -1), trust).ok)
    ok(!verifyTransferProof(Uint8Array.of(...bytes, 0), trust).ok)
  })
})
