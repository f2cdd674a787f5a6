import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../../src/app/databases.ts'

const KEY = Uint8Array.of(1, 1)

describe('app/databases', () => {
  let parent = ''
  let path = ''
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'icn-databases-'))
    path = join(parent, 'db', 'node')
  })
  afterEach(() => rmSync(parent, { recursive: true }))

  async function holds(value: number | undefined): Promise<void> {
    const database = await openDatabase(path)
    assert.equal(database.get(KEY)?.[0], value)
    if (value === undefined)
      await database.batch([{ type: 'put', key: KEY, value: Uint8Array.of(7) }], { sync: true })
    await database.close()
  }

  it('makes one where there is none, and finds it again', async () => {
    await holds(undefined)
    await holds(7)
    assert.deepEqual(readdirSync(join(parent, 'db')), ['node'])
  })

  it('D8: a kill while LevelDB makes its files leaves nothing in the place of a database', async () => {
    mkdirSync(`${path}.new`, { recursive: true })
    writeFileSync(`${path}.new/MANIFEST-000001`, '')
    await holds(undefined)
    assert.deepEqual(readdirSync(join(parent, 'db')), ['node'])
  })

  it('C12: a database that lost its files is not made anew', async () => {
    mkdirSync(path, { recursive: true })
    await assert.rejects(openDatabase(path), { code: 'STORE_MISSING' })
    assert.deepEqual(
      readdirSync(path).filter((name) => name === 'CURRENT'),
      []
    )
  })

  it('a place that cannot be made is STORE_IO', async () => {
    writeFileSync(join(parent, 'db'), '')
    await assert.rejects(openDatabase(path), { code: 'STORE_IO' })
  })
})
