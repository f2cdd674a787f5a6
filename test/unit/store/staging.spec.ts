/** Directories of a chain whose state is imported: what takes whose name, and what a crash at each place leaves (SNAP-8). */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../../../src/primitives/bytes.ts'
import { CHAIN_BUCKETS as B, bucketKey } from '../../../src/store/buckets.ts'
import { openLevel } from '../../../src/store/level.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import {
  discardStaging,
  finishReplacement,
  isMoving,
  openStaging,
  placeStaging
} from '../../../src/store/staging.ts'
import { SwitchableStore } from '../../../src/store/switchable.ts'

const KEY = Uint8Array.of(1, 1)
const IDENTITY = bucketKey(B.meta, utf8('identity'))

describe('the directories of an import', () => {
  let parent = ''
  let path = ''
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'icn-staging-'))
    path = join(parent, 'chain')
  })
  afterEach(() => rmSync(parent, { recursive: true }))

  const names = (): string[] => readdirSync(parent).sort()
  const write = async (database: KeyValueStore, value: number, isWhole = true): Promise<void> =>
    database.batch(
      [KEY, ...(isWhole ? [IDENTITY] : [])].map((key) => ({ type: 'put', key, value: Uint8Array.of(value) })),
      { sync: true }
    )
  async function make(suffix: string, value: number, isWhole = true): Promise<void> {
    const database = await openLevel(path + suffix, { isNew: true })
    await write(database, value, isWhole)
    await database.close()
  }
  async function valueOf(at: string): Promise<number | undefined> {
    const database = await openLevel(at, { isNew: false })
    const value = database.get(KEY)?.[0]
    await database.close()
    return value
  }
  /** As a fast start does. */
  async function begin(chain: SwitchableStore, value: number): Promise<void> {
    const staging = await openStaging(path)
    await write(staging.database, value)
    await staging.retire(chain.replace(staging.database))
  }

  it('SNAP-8: a node begins at a snapshot as often as it falls behind, without being started anew', async () => {
    await make('', 1)
    const chain = new SwitchableStore(await openLevel(path, { isNew: false }))
    for (const value of [2, 3, 4]) {
      await begin(chain, value)
      assert.deepEqual(chain.get(KEY), Uint8Array.of(value))
      assert.equal(names().length, 1)
    }
    await chain.close()
    assert.deepEqual(names(), ['chain'])
    assert.equal(await valueOf(path), 4)
  })

  it('SNAP-8: after a kill the chain is what was whole, whichever name it had; an unfinished import waits', async () => {
    await make('.import', 1, false)
    await make('.import2', 2)
    await finishReplacement(path)
    assert.deepEqual(names(), ['chain', 'chain.import'])
    assert.equal(await valueOf(path), 2)
  })

  it('SNAP-8: an unfinished second import is dropped, a finished first one beside it is the chain', async () => {
    await make('.import', 1)
    await make('.import2', 2, false)
    await finishReplacement(path)
    assert.deepEqual(names(), ['chain'])
    assert.equal(await valueOf(path), 1)
  })

  it('SNAP-8: a kill while the replaced chain was being deleted, and one before it lost its name', async () => {
    await make('.import', 1)
    await make('.replaced', 2)
    await finishReplacement(path)
    assert.deepEqual(names(), ['chain'])
    assert.equal(await valueOf(path), 1)
    renameSync(path, `${path}.replaced`)
    await finishReplacement(path)
    assert.equal(await valueOf(path), 1)
    mkdirSync(`${path}.import2`)
    await finishReplacement(path)
    assert.deepEqual(names(), ['chain'])
  })

  it('SNAP-8: a kill before LevelDB had made the files of a third import leaves the chain that lives in the second', async () => {
    mkdirSync(`${path}.import`)
    await make('.import2', 2)
    assert.equal(await isMoving(path), true)
    await finishReplacement(path)
    assert.equal(await isMoving(path), false)
    assert.deepEqual(names(), ['chain', 'chain.import'])
    assert.equal(await valueOf(path), 2)
  })

  it('what was placed where there was no chain has its name', async () => {
    const { database } = await openStaging(path)
    await database.close()
    assert.deepEqual(names(), ['chain.import'])
    await placeStaging(path)
    assert.deepEqual(names(), ['chain'])
  })

  it('what nobody goes on with is deleted beside the chain', async () => {
    await make('', 1)
    await make('.import', 2, false)
    await discardStaging(path)
    assert.deepEqual(names(), ['chain'])
    assert.equal(existsSync(path), true)
  })
})
