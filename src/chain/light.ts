/**
 * Light verification (C32): from one epoch's committee to the next without executing a block. Everything here is
 * shape, links and proofs; the signatures of the certificates that a verdict names are for the caller to verify, under
 * the committee of the epoch that it names.
 */
import { equal } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import type { CertifiedHeader } from '../codec/messages.ts'
import { FINALISE } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { ChainTotalsType } from '../codec/state-records.ts'
import { CHUNK_BITS_MAX } from '../codec/chunk-limits.ts'
import { MANIFEST_VERSION } from '../codec/state-snapshot.ts'
import type { EpochProof, EpochStep, SnapshotManifest } from '../codec/state-snapshot.ts'
import { decode } from '../codec/ssz.ts'
import { RECORD_KEYS, readRecords } from '../sharding/epoch-records.ts'
import { isBoundary, nextEpoch } from '../sharding/epochs.ts'
import { computeSnapshot } from '../sharding/snapshot.ts'
import type { EpochCommittees, EpochSnapshot } from '../sharding/types.ts'
import type { StateView } from '../state/ports.ts'
import { chunkBits, rootOfChunks } from '../state/chunk.ts'
import { TOTALS_KEY } from '../state/keys.ts'
import { verifyProof } from '../state/proof.ts'

export interface LightContext {
  readonly network: Uint8Array
  readonly chain: ChainId
  /** Hash of the coordination chain's genesis block, and the shards of the network: what a snapshot is seeded by. */
  readonly genesisHash: Uint8Array
  readonly shards: number
  /** Epochs whose snapshots are known: verified before, or of the genesis. */
  readonly snapshot: (epoch: number) => EpochCommittees | undefined
}

export type LightCode =
  | 'light-other-chain'
  | 'light-epoch'
  | 'light-not-boundary'
  | 'light-certificate'
  | 'light-links'
  | 'light-records'
  | 'manifest-version'
  | 'manifest-totals'
  | 'manifest-hashes'

export interface LightStep {
  readonly boundary: CertifiedHeader
  /** All must hold under the committee of `epoch` before the step means anything. */
  readonly certificates: readonly Certificate[]
  readonly epoch: number
  /** On `coord`: the snapshot of the epoch that follows. */
  readonly next: EpochSnapshot | undefined
}

/** One step of an `epochs` answer. On `coord` steps come one by one from `from`; a shard skips epochs. */
export function judgeEpochStep(
  step: EpochStep,
  from: number,
  context: LightContext
): Verdict<LightStep, LightCode> {
  const judged = judgeBoundary(step.boundary, context)
  if (!judged.ok) return judged
  const { epoch } = judged.value
  const { certificate } = step.boundary
  if (context.chain !== COORD) {
    if (epoch < from || step.next.length > 0)
      return refuse('light-epoch', `epoch ${epoch}, asked from ${from}`)
    return accept({ boundary: step.boundary, epoch, certificates: [certificate], next: undefined })
  }
  const [proof] = step.next
  if (epoch !== from || proof === undefined) return refuse('light-epoch', `epoch ${epoch} instead of ${from}`)
  const next = judgeEpochProof(proof, epoch, context)
  if (!next.ok) return next
  return accept({
    boundary: step.boundary,
    epoch,
    certificates: [certificate, proof.certificate],
    next: next.value
  })
}

/** The snapshot of epoch + 1 out of records proven by a final header of its freeze height. */
export function judgeEpochProof(
  proof: EpochProof,
  epoch: number,
  context: LightContext
): Verdict<EpochSnapshot, LightCode> {
  const view = judgeProvenRecords(proof, epoch, context, RECORD_KEYS)
  if (!view.ok) return view
  return accept(computeSnapshot(view.value, epoch + 1, context.genesisHash, context.shards))
}

/** @param keys of the records that it carries, in their order. @returns the state, as far as these show it */
export function judgeProvenRecords(
  { headers, certificate, records }: EpochProof,
  epoch: number,
  context: LightContext,
  keys: readonly Uint8Array[]
): Verdict<Pick<StateView, 'get'>, LightCode> {
  const params = context.snapshot(epoch)?.params
  const [freeze] = headers
  if (params === undefined || freeze === undefined)
    return refuse('light-epoch', `epoch ${epoch} is not known`)
  if (freeze.height !== (epoch + 1) * params.epochLength - params.freezeDistance) {
    return refuse('light-records', `height ${freeze.height} freezes nothing`)
  }
  const linked = judgeLinks(headers, epoch, context)
  if (!linked.ok) return linked
  const misfit = certifies(certificate, linked.value, epoch, COORD)
  if (misfit !== undefined) return misfit
  const view = readRecords(freeze.stateRoot, records, { keys, shards: context.shards })
  return view.ok ? view : refuse('light-records', view.detail)
}

