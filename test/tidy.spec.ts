/** The style of the repository, as far as a machine can see it. Each failure names the file and what to do instead. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readJson, readText, repositoryPath } from './support/repository.ts'
import { documentedCodes, usedCodes } from './tidy/codes.ts'
import { LAYERS, layerOf } from './tidy/layers.ts'
import { NOT_STATED_YET, definedRules, statedRules } from './tidy/rules.ts'
import { filesBelow, importsOf, packageOf, sourcesBelow, targetOf } from './tidy/sources.ts'
import type { Source } from './tidy/sources.ts'
import { BANNED_FOLDERS, BANNED_IN_TESTS, BANNED_NAME, BANNED_WORDS, declaredNames } from './tidy/words.ts'

const LINES_MAX = 400
/** Dependencies that no source imports. May only shrink. */
const UNUSED_PACKAGES: readonly string[] = []
const byName = (a: string, b: string): number => (a < b ? -1 : 1)

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const packageJson = readJson('package.json') as PackageJson

const src = sourcesBelow('src')
const code = [...src, ...sourcesBelow('test'), ...sourcesBelow('scripts')]
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  .map((path): Source => ({ path, text: readText(path) }))
  .concat(sourcesBelow('docs', '.md'), sourcesBelow('protocols', '.md'))

/** Imports of a file that its layer's row does not allow. */
function forbiddenImports(source: Source): string[] {
  const layer = layerOf(source.path)
  const row = LAYERS[layer]
  if (row === undefined) return [`${source.path}: the layer table has no row ${layer}`]
  return importsOf(source).flatMap((name) => {
    const target = targetOf(source, name)
    if (target === undefined) {
      return row.packages.includes(packageOf(name)) ? [] : [`${source.path}: package ${name}`]
    }
    if (!target.startsWith('src/')) {
      return target === 'package.json' ? [] : [`${source.path}: ${target} is outside src`]
    }
    const to = layerOf(target)
    const allowed = to === layer || row.layers.includes(to) || row.files?.includes(target) === true
    return allowed ? [] : [`${source.path}: ${layer} imports ${to} (${name})`]
  })
}

describe('tidy: layers', () => {
  it('every import of src is allowed by the layer table, type imports and dynamic ones included', () => {
    assert.deepEqual(src.flatMap(forbiddenImports), [])
  })

  it('the table allows no two layers to import each other', () => {
    const both = Object.entries(LAYERS).flatMap(([from, { layers }]) =>
      layers.filter((to) => LAYERS[to]?.layers.includes(from)).map((to) => `${from} and ${to}`)
    )
    assert.deepEqual(both, [])
    const unknown = Object.values(LAYERS).flatMap(({ layers }) =>
      layers.filter((to) => LAYERS[to] === undefined)
    )
    assert.deepEqual(unknown, [])
  })

  it('the walk sees each form of import', () => {
    const text = `
      import { a } from './a.ts'
      import type { B } from "./not-our-quotes.ts"
      import type { C } from './c.ts'
      import './d.ts'
      export { e } from './e.ts'
      // import { f } from './f.ts'
      const g = await import('./g.ts')
      type H = import('./h.ts').H
      import {
        i
      } from 'libp2p'`
    assert.deepEqual(importsOf({ text }), [
      './a.ts',
      './c.ts',
      './d.ts',
      './e.ts',
      './g.ts',
      './h.ts',
      'libp2p'
    ])
    const upwards = { path: 'src/codec/x.ts', text: "import type { Pool } from '../mempool/pool.ts'" }
    assert.deepEqual(forbiddenImports(upwards).length, 1)
    const node = { path: 'src/consensus/x.ts', text: "const fs = await import('node:fs')" }
    assert.deepEqual(forbiddenImports(node).length, 1)
  })

  it('pure layers do not wait: no async function, no promise', () => {
    const pure = ['primitives', 'codec', 'params', 'state', 'sharding', 'chain', 'consensus', 'mempool']
    const waiting = src
      .filter(({ path }) => pure.includes(layerOf(path)))
      .filter(({ text }) =>
        /\basync\b|\bawait\b|\bPromise\b/.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))
      )
    assert.deepEqual(
      waiting.map(({ path }) => path),
      []
    )
  })
})

