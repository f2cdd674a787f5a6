import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verify } from '../../../src/crypto/ed25519.ts'
import {
  keyFromSeed,
  newKey,
  publicFacts,
  readKeyFile,
  signerOfKey,
  writeKeyFile
} from '../../../src/node/keys.ts'
import { KeyFileError } from '../../../src/node/node-errors.ts'

const hasCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof KeyFileError, String(error))
  assert.equal(error.code, code)
  return true
}

describe('key files', () => {
  let folder = ''
  let path = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'icn-keys-'))
    path = join(folder, 'keys', 'a.json')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  for (const type of ['account', 'validator', 'node'] as const) {
    it(`a key of type ${type} is read as it was written, by its owner alone`, async () => {
      const key = newKey(type)
      await writeKeyFile(path, key)
      assert.deepEqual(readKeyFile(path, type), key)
      assert.equal(statSync(path).mode & 0o777, 0o600)
    })
  }

  it('a key is never overwritten', async () => {
    await writeKeyFile(path, newKey('account'))
    const before = readFileSync(path, 'utf8')
    await assert.rejects(writeKeyFile(path, newKey('account')), hasCode('KEY_FILE_EXISTS'))
    assert.equal(readFileSync(path, 'utf8'), before)
  })

  it('a key of another type than asked for is refused', async () => {
    await writeKeyFile(path, newKey('account'))
    assert.throws(() => readKeyFile(path, 'validator'), hasCode('KEY_FILE_TYPE'))
  })

  it('the guard id that the sign guard adds does not disturb', async () => {
    const key = newKey('validator')
    await writeKeyFile(path, key)
    const fields = JSON.parse(readFileSync(path, 'utf8')) as object
    writeFileSync(path, JSON.stringify({ ...fields, guardId: '00'.repeat(32) }))
    assert.deepEqual(readKeyFile(path), key)
  })

  it('a missing file, a folder, no JSON, a wrong field, and halves that do not belong together are refused', async () => {
    assert.throws(() => readKeyFile(path), hasCode('KEY_FILE_UNREADABLE'))
    assert.throws(() => readKeyFile(folder), hasCode('KEY_FILE_UNREADABLE'))
    const key = newKey('account')
    await writeKeyFile(path, key)
    const fields = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    const wrong: unknown[] = [
      [],
      { ...fields, type: 'coin' },
      { ...fields, secret: 'aa' },
      { ...fields, secret: String(fields['secret']).toUpperCase() },
      { ...fields, publicKey: '00'.repeat(32) },
      { ...fields, publicKey: undefined }
    ]
    for (const value of wrong) {
      writeFileSync(path, JSON.stringify(value))
      assert.throws(() => readKeyFile(path), hasCode('KEY_FILE_MALFORMED'), JSON.stringify(value))
    }
    writeFileSync(path, '{')
    assert.throws(() => readKeyFile(path), hasCode('KEY_FILE_MALFORMED'))
  })

  it('no error text holds a secret', async () => {
    const key = newKey('account')
    await writeKeyFile(path, key)
    const fields = JSON.parse(readFileSync(path, 'utf8')) as { secret: string }
    writeFileSync(path, JSON.stringify({ ...fields, publicKey: '00'.repeat(32) }))
    assert.throws(
      () => readKeyFile(path),
      (error) => error instanceof KeyFileError && !`${error.message} ${error.stack}`.includes(fields.secret)
    )
  })

  it('public facts: an account has its address, a node its peer id, nobody the secret', async () => {
    const seed = new Uint8Array(32).fill(1)
    assert.match((await publicFacts(keyFromSeed('account', seed)))['address'] ?? '', /^icn1/)
    assert.match((await publicFacts(keyFromSeed('node', seed)))['peer'] ?? '', /^12D3KooW/)
    assert.match((await publicFacts(keyFromSeed('validator', seed)))['address'] ?? '', /^icn1/)
  })

  it('the signer signs with the key', () => {
    const key = newKey('account')
    const message = new Uint8Array([1, 2, 3])
    assert.ok(verify(signerOfKey(key).sign(message), message, key.publicKey))
  })
})
