/** Makes a supply proof (PRF-8) out of the last final state of every chain; only a node that follows all of them can. */
import type { Header } from '../codec/block.ts'
import type { Certificate } from '../codec/statement.ts'
import { SUPPLY_PROOF_VERSION, SupplyProofType } from '../codec/supply-proof.ts'
import type { ProvenTotals } from '../codec/supply-proof.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { TOTALS_KEY } from '../state/keys.ts'
import type { StateView } from '../state/ports.ts'
import { proveKey } from '../state/proof.ts'
import { readTotals } from '../state/supply.ts'
import { proveEpochs } from './epoch-links.ts'
import type { EpochSources } from './epoch-links.ts'

/** A chain at its last final block. */
export interface ProvableChain {
  readonly header: Header
  readonly certificate: Certificate | undefined
  readonly state: StateView
}

/** @param chains the coordination chain, then all shards in order */
export function makeSupplyProof(
  sources: EpochSources,
  chains: readonly ProvableChain[],
  checkpoint?: number
): Verdict<Uint8Array, 'PROOF_UNAVAILABLE'> {
  const proven: ProvenTotals[] = []
  for (const { header, certificate, state } of chains) {
    if (certificate === undefined) {
      return refuse('PROOF_UNAVAILABLE', 'a chain has no final block above genesis yet')
    }
    const totals = readTotals(state)
    proven.push({ header, certificate, totals, proof: proveKey(state, TOTALS_KEY) })
  }
  const used = proven.map(({ certificate: { epoch } }) => epoch)
  const walk = proveEpochs(sources, used, checkpoint)
  return walk.ok
    ? accept(SupplyProofType.serialize({ version: SUPPLY_PROOF_VERSION, ...walk.value, chains: proven }))
    : walk
}
