/** The state snapshots that a chain keeps for others, chunk by chunk, and that nothing of an import is left. */
import { equal, toHex, u64be } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import { judgeManifest } from '../chain/light.ts'
import { blockHash, bodyHash } from '../codec/block.ts'
import { SNAPSHOTS_KEPT, SnapshotManifestType } from '../codec/state-snapshot.ts'
import type { SnapshotManifest } from '../codec/state-snapshot.ts'
import { decode } from '../codec/ssz.ts'
import { verifyChunk } from '../state/chunk.ts'
import type { ChainRows } from './chain-scope.ts'
import { CHAIN_ROWS } from './layout.ts'
import { epochProofProblem } from './light-epochs.ts'
import { readCount } from './records.ts'

/** Each epoch that execution found has its proof, and each proof proves it. */
export async function checkEpochProofs(rows: ChainRows): Promise<void> {
  const { database, walked, epochs, report } = rows
  const expected = new Set<number>()
  if (walked.chain === COORD) for (const { snapshot } of epochs.all) expected.add(snapshot.epoch)
  expected.delete(0)
  for await (const [key, value] of database.rows(CHAIN_ROWS.epochProof)) {
    const epoch = readCount(key)
    if (epoch === undefined || !expected.delete(epoch)) {
      if (walked.isComplete) report('epochProof', epoch ?? toHex(key), 'no block of this chain froze it')
      continue
    }
    const problem = await epochProofProblem(rows, epoch, value)
    if (problem !== undefined) report('epochProof', epoch, problem)
  }
  for (const epoch of expected) report('epochProof', epoch, 'it is missing')
}

export async function checkStateSnapshots(rows: ChainRows): Promise<void> {
  const { database, report } = rows
  const chunks = new Map<number, number>()
  for await (const [key, value] of database.rows(CHAIN_ROWS.manifest)) {
    const height = readCount(key)
    const decoded = decode(SnapshotManifestType, value)
    if (height === undefined || !decoded.ok || decoded.value.tip.header.height !== height) {
      report('manifest', height ?? toHex(key), 'it cannot be decoded, or is of another height')
      continue
    }
    chunks.set(height, decoded.value.hashes.length)
    await checkManifest(rows, decoded.value)
  }
  if (chunks.size > SNAPSHOTS_KEPT)
    report('manifest', '', `${chunks.size} are kept instead of ${SNAPSHOTS_KEPT}`)
  for await (const key of database.keys(CHAIN_ROWS.chunk)) {
    const count = chunks.get(readCount(key.subarray(0, 8)) ?? -1)
    const index = readCount(key.subarray(8))
    // Chunks of a height without a manifest are of one that was being made: the next start sweeps them.
    if (count !== undefined && (index === undefined || index > count))
      report('chunk', toHex(key), 'of no snapshot')
  }
  for await (const key of database.keys(CHAIN_ROWS.staged))
    report('staged', toHex(key), 'of an import that is over')
}

async function checkManifest(
  { database, walked, directory, network, genesis, genesisHash, epochs, signatures, report }: ChainRows,
  manifest: SnapshotManifest
): Promise<void> {
  const { header, certificate } = manifest.tip
  const { height } = header
  const judged = judgeManifest(manifest, {
    network,
    genesisHash,
    chain: walked.chain,
    shards: genesis.shards,
    snapshot: (epoch) => epochs.get(epoch)?.snapshot
  })
  if (!judged.ok) {
    report('manifest', height, judged.detail)
    return
  }
  const block = walked.blocks[height]
  if (block !== undefined && !equal(block.hash, blockHash(header)))
    report('manifest', height, 'it is of another block')
  const where = `${directory}: ${chainName(walked.chain)} manifest ${height}`
  const problem = await signatures.certificate(certificate, { epochs, where, report })
  if (problem !== undefined) report('manifest', height, problem)
  const chunkAt = (index: number) => database.get(CHAIN_ROWS.chunk, u64be(height), u64be(index))
  for (const [index, hash] of manifest.hashes.entries()) {
    const bytes = chunkAt(index)
    const verdict =
      bytes === undefined ? undefined : verifyChunk(bytes, { bits: judged.value.bits, index }, hash)
    if (verdict?.ok !== true) report('chunk', `${height}/${index}`, verdict?.detail ?? 'it is missing')
  }
  const body = chunkAt(manifest.hashes.length)
  if (body === undefined || !equal(bodyHash(body), header.bodyHash)) {
    report('chunk', `${height}/${manifest.hashes.length}`, 'it is not the body of the snapshot’s block')
  }
}
