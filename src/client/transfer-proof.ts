/**
 * Checks a transfer proof with nothing but the genesis, or the genesis and a checkpoint (PRF-1): no node is asked, and
 * nothing that a node said is believed. Pure; runs in browsers.
 */
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { judgeTransferProof } from '../chain/transfer-proof.ts'
import type { JudgedTransfer } from '../chain/transfer-proof.ts'
import type { Holds, ProofCode, ProofTrust } from '../chain/epoch-walk.ts'
import {
  RECEIPT_ACTIVATION,
  RECEIPT_CALL,
  RECEIPT_REFUND,
  RECEIPT_SYSTEM,
  RECEIPT_VALUE
} from '../codec/receipt.ts'
import { decode } from '../codec/ssz.ts'
import { TransferProofType } from '../codec/transfer-proof.ts'
import { refusalByNumber } from '../codec/refusals.ts'
import { blockHash } from '../codec/block.ts'
import { certificateJobs } from '../consensus/certificate-check.ts'
import { encodeAddress } from '../crypto/address.ts'
import { verify } from '../crypto/ed25519.ts'
import { networkId } from '../params/genesis.ts'
import type { GenesisCode } from '../params/genesis.ts'
import { parseGenesis } from '../params/genesis-json.ts'
import { toHex } from '../primitives/bytes.ts'
import { COORD, chainToJson } from '../primitives/chain-id.ts'
import { accept } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { genesisCommitteeRecords } from '../sharding/snapshot.ts'
import type { ProvenTransfer } from './receipt-types.ts'

export type { ProofCode, ProofTrust } from '../chain/epoch-walk.ts'
export type { ProvenTransfer } from './receipt-types.ts'

/** The trust that the text of a genesis file gives, and the checkpoint that the caller vouches for. */
export function proofTrust(
  genesisJson: string,
  checkpoint?: ProofTrust['checkpoint']
): Verdict<ProofTrust, GenesisCode> {
  const genesis = parseGenesis(genesisJson)
  if (!genesis.ok) return genesis
  return accept({
    network: networkId(genesis.value),
    shards: genesis.value.shards,
    genesisHash: buildChainGenesis(genesis.value, COORD).block.hash,
    records: genesisCommitteeRecords(genesis.value),
    ...(checkpoint === undefined ? {} : { checkpoint })
  })
}

/** @returns what is proven, or why nothing is. */
export function verifyTransferProof(
  bytes: Uint8Array,
  trust: ProofTrust
): Verdict<ProvenTransfer, ProofCode> {
  const judged = judgeTransferProof(bytes, trust, certificateHolds(trust.network))
  return judged.ok ? accept(describeTransfer(judged.value)) : judged
}

/** C5, on this thread. */
export const certificateHolds =
  (network: Uint8Array): Holds =>
  (certificate, committee) => {
    const jobs = certificateJobs(network, committee, certificate)
    return (
      jobs.ok &&
      jobs.value.every(({ signature, message, publicKey }) => verify(signature, message, publicKey))
    )
  }

/** What a proof says of itself, nothing of it checked; undefined where it says nothing. */
export function readTransferProof(bytes: Uint8Array): ProvenTransfer | undefined {
  const decoded = decode(TransferProofType, bytes)
  if (!decoded.ok) return undefined
  const { sequence, source, outcome } = decoded.value
  const receipt = source.entry.receipts.find((each) => each.sequence === sequence)
  const [block] = outcome.headers
  const code = outcome.run.codes[sequence - outcome.run.first]
  if (receipt === undefined || block === undefined || code === undefined) return undefined
  return describeTransfer({ receipt, emittedAt: source.entry.height, block, code })
}

const KINDS: ReadonlyMap<number, ProvenTransfer['kind']> = new Map([
  [RECEIPT_VALUE, 'value'],
  [RECEIPT_CALL, 'call'],
  [RECEIPT_REFUND, 'refund'],
  [RECEIPT_ACTIVATION, 'activation'],
  [RECEIPT_SYSTEM, 'system']
] as const)
/** R8: nothing answers these, so what cannot be placed is lost and found. */
const UNREFUSED: ReadonlySet<ProvenTransfer['kind']> = new Set(['refund', 'activation', 'system'])

function describeTransfer({ receipt, emittedAt, block, code }: JudgedTransfer): ProvenTransfer {
  const kind = KINDS.get(receipt.kind) ?? 'unknown'
  const carriesValue = receipt.consumer > 0n || receipt.industrial > 0n
  const failed = carriesValue && UNREFUSED.has(kind) ? 'lost' : 'refused'
  return {
    transaction: toHex(receipt.origin),
    kind,
    sender: encodeAddress(receipt.sender),
    receiver: encodeAddress(receipt.receiver),
    consumer: receipt.consumer.toString(),
    industrial: receipt.industrial.toString(),
    source: { chain: chainToJson(receipt.source), height: emittedAt, sequence: receipt.sequence },
    destination: {
      chain: chainToJson(receipt.destination),
      height: block.height,
      hash: toHex(blockHash(block)),
      timeMs: block.timeMs
    },
    outcome: code === 0 ? 'credited' : failed,
    ...(code === 0 ? {} : { reason: refusalByNumber(code) ?? String(code) })
  }
}
