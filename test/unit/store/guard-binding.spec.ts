import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ZERO_HASH, toHex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { NULLIFY } from '../../../src/codec/statement.ts'
import { bindGuard, openGuard, readGuardBinding } from '../../../src/store/guard-binding.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import { SignGuard } from '../../../src/store/sign-guard.ts'
import { NETWORK, hashOf } from './builders.ts'

const INIT = { publicKey: hashOf(50), network: NETWORK }
const STATEMENT = { network: NETWORK, chain: COORD, epoch: 0, view: 1, kind: NULLIFY, hash: ZERO_HASH }

describe('guard binding', () => {
  let folder: string
  let keyPath: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'icn-guard-'))
    keyPath = join(folder, 'validator.json')
    await writeFile(keyPath, '{"type":"validator","seed":"00"}', { mode: 0o600 })
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('C12: writes the guard id into the key file, and leaves the key, its mode and the folder as they were', async () => {
    assert.equal(await readGuardBinding(keyPath), undefined)
    await bindGuard(keyPath, hashOf(1))
    await bindGuard(keyPath, hashOf(2))
    assert.equal(await readGuardBinding(keyPath), toHex(hashOf(2)))
    const content: unknown = JSON.parse(await readFile(keyPath, 'utf8'))
    assert.deepEqual(content, { type: 'validator', seed: '00', guardId: toHex(hashOf(2)) })
    assert.equal((await stat(keyPath)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(folder), ['validator.json'])
  })

  it('refuses a key file that is missing, no JSON object, or has a malformed id: GUARD_KEY_FILE', async () => {
    const refused = { detail: { code: 'GUARD_KEY_FILE', path: keyPath } }
    for (const text of ['', '[]', 'null', '{"guardId":1}', '{"guardId":"00"}']) {
      await writeFile(keyPath, text)
      await assert.rejects(readGuardBinding(keyPath), refused)
    }
    await rm(keyPath)
    await assert.rejects(readGuardBinding(keyPath), refused)
  })

  it('C12: a new key in a new database is bound, and opens again', async () => {
    const kv = new MemoryDisk().open()
    const { id } = await openGuard(kv, INIT, keyPath)
    assert.equal(await readGuardBinding(keyPath), toHex(id))
    assert.deepStrictEqual((await openGuard(kv, INIT, keyPath)).id, id)
  })

  it('C12: two keys are never bound to the same id', async () => {
    const first = await openGuard(new MemoryDisk().open(), INIT, keyPath)
    await writeFile(keyPath, '{}')
    const second = await openGuard(new MemoryDisk().open(), INIT, keyPath)
    assert.notDeepEqual(first.id, second.id)
  })

  it('a crash between database and key file is mended at the next start', async () => {
    const kv = new MemoryDisk().open()
    await SignGuard.create(kv, INIT, hashOf(3))
    assert.deepStrictEqual((await openGuard(kv, INIT, keyPath)).id, hashOf(3))
    assert.equal(await readGuardBinding(keyPath), toHex(hashOf(3)))
  })

  it('C12: an unbound key is refused by a guard that has signed: an older copy of the key file', async () => {
    const kv = new MemoryDisk().open()
    const verdict = (await SignGuard.create(kv, INIT, hashOf(3))).admit(STATEMENT)
    assert.ok(verdict.ok)
    await kv.batch(verdict.value.writes, { sync: true })
    await assert.rejects(openGuard(kv, INIT, keyPath), { detail: { code: 'GUARD_MISSING', where: 'key' } })
    assert.equal(await readGuardBinding(keyPath), undefined)
  })

  it('C12: a bound key is refused by a new database and by another guard', async () => {
    await bindGuard(keyPath, hashOf(1))
    const kv = new MemoryDisk().open()
    await assert.rejects(openGuard(kv, INIT, keyPath), {
      detail: { code: 'GUARD_MISSING', where: 'store' },
      message:
        /^GUARD_MISSING: .* the record of what it signed is not here: icn keys guard import .*--sign-from-epoch/
    })
    await SignGuard.create(kv, INIT, hashOf(2))
    await assert.rejects(openGuard(kv, INIT, keyPath), { code: 'GUARD_ID_MISMATCH' })
  })
})
