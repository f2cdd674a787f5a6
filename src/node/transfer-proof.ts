/**
 * Makes a transfer proof (PRF-1) out of what a node holds of the coordination chain and of the receipt's destination:
 * the block that took the receipt in carries the source's proof of it. The source itself need not be followed.
 */
import { readDelivery } from '../chain/delivery.ts'
import type { Header } from '../codec/block.ts'
import { outcomeRuns, proveOutcome } from '../codec/outcome.ts'
import type { DeliveredEntry, Delivery } from '../codec/receipt.ts'
import { decodeResults } from '../codec/results.ts'
import type { EpochProof } from '../codec/state-snapshot.ts'
import { PROOF_HEADERS_MAX } from '../codec/state-snapshot.ts'
import { TRANSFER_PROOF_VERSION, TransferProofType } from '../codec/transfer-proof.ts'
import type { EpochLink, EpochStart, OutcomeProof, SourceProof } from '../codec/transfer-proof.ts'
import type { Genesis } from '../params/genesis.ts'
import { equal } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { coordGenesisExtra } from '../sharding/snapshot.ts'
import type { ChainStore } from '../store/chain-store.ts'

export interface TransferProofSources {
  readonly genesis: Genesis
  readonly coord: Pick<ChainStore, 'epochProof' | 'header' | 'final'>
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

type Answer<T> = Verdict<T, 'PROOF_UNAVAILABLE'>
const unavailable = (detail: string) => refuse('PROOF_UNAVAILABLE', detail)

/** @returns the encoding of the proof */
export async function makeTransferProof(
  sources: TransferProofSources,
  { source, sequence, checkpoint }: WantedProof
): Promise<Answer<Uint8Array>> {
  const delivered = await sources.destination.deliveryOf(source, sequence)
  if (delivered === undefined) return unavailable('the destination has not taken the receipt in yet')
  const carried = findEntry(sources, delivered.height, source, sequence)
  const [certificate] = carried?.delivery.certificate ?? []
  const receipt = carried?.found.entry.receipts.find((each) => each.sequence === sequence)
  if (carried === undefined || certificate === undefined || receipt === undefined) {
    return unavailable('the block that took the receipt in is not held here')
  }
  const { header } = carried.delivery
  const { entry, proof } = carried.found
  const outcome = await proveAnswer(sources, delivered.height, { source, sequence })
  if (!outcome.ok) return outcome
  const epochs: readonly [number, number] = [header.epoch, outcome.value.certificate.epoch]
  const start = checkpoint === undefined ? accept([]) : startAt(sources, checkpoint, Math.min(...epochs))
  if (!start.ok) return start
  const walk = linkEpochs(sources, start.value, Math.max(...epochs))
  if (!walk.ok) return walk
  const from: SourceProof = { header, certificate, entry, proof }
  return accept(
    TransferProofType.serialize({
      version: TRANSFER_PROOF_VERSION,
      start: start.value,
      epochs: walk.value,
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
): Promise<Answer<OutcomeProof>> {
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

/** PRF-3: the newest epoch that is frozen at or below the checkpoint, and is needed. */
function startAt(
  { coord, genesis }: TransferProofSources,
  checkpoint: number,
  needed: number
): Answer<EpochStart[]> {
  const { epochLength, freezeDistance } = genesis.params
  const epoch = Math.min(Math.floor((checkpoint + freezeDistance) / epochLength), needed)
  const proof = epoch < 1 ? undefined : coord.epochProof(epoch)
  const [freeze] = proof?.headers ?? []
  if (proof === undefined || freeze === undefined || checkpoint > coord.final.height) {
    return unavailable('the transfer is not provable from that checkpoint: take an older one, or the genesis')
  }
  const headers = headersOf(coord, freeze.height, checkpoint)
  return headers === undefined
    ? unavailable('the checkpoint is too far above the transfer: take an older one, or the genesis')
    : accept([{ headers, records: proof.records }])
}

/** PRF-4: links from the epoch that the start gives up to `last`. */
function linkEpochs(
  { coord, genesis }: TransferProofSources,
  [start]: readonly EpochStart[],
  last: number
): Answer<EpochLink[]> {
  const { epochLength, freezeDistance } = genesis.params
  const [freeze] = start?.headers ?? []
  const first = freeze === undefined ? 0 : (freeze.height + freezeDistance) / epochLength
  let values: readonly Uint8Array[] =
    start?.records.map(({ value }) => value) ?? coordGenesisExtra(genesis).map(([, value]) => value)
  const links: EpochLink[] = []
  for (let epoch = first + 1; epoch <= last; epoch++) {
    const proof = coord.epochProof(epoch)
    if (proof === undefined) return unavailable(`the proof of epoch ${epoch} is not held here`)
    links.push(linkOf(proof, values))
    values = proof.records.map(({ value }) => value)
  }
  return accept(links)
}

const linkOf = ({ headers, certificate, records }: EpochProof, before: readonly Uint8Array[]): EpochLink => ({
  headers,
  certificate,
  records: records.map(({ value, proof }, index) => {
    const known = before[index]
    return { value: known !== undefined && equal(known, value) ? [] : [value], proof }
  })
})

function headersOf(store: Pick<ChainStore, 'header'>, from: number, to: number): Header[] | undefined {
  if (to < from || to - from >= PROOF_HEADERS_MAX) return undefined
  const headers: Header[] = []
  for (let height = from; height <= to; height++) {
    const header = store.header(height)
    if (header === undefined) return undefined
    headers.push(header)
  }
  return headers
}
