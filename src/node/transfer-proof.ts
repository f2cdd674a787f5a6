/**
 * Makes a transfer proof (PRF-1) out of what a node holds of the coordination chain and of the receipt's destination:
 * the block that took the receipt in carries the source's proof of it. The source itself need not be followed.
 */
import { readDelivery } from '../chain/delivery.ts'
import { outcomeRuns, proveOutcome } from '../codec/outcome.ts'
import type { DeliveredEntry, Delivery } from '../codec/receipt.ts'
import { decodeResults } from '../codec/results.ts'
import { TRANSFER_PROOF_VERSION, TransferProofType } from '../codec/transfer-proof.ts'
import type { OutcomeProof, SourceProof } from '../codec/transfer-proof.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept } from '../primitives/result.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { headersOf, proveEpochs, unavailable } from './epoch-links.ts'
import type { EpochSources, ProofAnswer } from './epoch-links.ts'

export interface TransferProofSources extends EpochSources {
  readonly destination: Pick<
    ChainStore,
    'deliveryOf' | 'block' | 'results' | 'certificateAtOrAbove' | 'header'
  >
}

export interface WantedProof {
  readonly source: ChainId
  readonly sequence: number
  /** Height of a coordination block that the reader vouches for, instead of the genesis. */
  readonly checkpoint?: number
}

/** @returns the encoding of the proof */
export async function makeTransferProof(
  sources: TransferProofSources,
  { source, sequence, checkpoint }: WantedProof
): Promise<ProofAnswer<Uint8Array>> {
  const delivered = await sources.destination.deliveryOf(source, sequence)
  if (delivered === undefined) return unavailable('the destination has not taken the receipt in yet')
  const carried = findEntry(sources, delivered.height, source, sequence)
  const receipt = carried?.found.entry.receipts.find((each) => each.sequence === sequence)
  if (carried === undefined || receipt === undefined) {
    return unavailable('the block that took the receipt in is not held here')
  }
  const { header, certificate } = carried.delivery
  const { entry, proof } = carried.found
  const outcome = await proveAnswer(sources, delivered.height, { source, sequence })
  if (!outcome.ok) return outcome
  const epochs = [...certificate, outcome.value.certificate].map(({ epoch }) => epoch)
  const walk = proveEpochs(sources, epochs, checkpoint)
  if (!walk.ok) return walk
  const from: SourceProof = { header, certificate, entry, proof }
  return accept(
    TransferProofType.serialize({
      version: TRANSFER_PROOF_VERSION,
      ...walk.value,
      sequence,
      transaction: receipt.origin,
      source: from,
      outcome: outcome.value
    })
  )
}

function findEntry(
  { destination }: TransferProofSources,
  height: number,
  source: ChainId,
  sequence: number
): { readonly delivery: Delivery; readonly found: DeliveredEntry } | undefined {
  for (const bytes of destination.block(height)?.body.deliveries ?? []) {
    const delivery = readDelivery(bytes)
    if (!delivery.ok || delivery.value.header.chain !== source) continue
    const found = delivery.value.entries.find(({ entry }) =>
      entry.receipts.some((receipt) => receipt.sequence === sequence)
    )
    if (found !== undefined) return { delivery: delivery.value, found }
  }
  return undefined
}

/** PRF-6. */
async function proveAnswer(
  { destination }: TransferProofSources,
  height: number,
  { source, sequence }: WantedProof
): Promise<ProofAnswer<OutcomeProof>> {
  const stored = destination.results(height)
  const certified = await destination.certificateAtOrAbove(height)
  if (stored === undefined || certified === undefined) {
    return unavailable('results of the block that took the receipt in are not held here')
  }
  const { received, entriesRoot } = decodeResults(stored)
  const runs = outcomeRuns(received)
  const index = runs.findIndex(
    (run) => run.source === source && sequence >= run.first && sequence < run.first + run.codes.length
  )
  const run = runs[index]
  const headers = headersOf(destination, height, certified.height)
  if (run === undefined || headers === undefined) return unavailable('too far from a certified block')
  const branch = proveOutcome(entriesRoot, runs, index)
  return accept({ headers, certificate: certified.certificate, run, index, branch })
}
