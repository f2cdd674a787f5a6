/** Files that commands write: new ones only, and a disk that refuses is exit code 5. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { CliError, EXIT, errnoOf } from './cli-error.ts'

/** Refuses to overwrite; readable by the owner alone if `secret`. */
export function writeNewFile(
  path: string,
  text: string,
  { secret = false }: { secret?: boolean } = {}
): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: secret ? 0o600 : 0o644, flush: true })
  } catch (error) {
    const reason = errnoOf(error)
    if (reason === undefined) throw error
    if (reason === 'EEXIST') throw new CliError(`${path} exists and is not overwritten`)
    throw new CliError(`cannot write ${path}: ${reason}`, EXIT.disk, { cause: error })
  }
}

export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    const reason = errnoOf(error)
    if (reason === undefined) throw error
    throw new CliError(`cannot create ${path}: ${reason}`, EXIT.disk, { cause: error })
  }
}
