/**
 * Committees epoch by epoch, from the genesis or a checkpoint, out of what a proof carries (PRF-1 … PRF-4): the part
 * that all proofs for readers without a chain have in common.
 */
import { equal } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { ParameterListType } from '../codec/registry.ts'
import { decode } from '../codec/ssz.ts'
import { FINALISE } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import type { EpochLink, EpochStart } from '../codec/transfer-proof.ts'
import { paramsFromList } from '../params/check.ts'
import { COMMITTEE_KEYS, readRecords } from '../sharding/epoch-records.ts'
import { computeEpochCommittees } from '../sharding/snapshot.ts'
import type { Committee, EpochCommittees } from '../sharding/types.ts'
import { judgeProvenRecords } from './light.ts'

/** What a verifier believes before it reads a proof. */
export interface ProofTrust {
  readonly network: Uint8Array
  readonly shards: number
  /** Hash of the coordination chain's genesis block. */
  readonly genesisHash: Uint8Array
  /** Parameters and seats of the genesis: what epoch 0 is read from. */
  readonly records: readonly Uint8Array[]
  /** A final coordination block that the verifier vouches for: the walk begins there instead (PRF-3). */
  readonly checkpoint?: { readonly height: number; readonly hash: Uint8Array }
}

export type ProofCode =
  | 'proof-malformed'
  | 'proof-start'
  | 'proof-epochs'
  | 'proof-certificate'
  | 'proof-links'
  | 'proof-source'
  | 'proof-outcome'
  | 'proof-chains'
  | 'proof-totals'
  | 'proof-signatures'

/** C5: whether every signature of a certificate verifies under a committee, and they are a quorum. */
export type Holds = (certificate: Certificate, committee: Committee) => boolean

/** The walk: snapshots of the epochs known so far, and the record values of the last one. */
interface Walk {
  readonly first: number
  readonly snapshots: Map<number, EpochCommittees>
  last: number
  values: readonly Uint8Array[]
}

/** PRF-2, PRF-3: the epoch that trust alone gives. */
function beginWalk(start: readonly EpochStart[], trust: ProofTrust): Verdict<Walk, ProofCode> {
  const [given] = start
  const { checkpoint } = trust
  if ((given === undefined) !== (checkpoint === undefined)) {
    return refuse(
      'proof-start',
      checkpoint === undefined ? 'it begins at a checkpoint' : 'it begins at genesis'
    )
  }
  if (given === undefined || checkpoint === undefined) {
    const values = trust.records
    const view = { get: (key: Uint8Array) => values[COMMITTEE_KEYS.findIndex((each) => equal(each, key))] }
    const snapshot = computeEpochCommittees(view, 0)
    return accept({ first: 0, last: 0, values, snapshots: new Map([[0, snapshot]]) })
  }
  return beginAt(given, checkpoint, trust)
}

function beginAt(
  { headers, records }: EpochStart,
  checkpoint: NonNullable<ProofTrust['checkpoint']>,
  trust: ProofTrust
): Verdict<Walk, ProofCode> {
  const linked = judgeLinks(headers, COORD, trust)
  if (!linked.ok) return linked
  const { first: freeze, last, hash } = linked.value
  if (last.height !== checkpoint.height || !equal(hash, checkpoint.hash)) {
    return refuse('proof-start', `block ${last.height} is not the checkpoint`)
  }
  const view = readRecords(freeze.stateRoot, records, { keys: COMMITTEE_KEYS, shards: trust.shards })
  if (!view.ok) return refuse('proof-start', view.detail)
  const values = records.map(({ value }) => value)
  const list = decode(ParameterListType, values[0] ?? new Uint8Array())
  const params = list.ok ? paramsFromList(list.value) : list
  if (!params.ok) return refuse('proof-start', params.detail)
  const epoch = (freeze.height + params.value.freezeDistance) / params.value.epochLength
  if (!Number.isInteger(epoch)) return refuse('proof-start', `height ${freeze.height} freezes nothing`)
  const snapshot = computeEpochCommittees(view.value, epoch)
  return accept({ first: epoch, last: epoch, values, snapshots: new Map([[epoch, snapshot]]) })
}

