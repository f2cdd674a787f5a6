/** Who votes and leads now, by the genesis and nothing that a node says (PRF-9, C32). */
import { judgeCommitteeProof } from '../chain/committee-proof.ts'
import type { ProofCode, ProofTrust } from '../chain/epoch-walk.ts'
import type { GenesisCode } from '../params/genesis.ts'
import { toHex } from '../primitives/bytes.ts'
import { chainToJson } from '../primitives/chain-id.ts'
import { accept } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import type { ChainJson, Place } from './place-types.ts'
import { certificateHolds, proofTrust } from './transfer-proof.ts'

export interface CheckedCommittee {
  readonly chain: ChainJson
  readonly n: number
  readonly quorum: number
  readonly f: number
  readonly k: number
  readonly diversity: 'full' | 'degraded'
  /** In key order. */
  readonly validators: readonly { readonly validator: string; readonly cooperative: number }[]
}

export interface LightCheck {
  readonly epoch: number
  /** The final coordination block that the check ends with. */
  readonly place: Place
  readonly timeMs: number
  /** Shards in the order of their numbers, then the coordination chain. */
  readonly committees: readonly CheckedCommittee[]
}

/** Verifies the committees of the running epoch from the genesis, or from a block that the reader vouches for. */
export function verifyCommitteeProof(
  bytes: Uint8Array,
  genesisJson: string,
  checkpoint?: ProofTrust['checkpoint']
): Verdict<LightCheck, ProofCode | GenesisCode> {
  const trust = proofTrust(genesisJson, checkpoint)
  if (!trust.ok) return trust
  const judged = judgeCommitteeProof(bytes, trust.value, certificateHolds(trust.value.network))
  if (!judged.ok) return judged
  const { header, hash, snapshot } = judged.value
  return accept({
    epoch: snapshot.epoch,
    place: { chain: chainToJson(header.chain), height: header.height, hash: toHex(hash) },
    timeMs: header.timeMs,
    committees: [...snapshot.committees.values()]
      .toSorted((a, b) => a.chain - b.chain)
      .map(({ chain, members, quorum, faults, cooperativesPerQuorum, diversity }) => ({
        chain: chainToJson(chain),
        n: members.length,
        quorum,
        f: faults,
        k: cooperativesPerQuorum,
        diversity,
        validators: members.map(({ key, cooperative }) => ({ validator: toHex(key), cooperative }))
      }))
  })
}
