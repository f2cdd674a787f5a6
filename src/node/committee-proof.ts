/** Makes a committee proof (PRF-9) out of what the coordination chain keeps of its epochs. */
import { COMMITTEE_PROOF_VERSION, CommitteeProofType } from '../codec/committee-proof.ts'
import { accept } from '../primitives/result.ts'
import { proveEpochs, unavailable } from './epoch-links.ts'
import type { EpochSources, ProofAnswer } from './epoch-links.ts'
import type { ProvableChain } from './supply-proof.ts'

/** @param tip the coordination chain at its last final block */
export function makeCommitteeProof(
  sources: EpochSources,
  { header, certificate }: Omit<ProvableChain, 'state'>,
  checkpoint?: number
): ProofAnswer<Uint8Array> {
  if (certificate === undefined) return unavailable('no block above genesis is final yet')
  const walk = proveEpochs(sources, [certificate.epoch], checkpoint)
  if (!walk.ok) return walk
  return accept(
    CommitteeProofType.serialize({ version: COMMITTEE_PROOF_VERSION, ...walk.value, header, certificate })
  )
}
