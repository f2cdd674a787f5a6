/** What a supply proof shows (PRF-8): the totals of every chain, each under a final header of its own. */
import { equal } from '../primitives/bytes.ts'
import { COORD, chainName, shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { blockHash } from '../codec/block.ts'
import { decode } from '../codec/ssz.ts'
import { ChainTotalsType } from '../codec/state-records.ts'
import { SUPPLY_PROOF_VERSION, SupplyProofType } from '../codec/supply-proof.ts'
import type { ProvenTotals } from '../codec/supply-proof.ts'
import { TOTALS_KEY } from '../state/keys.ts'
import { verifyProof } from '../state/proof.ts'
import { certifies, walkEpochs } from './epoch-walk.ts'
import type { Holds, ProofCode, ProofTrust } from './epoch-walk.ts'

export function judgeSupplyProof(
  bytes: Uint8Array,
  trust: ProofTrust,
  holds: Holds
): Verdict<readonly ProvenTotals[], ProofCode> {
  const decoded = decode(SupplyProofType, bytes)
  if (!decoded.ok) return refuse('proof-malformed', decoded.detail)
  const { version, chains } = decoded.value
  if (version !== SUPPLY_PROOF_VERSION) return refuse('proof-malformed', `version ${version}`)
  if (chains.length !== trust.shards + 1) {
    return refuse('proof-chains', `${chains.length} chains of ${trust.shards + 1}`)
  }
  for (const [index, each] of chains.entries()) {
    const refusal = judgeTotals(each, index === 0 ? COORD : shardId(index - 1), trust)
    if (refusal !== undefined) return refusal
  }
  const used = chains.map(({ certificate }) => certificate)
  return walkEpochs(decoded.value, used, trust, holds) ?? accept(chains)
}

function judgeTotals(
  { header, certificate, totals, proof }: ProvenTotals,
  chain: ChainId,
  { network }: ProofTrust
): Refusal<ProofCode> | undefined {
  if (header.chain !== chain || !equal(header.network, network)) {
    return refuse('proof-chains', `chain ${chainName(header.chain)} in the place of ${chainName(chain)}`)
  }
  const misfit = certifies(certificate, header, blockHash(header))
  if (misfit !== undefined) return misfit
  return verifyProof(header.stateRoot, TOTALS_KEY, ChainTotalsType.serialize(totals), proof)
    ? undefined
    : refuse('proof-totals', `the totals of chain ${chainName(chain)} are not in its state`)
}
