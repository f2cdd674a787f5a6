/** What the benchmarks work on: the devnet genesis with one shard, and signed transfers between its load accounts. */
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { identityOf, signTransfer, signerOfSeed, transferCost } from '../client/transfer.ts'
import { publicKeyFromSeed } from '../crypto/ed25519-sodium.ts'
import { DEVNET_LOAD_ACCOUNTS, devnetSeed } from '../params/devnet-keys.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { newGenesis } from '../params/new-genesis.ts'
import { shardId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { EMPTY_VIEW } from '../state/commit.ts'
import { Overlay } from '../state/overlay.ts'
import type { StateView } from '../state/ports.ts'
import { checkStateless } from '../state/stateless.ts'
import type { BlockContext, CheckedTransaction, GenesisConstants } from '../state/types.ts'

export const SHARD = shardId(0)
export const BLOCK_TRANSACTIONS = 1_000
const BLOCK_INTERVAL_MS = 1_000

export interface Fixture {
  readonly genesis: Genesis
  readonly constants: GenesisConstants
  readonly proposer: Uint8Array
  /** State of the shard at genesis, in memory. */
  readonly state: StateView
  /** Of the first block. */
  readonly context: BlockContext
}

export function createFixture(): Fixture {
  const proposer = publicKeyFromSeed(devnetSeed('validator0'))
  const made = newGenesis({ preset: 'devnet', validators: [proposer], shards: 1, timeMs: 1_700_000_000_000 })
  assert(made.ok, 'the preset makes a genesis')
  const genesis = made.value
  const { params, shards, timeMs } = genesis
  const network = networkId(genesis)
  const { payloadBytesMax } = params
  const constants = { network, shards, payloadBytesMax }
  const { changes } = buildChainGenesis(genesis, SHARD)
  const context = {
    network,
    shards,
    params,
    proposer,
    chain: SHARD,
    height: 1,
    epoch: 0,
    timeMs: timeMs + BLOCK_INTERVAL_MS
  }
  return { genesis, constants, proposer, state: new Overlay(EMPTY_VIEW, changes), context }
}

/** One transfer of each load account to its neighbour. */
export function signTransfers({ genesis, constants }: Fixture, nonce = 0n): Uint8Array[] {
  const cost = transferCost(genesis.params)
  const signers = Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index) =>
    signerOfSeed(devnetSeed(`load${index}`))
  )
  return signers.map((signer, index) => {
    const next = must(signers[(index + 1) % signers.length], 'a ring has a next place')
    const { address } = identityOf(next.publicKey, constants.shards)
    const fields = { chain: SHARD, nonce, validUntil: 500, to: address, consumer: 1n, ...cost }
    return signTransfer({ network: constants.network, signer, ...fields }).bytes
  })
}

export function checkAll({ constants }: Fixture, transfers: readonly Uint8Array[]): CheckedTransaction[] {
  return transfers.map((bytes) => {
    const checked = checkStateless(constants, bytes)
    assert(checked.ok, 'a transfer of the fixture is valid')
    return checked.value
  })
}
