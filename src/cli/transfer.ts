/** What `icn snapshot` and `icn chain` share: the directory, the verifying threads, the progress, the way it fails. */
import { systemClock } from '../app/clock.ts'
import { VerifyPool } from '../crypto/verify-pool.ts'
import { dataPaths } from '../node/data-dir.ts'
import { ChunkThreads } from '../node/snapshot/chunk-threads.ts'
import type { Transferred, TransferInit } from '../node/snapshot/transfer.ts'
import type { Verdict } from '../primitives/result.ts'
import { CliError, EXIT, errnoOf } from './cli-error.ts'
import { readGenesis } from './genesis-file.ts'
import { NodeError } from '../primitives/errors.ts'
import { progressLine } from './progress.ts'

export async function transfer(
  data: string,
  file: string,
  run: (init: TransferInit) => Promise<Verdict<Transferred[]>>
): Promise<void> {
  const genesis = readGenesis(dataPaths(data).genesis)
  const verifier = new VerifyPool()
  await verifier.start()
  const line = progressLine()
  try {
    const chunks = new ChunkThreads()
    const init = { data, file, genesis, verifier, chunks, clock: systemClock, onProgress: line.show }
    const verdict = await run(init)
    if (!verdict.ok) throw new CliError(`${file}: ${verdict.detail}`)
    line.clear()
    for (const { chain, height, stateRoot, bytes } of verdict.value) {
      console.log(`chain ${chain}: height ${height}, ${bytes} bytes, state root ${stateRoot}`)
    }
  } catch (error) {
    // What failed says so by itself: a database that is in use is no trouble with the file.
    const reason = error instanceof NodeError ? undefined : errnoOf(error)
    if (reason === undefined) throw error
    const isWrong = reason === 'ENOENT' || reason === 'EEXIST'
    throw new CliError(`${file}: ${reason}`, isWrong ? EXIT.wrong : EXIT.disk, { cause: error })
  } finally {
    line.clear()
    await verifier.stop()
  }
}
