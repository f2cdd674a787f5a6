/** The benchmarks in order, each in one run with the limit beside it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backfill } from './backfill.ts'
import { commit } from './commit.ts'
import { encoding } from './encoding.ts'
import { epochs } from './epochs.ts'
import { execution } from './execution.ts'
import type { Bench, Figure } from './figure.ts'
import { gossip } from './gossip.ts'
import { lanes } from './lanes.ts'
import { network } from './network.ts'
import { pool } from './pool.ts'
import { proof } from './proof.ts'
import { requests } from './requests.ts'
import { signatures } from './signatures.ts'
import { snapshot } from './snapshot.ts'
import { state } from './state.ts'
import { sync } from './sync.ts'

export const BENCHES: readonly Bench[] = [
  signatures,
  encoding,
  execution,
  pool,
  gossip,
  requests,
  commit,
  state,
  epochs,
  snapshot,
  backfill,
  sync,
  proof,
  network,
  lanes
]

export interface BenchOptions {
  /** Names of benches. @default all */
  readonly only?: readonly string[]
  readonly networkS: number
  readonly note: (text: string) => void
}

export async function runBenches({ only, networkS, note }: BenchOptions): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'icn-bench-'))
  try {
    const figures: Figure[] = []
    for (const bench of BENCHES) {
      if (only !== undefined && !only.includes(bench.name)) continue
      note(`${bench.name}: ${bench.summary}`)
      figures.push(...(await bench.run({ note, directory, networkS })))
    }
    return figures
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
