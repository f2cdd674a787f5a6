/**
 * `icn check`: verifies stopped data directories from genesis, and against each other (invariants 1 to 6). It shares the
 * codec, the cryptography and the state transition with the node, and nothing of its store, caches or drivers, so that a
 * fault of those cannot hide itself.
 *
 *   directories ─▶ walk (link, judge, execute) ─▶ rows beside the blocks ─▶ state tree ─▶ node database ─▶ report
 */
import { availableParallelism } from 'node:os'
import { toHex } from '../primitives/bytes.ts'
import { COORD, chainToJson } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Verifier } from '../crypto/ports.ts'
import { VerifyPool } from '../crypto/verify-pool.ts'
import { readDirectory, requireOneNetwork } from './directory.ts'
import type { DataDirectory } from './directory.ts'
import { FindingLog } from './findings.ts'
import type { Finding } from './findings.ts'
import { NetworkCheck } from './network-check.ts'
import type { Progress } from './network-check.ts'

export { CheckError } from './errors.ts'
export { findingLine } from './findings.ts'
export type { Finding } from './findings.ts'
export type { Progress } from './network-check.ts'

/** The highest block of a chain that every directory with that chain holds, executed in each or equal to one that was. */
export interface CheckedChain {
  readonly chain: 'coord' | number
  readonly height: number
  readonly hash: string
  readonly stateRoot: string
}

export interface CheckReport {
  /** No findings. */
  readonly ok: boolean
  readonly findings: readonly Finding[]
  readonly chains: readonly CheckedChain[]
}

export interface CheckOptions {
  readonly onProgress?: (progress: Progress) => void
  /** @default a pool of threads for the time of the check */
  readonly verifier?: Verifier
}

/** @throws CheckError when the check cannot be made. */
export async function checkDirectories(
  paths: readonly string[],
  options: CheckOptions = {}
): Promise<CheckReport> {
  const log = new FindingLog()
  const directories: DataDirectory[] = []
  for (const path of paths) directories.push(await readDirectory(path, log))
  requireOneNetwork(directories)
  const [first] = directories
  if (first !== undefined) {
    await withVerifier(options.verifier, async (verifier) => {
      const onProgress = options.onProgress ?? (() => undefined)
      await new NetworkCheck(first.genesis, { verifier, log, onProgress }).run(directories)
    })
  }
  const findings = log.all
  return { ok: findings.length === 0, findings, chains: commonChains(directories) }
}

async function withVerifier(
  given: Verifier | undefined,
  run: (verifier: Verifier) => Promise<void>
): Promise<void> {
  if (given !== undefined) return run(given)
  const pool = new VerifyPool({ workers: Math.max(1, availableParallelism() - 1) })
  await pool.start()
  try {
    await run(pool)
  } finally {
    await pool.stop()
  }
}

function commonChains(directories: readonly DataDirectory[]): CheckedChain[] {
  const ids = new Set(directories.flatMap(({ chains }) => [...chains.keys()]))
  const rank = (chain: ChainId): number => (chain === COORD ? -1 : chain)
  return [...ids]
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((chain) => {
      const walked = directories.flatMap(({ chains }) => chains.get(chain) ?? [])
      const height = Math.min(...walked.map(({ verified }) => verified))
      const block = walked[0]?.blocks[height]
      if (block === undefined) return []
      return [
        { chain: chainToJson(chain), height, hash: toHex(block.hash), stateRoot: toHex(block.stateRoot) }
      ]
    })
}
