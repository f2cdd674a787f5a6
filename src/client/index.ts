/**
 * `icn/client`: sign, submit, ask, wait for final. Owns no state of the network and no keys beyond the call.
 * No Node built-in anywhere below it, so it runs in browsers.
 */
export { Client } from './client.ts'
export type { BatchAnswer, CallOptions, ClientInit, Fetch, WaitOptions } from './client.ts'
export { RpcFailure, RpcRefusal } from './refusal.ts'
export { Subscription } from './subscription.ts'
export type { SubscribeOptions } from './subscription.ts'
export {
  FEE_SELECTORS,
  buildTransfer,
  identityOf,
  signTransaction,
  signTransfer,
  signerOfSeed,
  transferCost
} from './transfer.ts'
export {
  DEFAULT_HEIGHTS,
  buildMultiTransfer,
  cosign,
  multiTransferCost,
  signMultiTransfer,
  termsOf
} from './multi-transfer.ts'
export type {
  AtomicTerms,
  Cosignature,
  Leg,
  MultiTransferFields,
  SignMultiTransfer,
  TermsFields
} from './multi-transfer.ts'
export type {
  AtomicAnswerJson,
  AtomicHeldJson,
  AtomicOutcome,
  AtomicPartJson,
  AtomicPhase,
  AtomicRecordJson,
  AtomicStepJson
} from './atomic-types.ts'
export { buildOrder, orderCost, signOrder } from './orders.ts'
export type { Activation, ClaimOrder, Order, OrderFields, SignOrder, Staking } from './orders.ts'
export { buildRegistryOrder, signRegistryOrder } from './registry-orders.ts'
export type { RegisterValidator, RegistryOrder, RegistryTerms } from './registry-orders.ts'
export { auditEmission } from './emission-audit.ts'
export type { AuditedEmission } from './emission-audit.ts'
export { verifySupplyProof } from './supply-proof.ts'
export type { AuditedAmounts, AuditedChain, AuditedToken, SupplyAudit } from './supply-proof.ts'
export { verifyCommitteeProof } from './committee-proof.ts'
export type { CheckedCommittee, LightCheck } from './committee-proof.ts'
export { proofTrust, readTransferProof, verifyTransferProof } from './transfer-proof.ts'
export type { ProofCode, ProofTrust, ProvenTransfer } from './transfer-proof.ts'
export type { FeeToken, SenderIdentity, SignedTransaction, SignTransfer, TransferFields } from './transfer.ts'
export { addressOfKey, decodeAddress, encodeAddress, homeShard } from '../crypto/address.ts'
export { fromHex, toHex } from '../primitives/bytes.ts'
export { COORD, chainToJson, parseChain, shardId } from '../primitives/chain-id.ts'
export type { ChainId } from '../primitives/chain-id.ts'
export type { Signer } from '../crypto/ports.ts'
export type { ClaimJson, ClaimList, LaneJson, LaneList, ReceiptJson, ReceiptStatus } from './receipt-types.ts'
export type {
  AccountJson,
  AccountProof,
  BlockJson,
  BlockSummary,
  CertificateJson,
  ChainBlocks,
  ChainCertificate,
  ChainEntry,
  ChainHead,
  ChainJson,
  ChainLeaders,
  ChainList,
  ChainSupply,
  ChainSync,
  ChainView,
  CommitteeJson,
  EpochJson,
  Executed,
  FinalEvent,
  GenesisJson,
  HeaderJson,
  HealthJson,
  MempoolStatus,
  MethodName,
  Methods,
  NodeInfo,
  NodePeers,
  NodeSync,
  ParamsJson,
  PeerEntry,
  Place,
  RefusalFacts,
  Simulated,
  Submitted,
  Subscribed,
  SupplyAnswer,
  SupplyJson,
  SyncMode,
  TopicEvent,
  TopicName,
  Topics,
  TransactionJson,
  TransactionStatus
} from './types.ts'
export type {
  ChainScoreJson,
  CooperativeList,
  DutiesJson,
  EvidenceList,
  FactorsJson,
  HistoryJson,
  OffenceJson,
  RankJson,
  SeatJson,
  StandingJson,
  ValidatorJson,
  ValidatorsEvent
} from './validator-types.ts'
