/**
 * What a transfer proof shows to somebody who holds nothing but the genesis or a checkpoint (PRF-1 … PRF-7). The
 * caller says what a certificate is worth (C5).
 */
import { equal, toHex } from '../primitives/bytes.ts'
import { COORD, isShard } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { verifyOutcome } from '../codec/outcome.ts'
import { OutboxEntryType } from '../codec/receipt.ts'
import type { Receipt } from '../codec/receipt.ts'
import { decode } from '../codec/ssz.ts'
import { TRANSFER_PROOF_VERSION, TransferProofType } from '../codec/transfer-proof.ts'
import type { OutcomeProof, SourceProof, TransferProof } from '../codec/transfer-proof.ts'
import { outboxKey } from '../state/keys.ts'
import { verifyProof } from '../state/proof.ts'
import { areOfLane } from './delivery.ts'
import { certifies, judgeLinks, walkEpochs } from './epoch-walk.ts'
import type { Holds, ProofCode, ProofTrust } from './epoch-walk.ts'

export interface JudgedTransfer {
  readonly receipt: Receipt
  /** Height of the source's block that emitted it. */
  readonly emittedAt: number
  /** The destination's block that took it in. */
  readonly block: Header
  /** 0: applied; else the number of the reason it was not. */
  readonly code: number
}

export function judgeTransferProof(
  bytes: Uint8Array,
  trust: ProofTrust,
  holds: Holds
): Verdict<JudgedTransfer, ProofCode> {
  const decoded = decode(TransferProofType, bytes)
  if (!decoded.ok) return refuse('proof-malformed', decoded.detail)
  const proof = decoded.value
  if (proof.version !== TRANSFER_PROOF_VERSION) return refuse('proof-malformed', `version ${proof.version}`)
  const receipt = judgeSource(proof, trust)
  if (!receipt.ok) return receipt
  const code = judgeOutcome(proof.outcome, receipt.value, trust)
  if (!code.ok) return code
  const used = [...proof.source.certificate, proof.outcome.certificate]
  const refusal = walkEpochs(proof, used, trust, holds)
  if (refusal !== undefined) return refusal
  const [block] = proof.outcome.headers
  if (block === undefined) return refuse('proof-links', 'no header')
  const emittedAt = proof.source.entry.height
  return accept({
    receipt: receipt.value,
    emittedAt,
    block,
    code: code.value
  })
}

/** PRF-5: the receipt stood in a final state of its source. */
function judgeSource(
  { source, sequence, transaction, outcome }: TransferProof,
  trust: ProofTrust
): Verdict<Receipt, ProofCode> {
  const { header, entry, proof } = source
  const isKnown = header.chain === COORD || (isShard(header.chain) && header.chain < trust.shards)
  if (!isKnown || !equal(header.network, trust.network)) {
    return refuse('proof-source', `chain ${header.chain} of another network or none of its chains`)
  }
  const misfit = judgeFinality(source, outcome)
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

/** PRF-5: of coord the block that took the receipt in says what is final, since it refers to it (R5). */
function judgeFinality(
  { header, certificate: held }: SourceProof,
  { headers }: OutcomeProof
): Refusal<ProofCode> | undefined {
  const [certificate] = held
  if (header.chain !== COORD) {
    return certificate === undefined
      ? refuse('proof-certificate', 'the source has no certificate')
      : certifies(certificate, header, blockHash(header))
  }
  const reference = headers[0]?.coordHash
  const isReference =
    certificate === undefined && reference !== undefined && equal(blockHash(header), reference)
  return isReference
    ? undefined
    : refuse('proof-certificate', `coordination block ${header.height} is not the reference`)
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
