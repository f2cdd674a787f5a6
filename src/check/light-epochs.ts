/**
 * Epochs of a coordination chain that does not begin at genesis: each from the committee of the one before, by the
 * proof that is kept with it (C32). For other chains the proofs are checked beside what execution found.
 */
import { equal, utf8 } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { judgeEpochProof } from '../chain/light.ts'
import type { LightContext } from '../chain/light.ts'
import { EpochProofType } from '../codec/state-snapshot.ts'
import { decode } from '../codec/ssz.ts'
import type { Genesis } from '../params/genesis.ts'
import { computeSnapshot, encodeSnapshot } from '../sharding/snapshot.ts'
import { toHex } from '../primitives/bytes.ts'
import type { SignatureCheck } from './certificates.ts'
import type { StoppedDatabase } from './database.ts'
import { Epoch } from './epochs.ts'
import type { KnownEpochs } from './epochs.ts'
import type { Report } from './findings.ts'
import { CHAIN_ROWS } from './layout.ts'
import { readCount } from './records.ts'

export interface EpochRows {
  readonly directory: string
  readonly network: Uint8Array
  readonly genesis: Genesis
  readonly database: StoppedDatabase
  readonly signatures: SignatureCheck
  readonly epochs: KnownEpochs
  readonly report: Report
}

/** Height of the oldest block; 0 for a chain that begins with its genesis. */
export function readEarliest(database: StoppedDatabase): number {
  const bytes = database.get(CHAIN_ROWS.meta, utf8('earliest'))
  return bytes === undefined ? 0 : (readCount(bytes) ?? 0)
}

/** Fills `epochs` from genesis up, as far as the proofs lead. */
export async function learnEpochs(rows: EpochRows): Promise<void> {
  const { genesis, epochs, database, report } = rows
  const { block, changes } = buildChainGenesis(genesis, COORD)
  const view = { get: (key: Uint8Array) => changes.values.get(toHex(key)) }
  epochs.add(new Epoch(computeSnapshot(view, 0, block.hash, genesis.shards)))
  for await (const [key, value] of database.rows(CHAIN_ROWS.epochProof)) {
    const epoch = readCount(key)
    if (epoch === undefined || epoch === 0) continue
    const problem = await epochProofProblem({ ...rows, genesisHash: block.hash }, epoch, value)
    if (problem === undefined) continue
    report('epochProof', epoch, problem)
    return
  }
}

/** @returns what is wrong; if nothing is, the epoch is known from here on. */
export async function epochProofProblem(
  {
    network,
    genesis,
    genesisHash,
    epochs,
    signatures,
    directory,
    report
  }: Omit<EpochRows, 'database'> & {
    readonly genesisHash: Uint8Array
  },
  epoch: number,
  bytes: Uint8Array
): Promise<string | undefined> {
  const decoded = decode(EpochProofType, bytes)
  if (!decoded.ok) return 'it cannot be decoded'
  const context: LightContext = {
    network,
    genesisHash,
    chain: COORD,
    shards: genesis.shards,
    snapshot: (of) => epochs.get(of)?.snapshot
  }
  const judged = judgeEpochProof(decoded.value, epoch - 1, context)
  if (!judged.ok) return judged.detail
  const where = `${directory}: ${chainName(COORD)} epochProof ${epoch}`
  const problem = await signatures.certificate(decoded.value.certificate, { epochs, where, report })
  if (problem !== undefined) return problem
  const known = epochs.get(epoch)
  if (known === undefined) epochs.add(new Epoch(judged.value))
  else if (!equal(known.bytes, encodeSnapshot(judged.value))) return 'it proves another snapshot'
  return undefined
}
