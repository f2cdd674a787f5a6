/**
 * One object that shows what became of one receipt (PRF-1): committees epoch by epoch from something trusted, the
 * outbox entry of the source under a final header, and the outcome that a final block of the destination committed to.
 */
import { HeaderType } from './block.ts'
import { OUTCOME_BRANCH_LENGTH, OutcomeRunType } from './outcome.ts'
import { OutboxEntryType } from './receipt.ts'
import { Bytes32, ByteListType, ContainerType, Count, ListCompositeType, U32, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { EpochProofType, PROOF_HEADERS_MAX, RECORD_BYTES_MAX } from './state-snapshot.ts'
import { StateProofType } from './state-proof.ts'
import { CertificateType } from './statement.ts'

/** 1 had no way to prove what the coordination chain sends. */
export const TRANSFER_PROOF_VERSION = 2
export const PROOF_EPOCHS_MAX = 65_536

const HeaderList = new ListCompositeType(HeaderType, PROOF_HEADERS_MAX)

const LinkRecordType = new ContainerType(
  {
    /** None: the record has the value that it had an epoch before. */
    value: new ListCompositeType(new ByteListType(RECORD_BYTES_MAX), 1),
    proof: StateProofType
  },
  { typeName: 'LinkRecord' }
)

/** An EpochProof without the records that did not change: most epochs change none. */
export const EpochLinkType = new ContainerType(
  {
    headers: HeaderList,
    certificate: CertificateType,
    /** Parameters, seats. */
    records: new ListCompositeType(LinkRecordType, 2)
  },
  { typeName: 'EpochLink' }
)
export type EpochLink = ValueOf<typeof EpochLinkType>

/** The first epoch that is known by a checkpoint, where it is not epoch 0. */
const EpochStartType = new ContainerType(
  {
    /** From the freeze height upwards, linked, to the checkpoint's block. */
    headers: HeaderList,
    records: EpochProofType.fields.records
  },
  { typeName: 'EpochStart' }
)
export type EpochStart = ValueOf<typeof EpochStartType>

const SourceProofType = new ContainerType(
  {
    header: HeaderType,
    /** One; none where the source is the coordination chain, which the destination's block refers to. */
    certificate: new ListCompositeType(CertificateType, 1),
    entry: OutboxEntryType,
    /** That the entry stands in the state under the header. */
    proof: StateProofType
  },
  { typeName: 'SourceProof' }
)
export type SourceProof = ValueOf<typeof SourceProofType>

const OutcomeProofType = new ContainerType(
  {
    /** From the block that took the receipt in, linked, to the block of the certificate. */
    headers: HeaderList,
    certificate: CertificateType,
    run: OutcomeRunType,
    /** Place of the run among those of the block, and its siblings, lowest first. */
    index: U32,
    branch: new ListCompositeType(Bytes32, OUTCOME_BRANCH_LENGTH)
  },
  { typeName: 'OutcomeProof' }
)
export type OutcomeProof = ValueOf<typeof OutcomeProofType>

export const TransferProofType = new ContainerType(
  {
    version: U8,
    /** None: from the genesis. */
    start: new ListCompositeType(EpochStartType, 1),
    /** Each leads to the epoch that follows. */
    epochs: new ListCompositeType(EpochLinkType, PROOF_EPOCHS_MAX),
    /** Which receipt of the entry, and the transaction that began it. */
    sequence: Count,
    transaction: Bytes32,
    source: SourceProofType,
    outcome: OutcomeProofType
  },
  { typeName: 'TransferProof' }
)
export type TransferProof = ValueOf<typeof TransferProofType>
