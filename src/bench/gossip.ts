/** A bundle from gossip through every rule of its topic into the pool, against verifying its signatures alone. */
import { BundleType } from '../codec/messages.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { VerifyPool } from '../crypto/verify-pool.ts'
import type { Verifier } from '../crypto/ports.ts'
import { createPool } from '../mempool/pool.ts'
import { VerifiedCache } from '../mempool/verified-cache.ts'
import type { Network, Peer } from '../net/types.ts'
import { BlockTree } from '../node/chain/block-tree.ts'
import { Transactions } from '../node/chain/transactions.ts'
import { assert } from '../primitives/errors.ts'
import { signatureJob } from '../state/stateless.ts'
import { LocalTransactions } from '../store/local-transactions.ts'
import { MemoryDisk } from '../store/memory.ts'
import type { Bench } from './figure.ts'
import { SHARD, checkAll, createFixture, signTransfers } from './fixture.ts'
import type { Fixture } from './fixture.ts'
import { verifyAll } from './signatures.ts'
import { compare } from './timing.ts'

/** What fits into 64 KiB, about. */
const BUNDLE_TRANSFERS = 200
const PEER = 'peer' as Peer

export const gossip: Bench = {
  name: 'gossip',
  summary: 'a bundle of transactions judged and admitted',
  async run() {
    const fixture = createFixture()
    const transfers = signTransfers(fixture).slice(0, BUNDLE_TRANSFERS)
    const bundle = BundleType.serialize({ chain: SHARD, transactions: transfers })
    const verifier = new VerifyPool()
    await verifier.start()
    const jobs = checkAll(fixture, transfers).map(signatureJob)
    const { value, raw } = await compare({
      prepare: async () => createTransactions(fixture, verifier),
      async work(transactions) {
        const { action } = await transactions.judgeBundle(bundle, PEER)
        assert(action === 'accept', 'a bundle of the fixture is accepted')
      },
      raw: () => verifyAll(jobs)
    })
    await verifier.stop()
    return [
      {
        name: 'judge a bundle',
        what: `each of ${BUNDLE_TRANSFERS} transfers from gossip into the pool`,
        unit: 'µs',
        value: (value * 1_000) / BUNDLE_TRANSFERS,
        raw: { what: 'libsodium in a loop', value: (raw * 1_000) / BUNDLE_TRANSFERS }
      }
    ]
  }
}

async function createTransactions(fixture: Fixture, verifier: Verifier): Promise<Transactions> {
  const { genesis, constants, state } = fixture
  const { block } = buildChainGenesis(genesis, SHARD)
  const components = {
    network: UNCONNECTED,
    clock: { wallMs: () => 0, monoMs: () => 0, at: () => () => undefined },
    verifier,
    verified: new VerifiedCache(1_024),
    pool: createPool(SHARD, genesis.params),
    tree: new BlockTree({ header: block.header, hash: block.hash }, state),
    local: await LocalTransactions.open(new MemoryDisk().open()),
    randomSeed: () => new Uint8Array(16),
    onWork: () => undefined,
    onDropped: () => undefined,
    onFailed: (error: unknown) => {
      throw error
    }
  }
  return new Transactions(components, { constants, chain: SHARD })
}

/** Bundles are handed to the judge; nothing is sent. */
const UNCONNECTED: Network = {
  self: PEER,
  join: () => undefined,
  serve: () => undefined,
  listen: () => undefined,
  publish: async () => 0,
  listeners: () => 0,
  sendConsensus: () => false,
  request: async () => ({ result: 'internal', frames: [] }),
  peers: () => [],
  report: () => undefined
}
