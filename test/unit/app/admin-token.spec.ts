import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAdminToken } from '../../../src/app/admin-token.ts'

describe('admin token', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'icn-token-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('RPC-18: is made once, random, for its owner alone; only the whole of it opens', async () => {
    const path = join(folder, 'admin.token')
    const isAdmin = await openAdminToken(path)
    const token = (await readFile(path, 'utf8')).trim()
    assert.match(token, /^[0-9a-f]{64}$/)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal(isAdmin(`Bearer ${token}`), true)
    for (const wrong of [undefined, '', token, `Bearer ${token.slice(1)}`, `Bearer ${token}0`, 'Bearer '])
      assert.equal(isAdmin(wrong), false, wrong)
    const again = await openAdminToken(path)
    assert.equal(again(`Bearer ${token}`), true)
  })

  it('RPC-18: an operator may write his own; one that is too short, or unreadable, ends the start', async () => {
    const path = join(folder, 'admin.token')
    await writeFile(path, `${'a'.repeat(32)}\n`)
    assert.equal((await openAdminToken(path))(`Bearer ${'a'.repeat(32)}`), true)
    await writeFile(path, 'a'.repeat(31))
    await assert.rejects(openAdminToken(path), { code: 'STORE_IO' })
    await assert.rejects(openAdminToken(join(folder, 'nowhere', 'admin.token')), { code: 'STORE_IO' })
  })

  it('RPC-18: a kill while it was made leaves a node that starts: an empty one is made again', async () => {
    const path = join(folder, 'admin.token')
    await writeFile(path, '')
    await writeFile(`${path}.next`, 'aa', { mode: 0o600 })
    const isAdmin = await openAdminToken(path)
    const token = (await readFile(path, 'utf8')).trim()
    assert.match(token, /^[0-9a-f]{64}$/)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal(isAdmin(`Bearer ${token}`), true)
    assert.equal(isAdmin('Bearer '), false)
  })
})
