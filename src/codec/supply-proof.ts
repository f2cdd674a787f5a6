/** What every chain holds, sent and received, under final headers of all of them (PRF-8). */
import { HeaderType } from './block.ts'
import { MAX_CHAINS } from './messages.ts'
import { ContainerType, ListCompositeType, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { ChainTotalsType } from './state-records.ts'
import { StateProofType } from './state-proof.ts'
import { CertificateType } from './statement.ts'
import { TransferProofType } from './transfer-proof.ts'

export const SUPPLY_PROOF_VERSION = 1

const ProvenTotalsType = new ContainerType(
  {
    header: HeaderType,
    certificate: CertificateType,
    totals: ChainTotalsType,
    /** That the record stands in the state under the header. */
    proof: StateProofType
  },
  { typeName: 'ProvenTotals' }
)
export type ProvenTotals = ValueOf<typeof ProvenTotalsType>

export const SupplyProofType = new ContainerType(
  {
    version: U8,
    /** As in a TransferProof. */
    start: TransferProofType.fields.start,
    epochs: TransferProofType.fields.epochs,
    /** One of each chain: the coordination chain, then the shards in order. */
    chains: new ListCompositeType(ProvenTotalsType, MAX_CHAINS)
  },
  { typeName: 'SupplyProof' }
)
export type SupplyProof = ValueOf<typeof SupplyProofType>
