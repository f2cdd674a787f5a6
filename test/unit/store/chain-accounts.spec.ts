import { deepEqual, equal } from 'node:assert/strict'
import { PREFIX_ACCOUNT, PREFIX_CLAIM } from '../../../src/codec/state-records.ts'
import { fromHex, toHex, u64be } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { EMPTY_VIEW, commit } from '../../../src/state/commit.ts'
import type { StateChanges } from '../../../src/state/ports.ts'
import { CHAIN_BUCKETS, bucketRange } from '../../../src/store/buckets.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import type { FinalBlock } from '../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import { fc } from '../../support/fast-check.ts'
import { NETWORK, aBlock, aFinalBlock } from './builders.ts'

const IDENTITY = { network: NETWORK, chain: COORD }
/** More than a page holds; a fourth of them are records of another kind, which have rows. */
const KEYS = Array.from({ length: 40 }, (_, number) =>
  toHex(Uint8Array.of(number % 4 === 0 ? PREFIX_CLAIM : PREFIX_ACCOUNT, ...u64be(number)))
)
type Values = ReadonlyMap<Hex, Uint8Array | undefined>
const FIRST: Values = new Map(KEYS.slice(0, 20).map((key) => [key, Uint8Array.of(0)]))

function nextBlock({ block }: Pick<FinalBlock, 'block'>, changes: StateChanges): FinalBlock {
  return { ...aFinalBlock(block, { stateRoot: changes.root }), changes }
}

function expectAll(chain: ChainStore, model: Values): void {
  for (const key of KEYS) deepEqual(chain.get(fromHex(key)), model.get(key), key)
}

const values = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.option(fc.nat(255), { nil: undefined, freq: 3 })), {
    minLength: 1,
    maxLength: 50,
    size: 'max'
  })
  .map(
    (rows): Values =>
      new Map(rows.map(([key, value]) => [key, value === undefined ? undefined : Uint8Array.of(value)]))
  )

describe('Accounts of a chain', () => {
  it('D7, D8: are what was committed, from the first moment of a commit, when it ended and after a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 6 }), async (batches) => {
        const disk = new MemoryDisk()
        const first = commit(EMPTY_VIEW, FIRST)
        const genesis = { block: aBlock({ stateRoot: first.root }), changes: first }
        let chain = await ChainStore.create(disk.open(), IDENTITY, genesis)
        const model = new Map(FIRST)
        let tip: Pick<FinalBlock, 'block'> = genesis
        for (const [at, batch] of batches.entries()) {
          const block = nextBlock(tip, commit(chain, batch))
          const committing = chain.commitFinal([block])
          for (const [key, value] of batch) model.set(key, value)
          expectAll(chain, model)
          await committing
          expectAll(chain, model)
          tip = block
          if (at % 2 === 1) continue
          disk.crash()
          chain = ChainStore.open(disk.open(), IDENTITY)
          expectAll(chain, model)
        }
      }),
      { numRuns: 30 }
    )
  })

  it('D7: stand in pages, and in no row; what is read of one holds no page', async () => {
    const database = new MemoryDisk().open()
    const first = commit(EMPTY_VIEW, FIRST)
    const genesis = { block: aBlock({ stateRoot: first.root }), changes: first }
    const made = await ChainStore.create(database, IDENTITY, genesis)
    await made.commitFinal([nextBlock(genesis, commit(made, new Map(KEYS.map((key) => [key, u64be(1)]))))])
    const rows: Hex[] = []
    for await (const [key] of database.range(bucketRange(CHAIN_BUCKETS.state)))
      rows.push(toHex(key.subarray(1)))
    deepEqual(rows, KEYS.filter((key) => fromHex(key)[0] === PREFIX_CLAIM).toSorted())
    const chain = ChainStore.open(database, IDENTITY)
    for (const key of KEYS) {
      if (fromHex(key)[0] === PREFIX_ACCOUNT) equal(chain.get(fromHex(key))?.buffer.byteLength, 8)
    }
  })
})
