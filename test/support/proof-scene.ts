/** A transfer from shard 0 to shard 1 some epochs after genesis, and what proves it. */
import { publicKeyFromSeed } from '../../src/crypto/ed25519.ts'
import { homeShard } from '../../src/crypto/address.ts'
import { proofTrust } from '../../src/client/transfer-proof.ts'
import type { ProofTrust } from '../../src/client/transfer-proof.ts'
import { makeTransferProof } from '../../src/node/transfer-proof.ts'
import type { WantedProof } from '../../src/node/transfer-proof.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { genesisToJson } from '../../src/params/genesis-json.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { ProofWorld } from '../../src/testing/proof-world.ts'
import { aGenesis } from './genesis.ts'

export const A = shardId(0)
export const B = shardId(1)
const NAMES = Array.from({ length: 10 }, (_, index) => `user${index}`)

export const userOn = (chain: number, skip = 0): string =>
  NAMES.filter((name) => homeShard(devnetAddress(name), 2) === chain)[skip]!

export async function proofWorld(validators = 4): Promise<ProofWorld> {
  const seeds = Array.from({ length: validators }, (_, index) => devnetSeed(`validator${index}`))
  const balances = { consumer: 1_000_000_000n, industrial: 1_000_000_000n }
  const genesis = aGenesis({
    validators: seeds.map(publicKeyFromSeed),
    shards: 2,
    accounts: NAMES.map((name) => ({ address: devnetAddress(name), ...balances }))
  })
  return ProofWorld.create(genesis, seeds)
}

export const trustOf = (world: ProofWorld, checkpoint?: ProofTrust['checkpoint']): ProofTrust => {
  const trust = proofTrust(genesisToJson(world.genesis), checkpoint)
  if (!trust.ok) throw new RangeError(trust.detail)
  return trust.value
}

export async function proofOf(world: ProofWorld, destination: typeof A, wanted: WantedProof) {
  const sources = {
    genesis: world.genesis,
    coord: world.store(COORD),
    destination: world.store(destination)
  }
  return makeTransferProof(sources, wanted)
}

export async function grow(world: ProofWorld, chain: typeof A, to: number): Promise<void> {
  while (world.store(chain).final.height < to) await world.grow(chain)
}

/** One payment of 7 from A to B in epoch 2 of 8 heights, delivered, both blocks final. @returns its id */
export async function paidScene(world: ProofWorld): Promise<Uint8Array> {
  await grow(world, COORD, 17)
  await world.grow(A)
  await world.grow(B)
  const payment = world.pay(userOn(A), devnetAddress(userOn(B)), 7n)
  await world.grow(A, { transactions: [payment] })
  await world.grow(B, { deliveries: world.deliveries(A, B) })
  return payment.id
}
