/** A state of a million accounts cut into chunks, and taken over by a node that joins, in a process of its own. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Bench, Figure } from './figure.ts'
import { LARGE_STATE } from './state-limits.ts'

const STATE = fileURLToPath(new URL('state-process.js', import.meta.url))
const PROGRAM = fileURLToPath(new URL('snapshot-process.js', import.meta.url))
const runFile = promisify(execFile)
/** Snapshot bytes verified and stored in a second. */
const IMPORT_BAR_MB_S = 30

interface Times {
  readonly bytes: number
  readonly chunks: number
  readonly makeMs: number
  readonly takeMs: number
  readonly rawMs: number
}

export const snapshot: Bench = {
  name: 'snapshot',
  summary: `a snapshot of ${LARGE_STATE} accounts made, verified and stored`,
  async run({ directory, note }): Promise<readonly Figure[]> {
    const path = join(directory, `state-${LARGE_STATE}`)
    if (!existsSync(path)) await runFile(process.execPath, [STATE, 'build', path, String(LARGE_STATE)])
    const own = join(directory, 'snapshot')
    await mkdir(own, { recursive: true })
    const { stdout } = await runFile(process.execPath, [PROGRAM, path, own, String(LARGE_STATE)])
    const { bytes, chunks, makeMs, takeMs, rawMs } = JSON.parse(stdout) as Times
    const megabytes = bytes / 1e6
    const rate = (ms: number): string => `${((megabytes * 1_000) / ms).toFixed(1)} MB/s`
    note(`${megabytes.toFixed(1)} MB in ${chunks} chunks: made at ${rate(makeMs)}, taken at ${rate(takeMs)}`)
    const raw = {
      what: 'LevelDB writing the same pages out of memory, nothing checked',
      value: rawMs
    }
    return [
      {
        name: 'make a snapshot',
        what: `${LARGE_STATE} accounts read, sorted into chunks, checked, stored; without the pauses of a running node`,
        unit: 'ms',
        value: makeMs,
        raw
      },
      {
        name: 'take a snapshot',
        what: 'its chunks read, verified on threads, stored as pages',
        unit: 'ms',
        value: takeMs,
        raw,
        bar: (megabytes * 1_000) / IMPORT_BAR_MB_S
      }
    ]
  }
}
