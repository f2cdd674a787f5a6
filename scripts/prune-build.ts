/**
 * Removes from dist what no source stands behind any more. The compiler builds incrementally and leaves the output of
 * a deleted or renamed file where it is; a deleted test would go on running.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = new URL('../../', import.meta.url).pathname
const dist = join(root, 'dist')
const OUTPUT = /\.(?:js|d\.ts)(?:\.map)?$/

for (const folder of ['src', 'test', 'scripts']) {
  const entries = readdirSync(join(dist, folder), { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile() || !OUTPUT.test(entry.name)) continue
    const built = join(entry.parentPath, entry.name)
    const source = join(root, relative(dist, built).replace(OUTPUT, '.ts'))
    if (!existsSync(source)) rmSync(built)
  }
}
