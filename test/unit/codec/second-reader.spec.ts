import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listFolder, repositoryPath } from '../../support/repository.ts'

const script = repositoryPath('scripts/second-reader.py')
const read = (folder: string) => spawnSync('python3', [script, folder], { encoding: 'utf8' })

/** Runs on a copy of the vectors that `change` has edited. */
function readChanged(change: (folder: string) => void): ReturnType<typeof read> {
  const folder = mkdtempSync(join(tmpdir(), 'icn-vectors-'))
  try {
    cpSync(repositoryPath('protocols/vectors'), folder, { recursive: true })
    change(folder)
    return read(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The first hex string of at least 32 bytes gets another first digit: it lies among what must be accepted. */
function changeOneDigit(path: string): void {
  const text = readFileSync(path, 'utf8')
  const at = text.search(/"[0-9a-f]{64,}"/) + 1
  const digit = text[at] === '0' ? '1' : '0'
  writeFileSync(path, text.slice(0, at) + digit + text.slice(at + 1))
}

describe('Second reader', () => {
  it('ENC-13 ENC-14 ENC-15 ENC-17: recomputes every vector with its own code', () => {
    const { status, stdout, stderr } = read(repositoryPath('protocols/vectors'))
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^\d{3,} checked$/m)
  })

  it('one changed digit in any file is a difference in that file', () => {
    const names = listFolder('protocols/vectors').filter((file) => file.endsWith('.json'))
    const { status, stderr } = readChanged((folder) => {
      for (const name of names) changeOneDigit(join(folder, name))
    })
    assert.equal(status, 1)
    assert.deepEqual(
      names.filter((name) => !stderr.includes(name)),
      []
    )
  })

  it('a file without a reader, also in a folder below, and a missing file are errors', () => {
    const unknown = readChanged((folder) => writeFileSync(join(folder, 'unknown.json'), '{}'))
    assert.equal(unknown.status, 1)
    assert.match(unknown.stderr, /unknown\.json: no reader/)
    const missing = readChanged((folder) => rmSync(join(folder, 'roots.json')))
    assert.equal(missing.status, 1)
    assert.match(missing.stderr, /roots\.json: the file is missing/)
  })
})
