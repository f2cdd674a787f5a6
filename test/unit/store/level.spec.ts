import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevel } from '../../../src/store/level.ts'
import { describeStoreContract } from './contract.ts'

const createFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'icn-store-'))

describeStoreContract('LevelDB', async () => {
  const folder = await createFolder()
  return {
    open: () => openLevel(join(folder, 'db'), { isNew: true }),
    dispose: () => rm(folder, { recursive: true })
  }
})

describe('openLevel', () => {
  let folder: string
  let path: string

  beforeEach(async () => {
    folder = await createFolder()
    path = join(folder, 'db')
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function createDatabase(): Promise<void> {
    const store = await openLevel(path, { isNew: true })
    await store.batch([{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }], { sync: true })
    await store.close()
  }

  it('never creates a database that should exist: STORE_MISSING', async () => {
    await assert.rejects(openLevel(path, { isNew: false }), {
      code: 'STORE_MISSING',
      detail: { code: 'STORE_MISSING', path }
    })
    await createDatabase()
    const store = await openLevel(path, { isNew: false })
    assert.deepStrictEqual(store.get(Uint8Array.of(1)), Uint8Array.of(2))
    await store.close()
  })

  it('a flush syncs every log; one that cannot be is STORE_IO, one that is gone is in a table', async () => {
    const store = await openLevel(path, { isNew: true })
    await symlink('nowhere', join(path, 'gone.log'))
    await store.flush()
    await symlink('loop.log', join(path, 'loop.log'))
    await assert.rejects(store.flush(), { code: 'STORE_IO' })
    await store.close()
  })

  it('what was written before settling lies in a table of its own, apart from what comes', async () => {
    const store = await openLevel(path, { isNew: true, loads: true })
    const tables = async () => (await readdir(path)).filter((name) => name.endsWith('.ldb')).length
    const put = async (key: number) =>
      store.batch([{ type: 'put', key: Uint8Array.of(key), value: Uint8Array.of(key) }], { sync: false })
    for (const [at, key] of [1, 9, 5].entries()) {
      await put(key)
      assert.equal(await tables(), at)
      await store.settle?.()
      assert.equal(await tables(), at + 1, 'none is merged with another')
    }
    for (const key of [1, 9, 5]) assert.deepEqual(store.get(Uint8Array.of(key)), Uint8Array.of(key))
    await store.close()
  })

  it('tells a database that lost its CURRENT file from a missing one: STORE_CORRUPT', async () => {
    await createDatabase()
    await rm(join(path, 'CURRENT'))
    await assert.rejects(openLevel(path, { isNew: false }), { code: 'STORE_CORRUPT' })
  })

  it('reports a lost manifest as STORE_CORRUPT', async () => {
    await createDatabase()
    const files = await readdir(path)
    await rm(
      join(
        path,
        files.find((name) => name.startsWith('MANIFEST'))!
      )
    )
    await assert.rejects(openLevel(path, { isNew: false }), { code: 'STORE_CORRUPT' })
  })

  it('reports garbage in CURRENT as STORE_CORRUPT', async () => {
    await createDatabase()
    await writeFile(join(path, 'CURRENT'), 'garbage')
    await assert.rejects(openLevel(path, { isNew: false }), { code: 'STORE_CORRUPT' })
  })

  it('reports a path that cannot be a directory as STORE_IO', async () => {
    await writeFile(path, 'a file')
    await assert.rejects(openLevel(path, { isNew: true }), { code: 'STORE_IO' })
    await assert.rejects(openLevel(join(path, 'below'), { isNew: true }), { code: 'STORE_IO' })
  })
})
