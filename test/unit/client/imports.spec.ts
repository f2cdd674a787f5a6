import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** From `dist/test/unit/client` to the repository. */
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const { imports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  imports: Record<string, { browser: string }>
}
const STATEMENT = /^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm

/** Every module that a browser would load for `entry`, types left out; what is no file of ours ends the walk. */
function walk(entry: string): { files: Set<string>; packages: Map<string, string> } {
  const files = new Set<string>()
  const packages = new Map<string, string>()
  const open = [resolve(root, entry)]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const [, from, bare, dynamic] of readFileSync(file, 'utf8').matchAll(STATEMENT)) {
      const name = from ?? bare ?? dynamic ?? ''
      if (name.startsWith('.')) open.push(resolve(dirname(file), name))
      else if (name.startsWith('#')) open.push(resolve(root, imports[name]?.browser ?? name))
      else packages.set(name, relative(root, file))
    }
  }
  return { files, packages }
}

describe('client in browsers', () => {
  const { files, packages } = walk('dist/src/client/index.js')

  it('imports no Node built-in, by the browser condition of the package', () => {
    const builtins = [...packages].filter(([name]) => isBuiltin(name))
    assert.deepEqual(builtins, [])
  })

  it('imports only packages that run in browsers', () => {
    const allowed = /^(@chainsafe\/ssz|@chainsafe\/persistent-merkle-tree|@noble\/|@scure\/)/
    assert.deepEqual(
      [...packages].filter(([name]) => !allowed.test(name)),
      []
    )
  })

  it('the walk reaches the code that matters', () => {
    const reached = [...files].map((file) => relative(root, file))
    for (const file of [
      'codec/transaction',
      'crypto/ed25519-noble',
      'crypto/sha256-noble',
      'client/client'
    ]) {
      assert.ok(reached.includes(`dist/src/${file}.js`), file)
    }
    assert.ok(reached.every((file) => existsSync(resolve(root, file))))
    assert.ok(!reached.some((file) => /dist\/src\/(node|net|store|rpc|cli)\//.test(file)))
  })
})
