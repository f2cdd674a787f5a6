/** A final block of 1,000 transfers into the chain's database against LevelDB writing the same rows. */
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { buildBlock } from '../chain/build.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { encodeResults } from '../codec/results.ts'
import { must } from '../primitives/errors.ts'
import { genesisCommittees } from '../sharding/describe.ts'
import { ChainStore } from '../store/chain-store.ts'
import type { FinalBlock } from '../store/chain-store.ts'
import { openLevel } from '../store/level.ts'
import type { KeyValueStore, Write } from '../store/ports.ts'
import type { Bench } from './figure.ts'
import { BLOCK_TRANSACTIONS, SHARD, checkAll, createFixture, signTransfers } from './fixture.ts'
import type { Fixture } from './fixture.ts'
import { compare } from './timing.ts'

const ENCODING = { keyEncoding: 'view', valueEncoding: 'view' } as const

export const commit: Bench = {
  name: 'commit',
  summary: 'a block of 1,000 transfers made final on disk',
  async run({ directory }) {
    const fixture = createFixture()
    const database = await openLevel(join(directory, 'chain'), { isNew: true })
    const recorded: (readonly Write[])[] = []
    const identity = { network: fixture.constants.network, chain: SHARD }
    const genesis = buildChainGenesis(fixture.genesis, SHARD)
    const store = await ChainStore.create(recording(database, recorded), identity, genesis)
    let nonce = 0n
    const beside = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'raw'), ENCODING)
    await beside.open()
    const { value, raw } = await compare({
      prepare: () => nextBlock(fixture, store, nonce++),
      work: async (block) => store.commitFinal([block]),
      raw: async () => beside.batch([...must(recorded.at(-1), 'a block was committed')], { sync: true })
    })
    await beside.close()
    await database.close()
    const rows = must(recorded.at(-1), 'blocks were committed')
    return [
      {
        name: 'commit a block',
        what: `${BLOCK_TRANSACTIONS} transfers, ${rows.length} rows in one synced batch`,
        unit: 'ms',
        value,
        raw: { what: 'LevelDB with the same rows', value: raw }
      }
    ]
  }
}

const recording = (store: KeyValueStore, batches: (readonly Write[])[]): KeyValueStore => ({
  get: (key) => store.get(key),
  getMany: async (keys) => store.getMany(keys),
  flush: async () => store.flush(),
  range: (range) => store.range(range),
  close: async () => store.close(),
  async batch(writes, options) {
    batches.push(writes)
    await store.batch(writes, options)
  }
})

function nextBlock(fixture: Fixture, store: ChainStore, nonce: bigint): FinalBlock {
  const { genesis, constants, proposer } = fixture
  const header = must(store.header(store.final.height), 'the final block is stored')
  const committee = must(genesisCommittees(genesis).get(SHARD), 'a committee of the shard')
  const { block, execution, transactions } = buildBlock({
    network: constants.network,
    chain: SHARD,
    epoch: 0,
    view: header.height + 1,
    shards: constants.shards,
    params: genesis.params,
    committee,
    schedule: { leader: () => 0 },
    ancestors: [],
    parent: { header, hash: store.final.hash },
    state: store,
    parentCertificate: undefined,
    nowMs: 0,
    coord: { height: header.coordHeight, hash: header.coordHash },
    proposer,
    deliveries: [],
    candidates: checkAll(fixture, signTransfers(fixture, nonce))
  })
  return {
    block,
    changes: execution.changes,
    results: encodeResults(execution),
    transactionIds: transactions.map(({ id }) => id)
  }
}
