/** State snapshots and the proofs that cross epochs, as they are sent and stored (protocols/snapshot.md; C32). */
import { HeaderType } from './block.ts'
import { CertifiedHeaderType } from './messages.ts'
import { StateProofType } from './state-proof.ts'
import { CertificateType } from './statement.ts'
import { ByteListType, Bytes32, Chain, ContainerType, Count, ListCompositeType, U16, U32, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { CHUNK_BITS_MAX, CHUNK_ROWS_MAX, STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX } from './chunk-limits.ts'

export const MANIFEST_VERSION = 1
/** SNAP-4: the rows of a chunk in the order of their paths; place i of both lists is one row. */
export const StateChunkType = new ContainerType(
  {
    keys: new ListCompositeType(new ByteListType(STATE_KEY_BYTES_MAX), CHUNK_ROWS_MAX),
    values: new ListCompositeType(new ByteListType(STATE_VALUE_BYTES_MAX), CHUNK_ROWS_MAX)
  },
  { typeName: 'StateChunk' }
)

export const SnapshotManifestType = new ContainerType(
  {
    version: U8,
    /** The boundary block whose state it is, with its own finality certificate. */
    tip: CertifiedHeaderType,
    /** The record of the chain's totals with its proof: how large the state is, before a byte of it is fetched. */
    totals: new ByteListType(256),
    totalsProof: StateProofType,
    /** Of the subtree of each chunk, in the order of the paths: 2^bits. */
    hashes: new ListCompositeType(Bytes32, 1 << CHUNK_BITS_MAX)
  },
  { typeName: 'SnapshotManifest' }
)
export type SnapshotManifest = ValueOf<typeof SnapshotManifestType>

/**
 * A zero hash asks for the manifests held, newest first; a block's hash for one chunk of its snapshot. The chunk behind
 * the last one is the block's body.
 */
export const SnapshotRequestType = new ContainerType(
  { chain: Chain, hash: Bytes32, index: U32 },
  { typeName: 'SnapshotRequest' }
)
export type SnapshotRequest = ValueOf<typeof SnapshotRequestType>
/** Newest snapshots that a node keeps of each chain. */
export const SNAPSHOTS_KEPT = 2

/** Headers between a freeze height and the certified block that makes it final. */
export const PROOF_HEADERS_MAX = 1024
/** Seats of a thousand validators on a thousand chains fit. */
export const RECORD_BYTES_MAX = 262_144
const ProvenRecordType = new ContainerType(
  { value: new ByteListType(RECORD_BYTES_MAX), proof: StateProofType },
  { typeName: 'ProvenRecord' }
)
/** What an epoch snapshot is computed from (C2), proven against a final coordination header (C32). */
export const EpochProofType = new ContainerType(
  {
    /** From the freeze height upwards, linked by hash, to the block of the certificate. */
    headers: new ListCompositeType(HeaderType, PROOF_HEADERS_MAX),
    certificate: CertificateType,
    /** Parameters, seats; for who follows the chain also weights and mix. */
    records: new ListCompositeType(ProvenRecordType, 4)
  },
  { typeName: 'EpochProof' }
)
export type EpochProof = ValueOf<typeof EpochProofType>

/** The end of one epoch on one chain; on `coord` with the proof of the epoch that follows. */
export const EpochStepType = new ContainerType(
  { boundary: CertifiedHeaderType, next: new ListCompositeType(EpochProofType, 1) },
  { typeName: 'EpochStep' }
)
export type EpochStep = ValueOf<typeof EpochStepType>

export const EPOCH_STEPS_MAX = 16
/** Steps of epochs that ended on this chain, from this epoch upwards. */
export const EpochsRequestType = new ContainerType(
  { chain: Chain, from: Count, limit: U16 },
  { typeName: 'EpochsRequest' }
)
export type EpochsRequest = ValueOf<typeof EpochsRequestType>
