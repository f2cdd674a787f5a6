/**
 * What validators sign (C4) and what a quorum of them makes (C5).
 * Signed bytes = statement domain ‖ SSZ(Statement); every field has a fixed width.
 */
import { concat } from '../primitives/bytes.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { BitsType, Bytes32, Bytes64, Chain, ContainerType, Count, ListCompositeType, U16, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** Most members a committee may have; the width of a certificate's bitmap. */
export const MAX_COMMITTEE = 1024

export const NOTARISE = 1
export const NULLIFY = 2
export const FINALISE = 3
export type StatementKind = typeof NOTARISE | typeof NULLIFY | typeof FINALISE
export const isStatementKind = (kind: number): kind is StatementKind => kind >= NOTARISE && kind <= FINALISE
export const KIND_NAMES: Record<StatementKind, string> = { 1: 'notarise', 2: 'nullify', 3: 'finalise' }

export const StatementType = new ContainerType(
  { network: Bytes32, chain: Chain, epoch: Count, view: Count, kind: U8, hash: Bytes32 },
  { typeName: 'Statement' }
)
/** Hash is the block's hash, and zero for nullify. */
export type Statement = ValueOf<typeof StatementType>

export const statementBytes = (statement: Statement): Uint8Array =>
  concat(DOMAINS.statement, StatementType.serialize(statement))

/** One member's signature over one statement; the network id is implied by the topic or protocol it came by. */
export const VoteType = new ContainerType(
  { chain: Chain, epoch: Count, view: Count, kind: U8, hash: Bytes32, signer: U16, signature: Bytes64 },
  { typeName: 'Vote' }
)
/** `signer` is the index in the epoch's committee, in key order. */
export type Vote = ValueOf<typeof VoteType>

/** A quorum's signatures over one statement: one per set bit, in order of the bits (C5). */
export const CertificateType = new ContainerType(
  {
    chain: Chain,
    epoch: Count,
    view: Count,
    kind: U8,
    hash: Bytes32,
    signers: new BitsType(MAX_COMMITTEE),
    signatures: new ListCompositeType(Bytes64, MAX_COMMITTEE)
  },
  { typeName: 'Certificate' }
)
export type Certificate = ValueOf<typeof CertificateType>

/** The bytes that the signature of a vote, or each signature of a certificate, is over. */
export const signedBytes = (network: Uint8Array, signed: Vote | Certificate): Uint8Array =>
  statementBytes({
    network,
    chain: signed.chain,
    epoch: signed.epoch,
    view: signed.view,
    kind: signed.kind,
    hash: signed.hash
  })
