/**
 * Audits the supply of a network with its genesis and nothing that a node says (PRF-8, R11): every chain holds, with
 * what it sent and without what it received, what the genesis gave it; so all of them together hold what was issued.
 */
import { judgeSupplyProof } from '../chain/supply-proof.ts'
import type { ProofCode, ProofTrust } from '../chain/epoch-walk.ts'
import { blockHash } from '../codec/block.ts'
import type { ProvenTotals } from '../codec/supply-proof.ts'
import type { GenesisCode } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { parseGenesis } from '../params/genesis-json.ts'
import { genesisShare, sumOfAccounts } from '../params/supply.ts'
import { toHex } from '../primitives/bytes.ts'
import { chainToJson } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { scheduledEmission } from '../state/emission.ts'
import { holdings } from '../state/supply.ts'
import type { Place } from './place-types.ts'
import { certificateHolds, proofTrust } from './transfer-proof.ts'

/** Of one token, in base units. */
export interface AuditedAmounts {
  readonly issued: bigint
  readonly held: bigint
  readonly sent: bigint
  readonly received: bigint
}

/** And what the chain has emitted of its reserve, with what the schedule of the genesis allows by that height (EMI-4). */
export interface AuditedToken extends AuditedAmounts {
  readonly reserve: bigint
  readonly emitted: bigint
  readonly scheduled: bigint
}

export interface AuditedChain {
  readonly place: Place
  readonly timeMs: number
  readonly consumer: AuditedToken
  readonly industrial: AuditedToken
}

export interface SupplyAudit {
  /** Every chain accounts for what its genesis gave it, and emitted what it should. */
  readonly ok: boolean
  readonly chains: readonly AuditedChain[]
  /** All chains together; `sent` less `received`, modulo 2^64, was in flight between the heights of the proof. */
  readonly consumer: AuditedAmounts
  readonly industrial: AuditedAmounts
}

const TOKENS = ['consumer', 'industrial'] as const
type Token = (typeof TOKENS)[number]

/** @returns the audit, whose outcome is `ok`; or why the proof shows nothing. */
export function verifySupplyProof(
  bytes: Uint8Array,
  genesisJson: string,
  checkpoint?: ProofTrust['checkpoint']
): Verdict<SupplyAudit, ProofCode | GenesisCode> {
  const genesis = parseGenesis(genesisJson)
  if (!genesis.ok) return genesis
  const trust = proofTrust(genesisJson, checkpoint)
  if (!trust.ok) return trust
  const judged = judgeSupplyProof(bytes, trust.value, certificateHolds(trust.value.network))
  if (!judged.ok) return judged
  const chains = judged.value.map((proven) => auditChain(genesis.value, proven))
  return accept({
    ok: chains.every((chain) => TOKENS.every((token) => isWhole(chain[token]))),
    chains,
    consumer: sum(chains, 'consumer'),
    industrial: sum(chains, 'industrial')
  })
}

/** STA-4: or a chain could hold all that its counters go around at, and more. */
const isCounted = ({ held }: AuditedAmounts): boolean => held < 2n ** 64n

const isWhole = (token: AuditedToken): boolean =>
  isCounted(token) && supplyDifference(token) === 0n && token.emitted === token.scheduled

/** What is there too much or, below 0, is missing. Sums over lanes go around at 2^64 (R11). */
export const supplyDifference = ({ issued, held, sent, received }: AuditedAmounts): bigint =>
  BigInt.asIntN(64, held + sent - received - issued)

function auditChain(genesis: Genesis, { header, totals }: ProvenTotals): AuditedChain {
  const issued = issuedOn(genesis, header.chain)
  const held = holdings(totals)
  const { reserve } = genesisShare(genesis, header.chain)
  const due = scheduledEmission(header.height, genesis.params)
  return {
    place: { chain: chainToJson(header.chain), height: header.height, hash: toHex(blockHash(header)) },
    timeMs: header.timeMs,
    consumer: {
      issued: issued.consumer,
      held: held.consumer,
      sent: totals.sentConsumer,
      received: totals.receivedConsumer,
      ...emissionOf(reserve.consumer, totals.reserveConsumer, due.consumer)
    },
    industrial: {
      issued: issued.industrial,
      held: held.industrial,
      sent: totals.sentIndustrial,
      received: totals.receivedIndustrial,
      ...emissionOf(reserve.industrial, totals.reserveIndustrial, due.industrial)
    }
  }
}

const emissionOf = (given: bigint, reserve: bigint, due: bigint) => ({
  reserve,
  emitted: given - reserve,
  scheduled: due < given ? due : given
})

function issuedOn(genesis: Genesis, chain: ChainId): Readonly<Record<Token, bigint>> {
  const { accounts, reserve } = genesisShare(genesis, chain)
  const { consumer, industrial } = sumOfAccounts(accounts)
  return { consumer: consumer + reserve.consumer, industrial: industrial + reserve.industrial }
}

function sum(chains: readonly AuditedChain[], token: Token): AuditedAmounts {
  const total = { issued: 0n, held: 0n, sent: 0n, received: 0n }
  for (const chain of chains) {
    total.issued += chain[token].issued
    total.held += chain[token].held
    total.sent += chain[token].sent
    total.received += chain[token].received
  }
  return total
}
