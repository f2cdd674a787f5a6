/** A genesis in a file, read before anything is asked of a node: one that is wrong is exit code 2. */
import { parseGenesis } from '../params/genesis-json.ts'
import { describeRefusal } from '../params/genesis-refusal.ts'
import type { Genesis } from '../params/genesis.ts'
import { CliError } from './cli-error.ts'
import { readText } from './options.ts'

/** @throws CliError that names the file and the key at fault. */
export const readGenesis = (file: string): Genesis => parse(file, readText(file))

/** The same for what takes the text. @throws CliError */
export function readGenesisText(file: string): string {
  const text = readText(file)
  parse(file, text)
  return text
}

function parse(file: string, text: string): Genesis {
  const verdict = parseGenesis(text)
  if (!verdict.ok) throw new CliError(describeRefusal(file, verdict))
  return verdict.value
}
