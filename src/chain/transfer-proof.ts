/**
 * What a transfer proof shows to somebody who holds nothing but the genesis or a checkpoint (PRF-1 … PRF-7). Shape,
 * links and proofs are judged here; the signatures of the certificates that a verdict names are the caller's to verify.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import { COORD, isShard } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { verifyOutcome } from '../codec/outcome.ts'
import { OutboxEntryType } from '../codec/receipt.ts'
import type { Receipt } from '../codec/receipt.ts'
import { ParameterListType } from '../codec/registry.ts'
import { decode } from '../codec/ssz.ts'
import { FINALISE } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { TRANSFER_PROOF_VERSION, TransferProofType } from '../codec/transfer-proof.ts'
import type {
  EpochLink,
  EpochStart,
  OutcomeProof,
  SourceProof,
  TransferProof
} from '../codec/transfer-proof.ts'
import { paramsFromList } from '../params/check.ts'
import { RECORD_KEYS, readRecords } from '../sharding/epoch-records.ts'
import { computeSnapshot } from '../sharding/snapshot.ts'
import type { Committee, EpochSnapshot } from '../sharding/types.ts'
import { outboxKey } from '../state/keys.ts'
import { verifyProof } from '../state/proof.ts'
import { areOfLane } from './delivery.ts'
import { judgeEpochProof } from './light.ts'

/** What a verifier believes before it reads a proof. */
export interface ProofTrust {
  readonly network: Uint8Array
  readonly shards: number
  /** Hash of the coordination chain's genesis block. */
  readonly genesisHash: Uint8Array
  /** Parameters, validators and cooperatives of the genesis: what epoch 0 is computed from. */
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

export interface JudgedTransfer {
  /** All must hold, each under its committee, before the transfer means anything. */
  readonly certificates: readonly { readonly certificate: Certificate; readonly committee: Committee }[]
  readonly receipt: Receipt
  /** Height of the source's block that emitted it. */
  readonly emittedAt: number
  /** The destination's block that took it in. */
  readonly block: Header
  /** 0: applied; else the number of the reason it was not. */
  readonly code: number
}

/** The walk: snapshots of the epochs known so far, and the record values of the last one. */
interface Walk {
  readonly first: number
  readonly snapshots: Map<number, EpochSnapshot>
  last: number
  values: readonly Uint8Array[]
}

export function judgeTransferProof(bytes: Uint8Array, trust: ProofTrust): Verdict<JudgedTransfer, ProofCode> {
  const decoded = decode(TransferProofType, bytes)
  if (!decoded.ok) return refuse('proof-malformed', decoded.detail)
  const proof = decoded.value
  if (proof.version !== TRANSFER_PROOF_VERSION) return refuse('proof-malformed', `version ${proof.version}`)
  const started = begin(proof.start, trust)
  if (!started.ok) return started
  const walk = started.value
  const certificates: { certificate: Certificate; committee: Committee }[] = []
  const note = (certificate: Certificate): Refusal<ProofCode> | undefined => {
    const committee = walk.snapshots.get(certificate.epoch)?.committees.get(certificate.chain)
    if (committee === undefined) return refuse('proof-epochs', `epoch ${certificate.epoch} is not shown`)
    certificates.push({ certificate, committee })
    return undefined
  }
  for (const link of proof.epochs) {
    const refusal = follow(walk, link, trust) ?? note(link.certificate)
    if (refusal !== undefined) return refusal
  }
  const receipt = judgeSource(proof, trust)
  if (!receipt.ok) return receipt
  const code = judgeOutcome(proof.outcome, receipt.value, trust)
  if (!code.ok) return code
  const refusal =
    judgeExtent(walk, proof) ?? note(proof.source.certificate) ?? note(proof.outcome.certificate)
  if (refusal !== undefined) return refusal
  const [block] = proof.outcome.headers
  if (block === undefined) return refuse('proof-links', 'no header')
  const emittedAt = proof.source.entry.height
  return accept({ certificates, receipt: receipt.value, emittedAt, block, code: code.value })
}

/** PRF-2, PRF-3: the epoch that trust alone gives. */
function begin(start: readonly EpochStart[], trust: ProofTrust): Verdict<Walk, ProofCode> {
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
    const view = { get: (key: Uint8Array) => values[RECORD_KEYS.findIndex((each) => equal(each, key))] }
    const snapshot = computeSnapshot(view, 0, trust.genesisHash, trust.shards)
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
  const view = readRecords(freeze.stateRoot, records)
  if (!view.ok) return refuse('proof-start', view.detail)
  const values = records.map(({ value }) => value)
  const list = decode(ParameterListType, values[0] ?? new Uint8Array())
  const params = list.ok ? paramsFromList(list.value) : list
  if (!params.ok) return refuse('proof-start', params.detail)
  const epoch = (freeze.height + params.value.freezeDistance) / params.value.epochLength
  if (!Number.isInteger(epoch)) return refuse('proof-start', `height ${freeze.height} freezes nothing`)
  const snapshot = computeSnapshot(view.value, epoch, trust.genesisHash, trust.shards)
  return accept({ first: epoch, last: epoch, values, snapshots: new Map([[epoch, snapshot]]) })
}

/** PRF-4: one epoch further. What is left out of a link is what it was an epoch before. */
function follow(walk: Walk, link: EpochLink, trust: ProofTrust): Refusal<ProofCode> | undefined {
  const records: { value: Uint8Array; proof: EpochLink['records'][number]['proof'] }[] = []
  for (const [index, { value: given, proof }] of link.records.entries()) {
    const before = walk.values[index]
    const value = given[0] ?? before
    const isRepeated = given[0] !== undefined && before !== undefined && equal(given[0], before)
    if (value === undefined || isRepeated)
      return refuse('proof-epochs', `record ${index} after epoch ${walk.last}`)
    records.push({ value, proof })
  }
  const judged = judgeEpochProof({ ...link, records }, walk.last, {
    network: trust.network,
    chain: COORD,
    genesisHash: trust.genesisHash,
    shards: trust.shards,
    snapshot: (epoch) => walk.snapshots.get(epoch)
  })
  if (!judged.ok) return refuse('proof-epochs', `${judged.code}: ${judged.detail}`)
  walk.last += 1
  walk.values = records.map(({ value }) => value)
  walk.snapshots.set(walk.last, judged.value)
  return undefined
}

/** PRF-4: as many epochs as are used, and no more. */
function judgeExtent(walk: Walk, { source, outcome }: TransferProof): Refusal<ProofCode> | undefined {
  const newest = Math.max(source.certificate.epoch, outcome.certificate.epoch, walk.first)
  return walk.last === newest ? undefined : refuse('proof-epochs', `up to ${walk.last} instead of ${newest}`)
}

/** PRF-5: the receipt stood in a final state of its source. */
function judgeSource(
  { source, sequence, transaction }: TransferProof,
  trust: ProofTrust
): Verdict<Receipt, ProofCode> {
  const { header, certificate, entry, proof }: SourceProof = source
  const isOurs = isShard(header.chain) && header.chain < trust.shards && equal(header.network, trust.network)
  if (!isOurs) return refuse('proof-source', `chain ${header.chain} of another network or none of its shards`)
  const misfit = certifies(certificate, header, blockHash(header))
  if (misfit !== undefined) return misfit
  const [first] = entry.receipts
  const receipt = entry.receipts.find((each) => each.sequence === sequence)
  if (first === undefined || receipt === undefined || !equal(receipt.origin, transaction)) {
    return refuse('proof-source', `no receipt ${sequence} of transaction ${toHex(transaction)}`)
  }
  const { destination } = first
  if (!areOfLane(entry.receipts, header.chain, destination, first.sequence)) {
    return refuse('proof-source', 'receipts of several lanes')
  }
  const key = outboxKey(destination, first.sequence)
  return verifyProof(header.stateRoot, key, OutboxEntryType.serialize(entry), proof)
    ? accept(receipt)
    : refuse('proof-source', 'the entry is not in the state')
}

/** PRF-6: what a final block of the destination answered to it. */
function judgeOutcome(
  { headers, certificate, run, index, branch }: OutcomeProof,
  receipt: Receipt,
  trust: ProofTrust
): Verdict<number, ProofCode> {
  const linked = judgeLinks(headers, receipt.destination, trust)
  if (!linked.ok) return linked
  const { first, last, hash } = linked.value
  const misfit = certifies(certificate, last, hash)
  if (misfit !== undefined) return misfit
  if (!verifyOutcome(first.receiptsOutRoot, run, index, branch)) {
    return refuse('proof-outcome', `block ${first.height} does not commit to it`)
  }
  const code = run.codes[receipt.sequence - run.first]
  return run.source !== receipt.source || code === undefined
    ? refuse('proof-outcome', 'it speaks of other receipts')
    : accept(code)
}

interface Linked {
  readonly first: Header
  readonly last: Header
  /** Of the last one. */
  readonly hash: Uint8Array
}

/** Headers of one chain upwards, each the child of the one before. */
function judgeLinks(
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

function certifies(
  { kind, hash, epoch, chain }: Certificate,
  header: Header,
  block: Uint8Array
): Refusal<ProofCode> | undefined {
  const fits = kind === FINALISE && equal(hash, block) && epoch === header.epoch && chain === header.chain
  return fits ? undefined : refuse('proof-certificate', `not the finality of block ${header.height}`)
}