/** PRF-4: one epoch further. What is left out of a link is what it was an epoch before. */
function followLink(walk: Walk, link: EpochLink, trust: ProofTrust): Refusal<ProofCode> | undefined {
  const records: { value: Uint8Array; proof: EpochLink['records'][number]['proof'] }[] = []
  for (const [index, { value: given, proof }] of link.records.entries()) {
    const before = walk.values[index]
    const value = given[0] ?? before
    const isRepeated = given[0] !== undefined && before !== undefined && equal(given[0], before)
    if (value === undefined || isRepeated)
      return refuse('proof-epochs', `record ${index} after epoch ${walk.last}`)
    records.push({ value, proof })
  }
  const context = {
    network: trust.network,
    chain: COORD,
    genesisHash: trust.genesisHash,
    shards: trust.shards,
    snapshot: (epoch: number) => walk.snapshots.get(epoch)
  }
  const judged = judgeProvenRecords({ ...link, records }, walk.last, context, COMMITTEE_KEYS)
  if (!judged.ok) return refuse('proof-epochs', `${judged.code}: ${judged.detail}`)
  walk.last += 1
  walk.values = records.map(({ value }) => value)
  walk.snapshots.set(walk.last, computeEpochCommittees(judged.value, walk.last))
  return undefined
}

/**
 * PRF-4, PRF-7: the whole walk, and every certificate under its committee. A link is computed from only after its
 * certificate held, so what nobody signed is never taken for a registry. As many epochs as are used, and no more.
 */
export function walkSnapshots(
  { start, epochs }: { readonly start: readonly EpochStart[]; readonly epochs: readonly EpochLink[] },
  used: readonly Certificate[],
  trust: ProofTrust,
  holds: Holds
): Verdict<ReadonlyMap<number, EpochCommittees>, ProofCode> {
  const started = beginWalk(start, trust)
  if (!started.ok) return started
  const walk = started.value
  for (const link of epochs) {
    const refusal = check(walk, link.certificate, holds) ?? followLink(walk, link, trust)
    if (refusal !== undefined) return refusal
  }
  const newest = Math.max(walk.first, ...used.map(({ epoch }) => epoch))
  if (walk.last !== newest) return refuse('proof-epochs', `up to ${walk.last} instead of ${newest}`)
  for (const certificate of used) {
    const refusal = check(walk, certificate, holds)
    if (refusal !== undefined) return refusal
  }
  return accept(walk.snapshots)
}

/** The same for proofs that need no more than that their certificates hold. */
export function walkEpochs(
  proof: Parameters<typeof walkSnapshots>[0],
  used: readonly Certificate[],
  trust: ProofTrust,
  holds: Holds
): Refusal<ProofCode> | undefined {
  const walked = walkSnapshots(proof, used, trust, holds)
  return walked.ok ? undefined : walked
}

function check(walk: Walk, certificate: Certificate, holds: Holds): Refusal<ProofCode> | undefined {
  const { epoch, chain } = certificate
  const committee = walk.snapshots.get(epoch)?.committees.get(chain)
  if (committee === undefined) return refuse('proof-epochs', `epoch ${epoch} is not shown`)
  return holds(certificate, committee)
    ? undefined
    : refuse(
        'proof-signatures',
        `a certificate of chain ${chainName(chain)} and epoch ${epoch} does not hold`
      )
}

interface Linked {
  readonly first: Header
  readonly last: Header
  /** Of the last one. */
  readonly hash: Uint8Array
}

/** Headers of one chain upwards, each the child of the one before. */
export function judgeLinks(
  headers: readonly Header[],
  chain: ChainId,
  { network }: ProofTrust
): Verdict<Linked, ProofCode> {
  const [first] = headers
  if (first === undefined) return refuse('proof-links', 'no header')
  let last = first
  let hash = blockHash(first)
  for (const [index, header] of headers.entries()) {
    const isOurs = header.chain === chain && equal(header.network, network)
    const isNext = index === 0 || (header.height === last.height + 1 && equal(header.parent, hash))
    if (!isOurs || !isNext) return refuse('proof-links', `header ${header.height} does not link`)
    if (index > 0) hash = blockHash(header)
    last = header
  }
  return accept({ first, last, hash })
}

export function certifies(
  { kind, hash, epoch, chain }: Certificate,
  header: Header,
  block: Uint8Array
): Refusal<ProofCode> | undefined {
  const fits = kind === FINALISE && equal(hash, block) && epoch === header.epoch && chain === header.chain
  return fits ? undefined : refuse('proof-certificate', `not the finality of block ${header.height}`)
}