/** Headers upwards, each the child of the one before. @returns the hash of the last. */
function judgeLinks(
  headers: readonly Header[],
  epoch: number,
  { network }: LightContext
): Verdict<Uint8Array, LightCode> {
  let before: Uint8Array | undefined
  let height = headers[0]?.height ?? 0
  for (const header of headers) {
    const isOurs = header.chain === COORD && header.epoch === epoch && equal(header.network, network)
    if (!isOurs) return refuse('light-other-chain', 'a header of another instance')
    if (header.height !== height || (before !== undefined && !equal(header.parent, before))) {
      return refuse('light-links', `header ${header.height} does not link`)
    }
    before = blockHash(header)
    height += 1
  }
  return accept(before ?? new Uint8Array(32))
}

/** A boundary block of its epoch with a certificate over it; the signatures are not verified here. */
export function judgeBoundary(
  { header, certificate }: CertifiedHeader,
  context: LightContext
): Verdict<{ readonly epoch: number; readonly next: number; readonly hash: Uint8Array }, LightCode> {
  const { epoch } = header
  if (header.chain !== context.chain || !equal(header.network, context.network)) {
    return refuse('light-other-chain', 'a header of another chain or network')
  }
  const params = context.snapshot(epoch)?.params
  if (params === undefined) return refuse('light-epoch', `epoch ${epoch} is not known`)
  if (!isBoundary(header, epoch, params.epochLength)) {
    return refuse('light-not-boundary', `height ${header.height} does not end epoch ${epoch}`)
  }
  const hash = blockHash(header)
  const misfit = certifies(certificate, hash, epoch, header.chain)
  if (misfit !== undefined) return misfit
  return accept({ epoch, next: nextEpoch(header, params.epochLength), hash })
}

function certifies(
  { kind, hash, epoch, chain }: Certificate,
  block: Uint8Array,
  expected: number,
  of: ChainId
): Refusal<LightCode> | undefined {
  const fits = kind === FINALISE && equal(hash, block) && epoch === expected && chain === of
  return fits ? undefined : refuse('light-certificate', 'it is not the finality of this block')
}

export interface JudgedManifest {
  readonly manifest: SnapshotManifest
  readonly hash: Uint8Array
  readonly height: number
  readonly epoch: number
  /** The epoch that begins with this state. */
  readonly next: number
  readonly bits: number
  /** Keys and values of the whole state: proven, so a peer cannot claim another size. */
  readonly stateBytes: number
}

/** SNAP-2, SNAP-3, SNAP-5: a manifest agrees with its header, and the header's certificate is the one thing to verify. */
export function judgeManifest(
  manifest: SnapshotManifest,
  context: LightContext
): Verdict<JudgedManifest, LightCode> {
  if (manifest.version !== MANIFEST_VERSION) return refuse('manifest-version', `version ${manifest.version}`)
  const tip = judgeBoundary(manifest.tip, context)
  if (!tip.ok) return tip
  const { header } = manifest.tip
  const totals = decode(ChainTotalsType, manifest.totals)
  if (!totals.ok || !verifyProof(header.stateRoot, TOTALS_KEY, manifest.totals, manifest.totalsProof)) {
    return refuse('manifest-totals', 'the totals are not in the state')
  }
  const bits = chunkBits(totals.value)
  if (bits > CHUNK_BITS_MAX || manifest.hashes.length !== 2 ** bits) {
    return refuse('manifest-hashes', `${manifest.hashes.length} chunks where the state has ${2 ** bits}`)
  }
  if (!equal(rootOfChunks(manifest.hashes), header.stateRoot)) {
    return refuse('manifest-hashes', 'the hashes of the chunks do not lead to the state root')
  }
  const { stateBytes } = totals.value
  return accept({ ...tip.value, manifest, height: header.height, bits, stateBytes })
}

/**
 * SNAP-1: whether this boundary block's state is kept as a snapshot: its epoch, or those it skipped, crosses a multiple
 * of the interval in coordination heights, so that all chains have snapshots of the same hand-overs.
 */
export function endsInterval(
  header: Pick<Header, 'chain' | 'height' | 'coordHeight' | 'epoch'>,
  { epochLength, snapshotInterval }: EpochSnapshot['params']
): boolean {
  if (!isBoundary(header, header.epoch, epochLength)) return false
  const before = Math.floor((header.epoch * epochLength) / snapshotInterval)
  const after = Math.floor((nextEpoch(header, epochLength) * epochLength) / snapshotInterval)
  return after > before
}