describe('tidy: files and names', () => {
  it(`no source file is longer than ${LINES_MAX} lines: split it by concept`, () => {
    const long = code
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX)
    assert.deepEqual(long, [])
  })

  it('names say what a thing decides', () => {
    const named = code.flatMap(({ path, text }) =>
      declaredNames(text)
        .filter((name) => BANNED_NAME.test(name))
        .map((name) => `${path}: ${name}`)
    )
    assert.deepEqual(named, [])
    const folders = code.filter(({ path }) => path.split('/').some((part) => BANNED_FOLDERS.includes(part)))
    assert.deepEqual(
      folders.map(({ path }) => path),
      []
    )
    assert.match('BlockManager', BANNED_NAME)
  })

  it('nothing is left for later in sources and pages', () => {
    const found = [...code, ...pages].flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => `${path}:${index + 1} ${line.trim()}`)
        .filter((line) => BANNED_WORDS.test(line))
    )
    assert.deepEqual(found, [])
    assert.match(`// ${'TO'}${'DO'} verify`, BANNED_WORDS)
  })

  it('tests neither sleep nor repeat nor stand aside; what waits lives in test/support', () => {
    const found = code
      .filter(({ path }) => path.startsWith('test/') && !path.startsWith('test/support/'))
      .filter(({ text }) => BANNED_IN_TESTS.test(text))
    assert.deepEqual(
      found.map(({ path }) => path),
      []
    )
    assert.match(`it${'.on'}${'ly('}`, BANNED_IN_TESTS)
  })
})

describe('tidy: specification', () => {
  const defined = definedRules()
  const stated = statedRules()

  it('every rule of protocols is stated by a test title or a vector', () => {
    const missing = [...defined.keys()].filter((id) => !stated.has(id) && !NOT_STATED_YET.includes(id))
    assert.deepEqual(missing, [])
  })

  it('the list of rules without a test only shrinks', () => {
    const gone = NOT_STATED_YET.filter((id) => stated.has(id) || !defined.has(id))
    assert.deepEqual(gone, [])
  })

  it('every rule has one place', () => {
    // The pool shares M rules with the text on transactions (protocols/mempool.md).
    const twice = [...defined].filter(([id, path]) => path.includes(' and ') && !id.startsWith('M'))
    assert.deepEqual(twice, [])
  })

  it('every code of an error or a refusal is documented', () => {
    const documented = documentedCodes()
    const missing = [...usedCodes()].filter(([each]) => !documented.has(each))
    assert.deepEqual(missing, [])
  })
})

describe('tidy: pages', () => {
  it('README and ARCHITECTURE stay short', () => {
    const lines = (path: string): number => readText(path).split('\n').length - 1
    assert.ok(lines('README.md') <= 150)
    assert.ok(lines('ARCHITECTURE.md') <= 350)
  })

  it('every link to a file of the repository leads somewhere', () => {
    const broken = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !existsSync(repositoryPath(join(dirname(path), link))))
        .map((link) => `${path}: ${link}`)
    )
    assert.deepEqual(broken, [])
  })

  it('every file that the code map names exists', () => {
    const named = [
      ...readText('ARCHITECTURE.md').matchAll(/`((?:src|test|scripts|protocols|docs)\/[\w./-]+)`/g)
    ]
    const gone = named.map(([, path = '']) => path).filter((path) => !existsSync(repositoryPath(path)))
    assert.deepEqual(gone, [])
    assert.ok(named.length > 20)
  })

  it('every decision record is in the index, in order of its number', () => {
    const records = filesBelow('docs/adr', '.md').map((path) => path.slice('docs/adr/'.length))
    const index = readText('docs/adr/README.md')
    const listed = [...index.matchAll(/\]\((\d{4}-[\w-]+\.md)\)/g)].map(([, name]) => name)
    assert.deepEqual(
      listed,
      records.filter((name) => /^\d{4}-/.test(name))
    )
  })
})

describe('tidy: packages', () => {
  it('versions are exact', () => {
    const loose = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies }).filter(
      // An alias installs another line of a package beside ours: `npm:name@1.2.3`.
      ([, version]) => !/^(?:npm:(?:@[a-z0-9-]+\/)?[a-z0-9-]+@)?\d+\.\d+\.\d+$/.test(version)
    )
    assert.deepEqual(loose, [])
  })

  it('every dependency has its reason in the README, and no other has one', () => {
    const rows = [...readText('README.md').matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    )
    const names = Object.keys(packageJson.dependencies).filter((name) => !UNUSED_PACKAGES.includes(name))
    assert.deepEqual(new Set(rows), new Set(names))
  })

  it('every dependency is used by src', () => {
    const used = new Set(src.flatMap(importsOf).map(packageOf))
    const unused = Object.keys(packageJson.dependencies).filter((name) => !used.has(name))
    assert.deepEqual(unused.toSorted(byName), UNUSED_PACKAGES.toSorted(byName))
  })
})
