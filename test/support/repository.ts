/** Files of the repository, found from the compiled tests. */
import { readdirSync, readFileSync } from 'node:fs'

const root = new URL('../../../', import.meta.url)

export const repositoryPath = (path: string): string => new URL(path, root).pathname
export const readText = (path: string): string => readFileSync(new URL(path, root), 'utf8')
export const readJson = (path: string): unknown => JSON.parse(readText(path))
export const listFolder = (path: string): string[] => readdirSync(new URL(path, root)).toSorted()
