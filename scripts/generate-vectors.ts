/** Writes protocols/vectors. A second run writes the same bytes: nothing here depends on time, chance or place. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { vectorFiles } from './vectors/files.ts'

const folder = new URL('../../protocols/vectors/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, text] of vectorFiles()) {
  writeFileSync(new URL(name, folder), text)
  process.stdout.write(`${name} ${text.length} bytes\n`)
}
