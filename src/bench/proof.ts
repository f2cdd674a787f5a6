/** A transfer between shards, proven to somebody who holds the genesis or a checkpoint: how large, and how long to check. */
import { readTransferProof, proofTrust, verifyTransferProof } from '../client/transfer-proof.ts'
import type { ProofTrust } from '../client/transfer-proof.ts'
import { ENTRY_RECEIPTS_MAX } from '../codec/receipt.ts'
import { TransferProofType } from '../codec/transfer-proof.ts'
import { homeShard } from '../crypto/address.ts'
import { publicKeyFromSeed, signWithSeed, verify } from '../crypto/ed25519.ts'
import { makeTransferProof } from '../node/transfer-proof.ts'
import { DEVNET_LOAD_ACCOUNTS, devnetAddress, devnetSeed } from '../params/devnet-keys.ts'
import { genesisToJson } from '../params/genesis-json.ts'
import { newGenesis } from '../params/new-genesis.ts'
import { COORD, shardId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { ProofWorld } from '../testing/proof-world.ts'
import type { Bench, Figure } from './figure.ts'
import { compare, nothing } from './timing.ts'

const VALIDATORS = 20
const EPOCHS = 10
const [A, B] = [shardId(0), shardId(1)]
/** What a transfer proof may take, and each epoch between it and its trust, with 20 validators. */
const PROOF_KB = 20
const EPOCH_KB = 2

export const proof: Bench = {
  name: 'proof',
  summary: `a transfer between shards proven with ${VALIDATORS} validators, ${EPOCHS} epochs after genesis`,
  async run({ note }): Promise<readonly Figure[]> {
    const world = await transferWorld()
    const { epochLength, freezeDistance } = world.genesis.params
    const height = EPOCHS * epochLength - freezeDistance
    const hash = must(world.store(COORD).hashAt(height), 'coordination is that high')
    const whole = await measured(world)
    const short = await measured(world, { height, hash })
    note(`from genesis ${whole.kb.toFixed(1)} kB, from the checkpoint of its epoch ${short.kb.toFixed(1)} kB`)
    return [
      {
        name: 'proof size',
        what: 'from the checkpoint of its epoch; one of 64 receipts of one entry, the most there are',
        unit: 'kB',
        value: short.kb,
        raw: { what: 'signatures and headers alone', value: short.rawKb },
        bar: PROOF_KB
      },
      {
        name: 'proof size per epoch',
        what: 'each epoch since what the reader trusts',
        unit: 'kB',
        value: (whole.kb - short.kb + short.startKb) / EPOCHS,
        raw: { what: 'signatures and headers alone', value: (whole.rawKb - short.rawKb) / EPOCHS },
        bar: EPOCH_KB
      },
      {
        name: 'check a proof',
        what: `from genesis, over ${EPOCHS} epochs: committees computed, ${whole.signatures} signatures`,
        unit: 'ms',
        value: whole.ms,
        raw: { what: 'the signatures alone', value: whole.rawMs }
      },
      {
        name: 'check a proof, checkpoint',
        what: `from the checkpoint of its epoch: ${short.signatures} signatures`,
        unit: 'ms',
        value: short.ms,
        raw: { what: 'the signatures alone', value: short.rawMs }
      }
    ]
  }
}

/** Coordination with so many epochs behind it, and a full entry of receipts from A that B took in. */
async function transferWorld(): Promise<ProofWorld> {
  const seeds = Array.from({ length: VALIDATORS }, (_, index) => devnetSeed(`validator${index}`))
  const validators = seeds.map(publicKeyFromSeed)
  const made = newGenesis({ preset: 'devnet', validators, shards: 2, timeMs: 1_700_000_000_000 })
  assert(made.ok, 'the preset makes a genesis')
  const world = await ProofWorld.create(made.value, seeds)
  const { epochLength } = world.genesis.params
  for (let height = 0; height <= EPOCHS * epochLength; height++) await world.grow(COORD)
  await world.grow(A)
  await world.grow(B)
  const named = Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index) => `load${index}`)
  const on = (chain: number): string[] => named.filter((name) => homeShard(devnetAddress(name), 2) === chain)
  const [receiver = ''] = on(B)
  const transactions = on(A)
    .slice(0, ENTRY_RECEIPTS_MAX)
    .map((name) => world.pay(name, devnetAddress(receiver), 5n))
  await world.grow(A, { transactions })
  await world.grow(B, { deliveries: world.deliveries(A, B) })
  return world
}

async function measured(world: ProofWorld, checkpoint?: ProofTrust['checkpoint']) {
  const sources = { genesis: world.genesis, coord: world.store(COORD), destination: world.store(B) }
  const from = checkpoint === undefined ? {} : { checkpoint: checkpoint.height }
  const made = await makeTransferProof(sources, { source: A, sequence: ENTRY_RECEIPTS_MAX - 1, ...from })
  assert(made.ok, 'the transfer is provable')
  const bytes = made.value
  assert(readTransferProof(bytes)?.outcome === 'credited', 'it was credited')
  const trust = proofTrust(genesisToJson(world.genesis), checkpoint)
  assert(trust.ok, 'the genesis is one')
  const { epochs, source, outcome, start } = TransferProofType.deserialize(bytes)
  const certificates = [
    ...source.certificate,
    outcome.certificate,
    ...epochs.map(({ certificate }) => certificate)
  ]
  const signatures = certificates.reduce((sum, { signatures: { length } }) => sum + length, 0)
  const headers = certificates.length + start.reduce((sum, one) => sum + one.headers.length, 0)
  const seed = devnetSeed('validator0')
  const key = publicKeyFromSeed(seed)
  const message = new Uint8Array(128)
  const signature = signWithSeed(message, seed)
  const { value: ms, raw: rawMs } = await compare({
    prepare: nothing,
    work: () => assert(verifyTransferProof(bytes, trust.value).ok, 'the proof holds'),
    raw: () => {
      for (let count = 0; count < signatures; count++) verify(signature, message, key)
    }
  })
  return {
    signatures,
    kb: bytes.length / 1_000,
    rawKb: (64 * signatures + 387 * headers) / 1_000,
    startKb: TransferProofType.fields.start.serialize(start).length / 1_000,
    ms,
    rawMs
  }
}
