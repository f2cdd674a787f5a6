/**
 * The light check (PRF-9, C32): from the genesis, or a checkpoint, to the committees of the running epoch, by headers at
 * boundaries, their certificates and proofs of records. No block is executed and no body read.
 */
import { equal } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { COMMITTEE_PROOF_VERSION, CommitteeProofType } from '../codec/committee-proof.ts'
import { decode } from '../codec/ssz.ts'
import type { EpochCommittees } from '../sharding/types.ts'
import { certifies, walkSnapshots } from './epoch-walk.ts'
import type { Holds, ProofCode, ProofTrust } from './epoch-walk.ts'

export interface ProvenCommittees {
  /** The final coordination header that the proof ends with. */
  readonly header: Header
  readonly hash: Uint8Array
  readonly snapshot: EpochCommittees
}

export function judgeCommitteeProof(
  bytes: Uint8Array,
  trust: ProofTrust,
  holds: Holds
): Verdict<ProvenCommittees, ProofCode> {
  const decoded = decode(CommitteeProofType, bytes)
  if (!decoded.ok) return refuse('proof-malformed', decoded.detail)
  const { version, header, certificate } = decoded.value
  if (version !== COMMITTEE_PROOF_VERSION) return refuse('proof-malformed', `version ${version}`)
  if (header.chain !== COORD || !equal(header.network, trust.network))
    return refuse('proof-chains', 'not a header of the coordination chain')
  const hash = blockHash(header)
  const misfit = certifies(certificate, header, hash)
  if (misfit !== undefined) return misfit
  const walked = walkSnapshots(decoded.value, [certificate], trust, holds)
  if (!walked.ok) return walked
  return accept({ header, hash, snapshot: must(walked.value.get(header.epoch), 'the walk ends there') })
}
