/** The committees of the running epoch, under a final header of the coordination chain (PRF-9). */
import { HeaderType } from './block.ts'
import { ContainerType, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { CertificateType } from './statement.ts'
import { TransferProofType } from './transfer-proof.ts'

export const COMMITTEE_PROOF_VERSION = 1

export const CommitteeProofType = new ContainerType(
  {
    version: U8,
    /** As in a TransferProof. */
    start: TransferProofType.fields.start,
    epochs: TransferProofType.fields.epochs,
    /** Of the coordination chain. */
    header: HeaderType,
    certificate: CertificateType
  },
  { typeName: 'CommitteeProof' }
)
export type CommitteeProof = ValueOf<typeof CommitteeProofType>
