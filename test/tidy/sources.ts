/** The repository's own TypeScript as text, and what each file imports. */
import { readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { readText, repositoryPath } from '../support/repository.ts'

export interface Source {
  /** From the repository's root. */
  readonly path: string
  readonly text: string
}

/** Files below a folder by the end of their names; a folder that is not there has none. */
export function filesBelow(folder: string, end: string): string[] {
  return readdirSync(repositoryPath(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => join(entry.parentPath, entry.name).slice(repositoryPath('').length))
    .toSorted()
}

export const sourcesBelow = (folder: string, end = '.ts'): Source[] =>
  filesBelow(folder, end).map((path) => ({ path, text: readText(path) }))

const IMPORTS =
  /\b(?:from|import)\s+'([^'\n]+)'|\bimport\s*\(\s*'([^'\n]+)'|\bimport\.meta\.resolve\(\s*'([^'\n]+)'/g

/** Everything a file names as a module: imports, type imports, re-exports, dynamic imports and `import()` types. */
export function importsOf({ text }: Pick<Source, 'text'>): string[] {
  return [...withoutComments(text).matchAll(IMPORTS)].map(
    ([, named, dynamic, resolved]) => named ?? dynamic ?? resolved ?? ''
  )
}

/** The file of ours that an import names, from the repository's root; undefined for a package. */
export const targetOf = (source: Source, name: string): string | undefined =>
  name.startsWith('.') ? normalize(join(dirname(source.path), name)) : undefined

/** `node:fs/promises` and `@libp2p/crypto/keys` without the path into the package. */
export function packageOf(name: string): string {
  if (name.startsWith('node:') || name.startsWith('#')) return name
  const parts = name.split('/')
  return parts.slice(0, name.startsWith('@') ? 2 : 1).join('/')
}

export const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
