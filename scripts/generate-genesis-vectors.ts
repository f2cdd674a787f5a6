/** Writes the vectors of genesis and sharding. A second run writes the same bytes. */
import { writeFileSync } from 'node:fs'
import { genesis } from './vectors/genesis.ts'
import { leaders } from './vectors/leaders.ts'
import { toText } from './vectors/plain.ts'

const folder = new URL('../../protocols/vectors/', import.meta.url)
for (const [name, build] of [
  ['genesis.json', genesis],
  ['leaders.json', leaders]
] as const) {
  const text = toText(build())
  writeFileSync(new URL(name, folder), text)
  process.stdout.write(`${name} ${text.length} bytes\n`)
}
