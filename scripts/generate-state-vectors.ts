/** Writes protocols/vectors/state.json. A second run writes the same bytes. */
import { writeFileSync } from 'node:fs'
import { stateVectors } from './state-vectors.ts'

const file = new URL('../../protocols/vectors/state.json', import.meta.url)
const text = stateVectors()
writeFileSync(file, text)
process.stdout.write(`state.json ${text.length} bytes\n`)
