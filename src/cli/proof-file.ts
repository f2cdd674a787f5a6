/** A proof in a file: its bytes in hex. */
import { existsSync } from 'node:fs'
import { CliError } from './cli-error.ts'
import { readText } from './options.ts'

export function readProof(path: string): string {
  if (!existsSync(path)) throw new CliError(`no file ${path}`)
  const text = readText(path).trim()
  if (!/^([0-9a-f]{2})+$/.test(text)) throw new CliError(`${path} holds no proof`)
  return text
}
