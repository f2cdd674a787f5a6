/** Domain values → the JSON of `client/types.ts`. Nothing else in this layer formats a value. */
import type {
  BlockId,
  BlockSummary,
  CertificateJson,
  CommitteeJson,
  Executed,
  HeaderJson,
  PeerEntry,
  Place,
  SupplyJson
} from '../client/types.ts'
import { SUPPLY_PARTS } from '../client/types.ts'
import type { ReceiptJson } from '../client/receipt-types.ts'
import type { Header } from '../codec/block.ts'
import { CertificateType, KIND_NAMES, isStatementKind } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import type { PeerView } from '../net/types.ts'
import { toHex } from '../primitives/bytes.ts'
import { chainToJson } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert } from '../primitives/errors.ts'
import { explainCommittee } from '../sharding/describe.ts'
import type { Committee } from '../sharding/types.ts'
import type { BlockPlace, ExecutionFacts, ReceiptFacts, SupplyFacts, Tokens } from './port.ts'

/** Nonces and mana are u64 in state and far below 2^53 in life: an integer in JSON. */
export function integer(value: bigint): number {
  const number = Number(value)
  assert(Number.isSafeInteger(number), 'a count above 2^53')
  return number
}

export const placeJson = ({ chain, height, hash }: BlockPlace): Place => ({
  chain: chainToJson(chain),
  height,
  hash: toHex(hash)
})

export const blockId = ({ height, hash }: { height: number; hash: Uint8Array }): BlockId => ({
  height,
  hash: toHex(hash)
})

export const tokensJson = (tokens: Tokens): { consumer: string; industrial: string } => ({
  consumer: tokens.consumer.toString(),
  industrial: tokens.industrial.toString()
})

export const receiptJson = ({ place, reason, refund, ...receipt }: ReceiptFacts): ReceiptJson => ({
  source: chainToJson(receipt.source),
  destination: chainToJson(receipt.destination),
  sequence: receipt.sequence,
  status: receipt.status,
  ...(place === undefined ? {} : { place: placeJson(place) }),
  ...(reason === undefined ? {} : { reason }),
  ...(refund === undefined ? {} : { refund })
})

export const executedJson = (result: ExecutionFacts): Executed => ({
  code: result.code,
  mana: integer(result.mana),
  fee: tokensJson(result.fee)
})

export function headerJson(header: Header): HeaderJson {
  return {
    version: header.version,
    network: toHex(header.network),
    chain: chainToJson(header.chain),
    epoch: header.epoch,
    height: header.height,
    view: header.view,
    timeMs: header.timeMs,
    parent: toHex(header.parent),
    coordHeight: header.coordHeight,
    coordHash: toHex(header.coordHash),
    transactionsRoot: toHex(header.transactionsRoot),
    transactionCount: header.transactionCount,
    bodyBytes: header.bodyBytes,
    bodyHash: toHex(header.bodyHash),
    deliveriesRoot: toHex(header.deliveriesRoot),
    receiptsOutRoot: toHex(header.receiptsOutRoot),
    attendanceRoot: toHex(header.attendanceRoot),
    stateRoot: toHex(header.stateRoot),
    reward: tokensJson({ consumer: header.rewardConsumer, industrial: header.rewardIndustrial }),
    proposer: toHex(header.proposer)
  }
}

export const blockSummary = (block: { header: Header; hash: Uint8Array }): BlockSummary => ({
  hash: toHex(block.hash),
  header: headerJson(block.header)
})

export function certificateJson(certificate: Certificate): CertificateJson {
  assert(isStatementKind(certificate.kind), 'a stored certificate has a known kind')
  const signers: number[] = []
  for (let i = 0; i < certificate.signers.bitLen; i++) if (certificate.signers.get(i)) signers.push(i)
  return {
    chain: chainToJson(certificate.chain),
    epoch: certificate.epoch,
    view: certificate.view,
    kind: KIND_NAMES[certificate.kind] as CertificateJson['kind'],
    hash: toHex(certificate.hash),
    signers,
    signatures: certificate.signatures.map(toHex),
    raw: toHex(CertificateType.serialize(certificate))
  }
}

export const committeeJson = (committee: Committee, epoch: number): CommitteeJson => ({
  chain: chainToJson(committee.chain),
  epoch,
  n: committee.members.length,
  quorum: committee.quorum,
  f: committee.faults,
  k: committee.cooperativesPerQuorum,
  diversity: committee.diversity,
  why: explainCommittee(committee),
  validators: committee.members.map(({ key, cooperative, weight }, index) => ({
    index,
    validator: toHex(key),
    cooperative,
    weight
  }))
})

export const peerJson = (view: PeerView): PeerEntry => ({
  peer: view.peer,
  address: view.address,
  direction: view.direction,
  agent: view.agent,
  score: view.score,
  role: view.status.role === 1 ? 'validator' : 'follower',
  chains: view.status.chains.map(({ chain, epoch, finalHeight, finalHash }) => ({
    chain: chainToJson(chain as ChainId),
    epoch,
    final: blockId({ height: finalHeight, hash: finalHash })
  }))
})

export function supplyJson(facts: SupplyFacts, token: keyof Tokens): SupplyJson {
  return Object.fromEntries(SUPPLY_PARTS.map((part) => [part, facts[part][token].toString()])) as SupplyJson
}
