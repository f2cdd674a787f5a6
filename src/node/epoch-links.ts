/** The epochs between what a reader trusts and what a proof uses (PRF-3, PRF-4), from what coordination keeps of them. */
import type { Header } from '../codec/block.ts'
import { PROOF_HEADERS_MAX } from '../codec/state-snapshot.ts'
import type { EpochProof } from '../codec/state-snapshot.ts'
import { EpochLinkType } from '../codec/transfer-proof.ts'
import type { EpochLink, EpochStart } from '../codec/transfer-proof.ts'
import type { Genesis } from '../params/genesis.ts'
import { equal } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { COMMITTEE_KEYS } from '../sharding/epoch-records.ts'
import { genesisCommitteeRecords } from '../sharding/snapshot.ts'
import type { ChainStore } from '../store/chain-store.ts'

export interface EpochSources {
  readonly genesis: Genesis
  readonly coord: Pick<ChainStore, 'epochProof' | 'header' | 'final'>
}

/** A proof grows with every epoch since what its reader trusts; one answer must not take a node's memory. */
export const LINKS_BYTES_MAX = 8 * 1024 * 1024

export type ProofAnswer<T> = Verdict<T, 'PROOF_UNAVAILABLE'>
export const unavailable = (detail: string): Refusal<'PROOF_UNAVAILABLE'> =>
  refuse('PROOF_UNAVAILABLE', detail)

/**
 * @param used epochs whose committees the proof needs
 * @param checkpoint height of a coordination block that the reader vouches for, instead of the genesis
 */
export function proveEpochs(
  sources: EpochSources,
  used: readonly number[],
  checkpoint?: number
): ProofAnswer<{ start: EpochStart[]; epochs: EpochLink[] }> {
  const start = checkpoint === undefined ? accept([]) : startAt(sources, checkpoint, Math.min(...used))
  if (!start.ok) return start
  const epochs = linkEpochs(sources, start.value, Math.max(...used))
  return epochs.ok ? accept({ start: start.value, epochs: epochs.value }) : epochs
}

/** PRF-3: the newest epoch that is frozen at or below the checkpoint, and is needed. */
function startAt(
  { coord, genesis }: EpochSources,
  checkpoint: number,
  needed: number
): ProofAnswer<EpochStart[]> {
  const { epochLength, freezeDistance } = genesis.params
  const epoch = Math.min(Math.floor((checkpoint + freezeDistance) / epochLength), needed)
  const proof = epoch < 1 ? undefined : coord.epochProof(epoch)
  const [freeze] = proof?.headers ?? []
  if (proof === undefined || freeze === undefined || checkpoint > coord.final.height) {
    return unavailable('nothing is provable from that checkpoint: take an older one, or the genesis')
  }
  const headers = headersOf(coord, freeze.height, checkpoint)
  return headers === undefined
    ? unavailable('the checkpoint is too far above what is to be proven: take an older one, or the genesis')
    : accept([{ headers, records: proof.records.slice(0, COMMITTEE_KEYS.length) }])
}

/** PRF-4: links from the epoch that the start gives up to `last`. */
function linkEpochs(
  { coord, genesis }: EpochSources,
  [start]: readonly EpochStart[],
  last: number
): ProofAnswer<EpochLink[]> {
  const { epochLength, freezeDistance } = genesis.params
  const [freeze] = start?.headers ?? []
  const first = freeze === undefined ? 0 : (freeze.height + freezeDistance) / epochLength
  let values: readonly Uint8Array[] =
    start?.records.map(({ value }) => value) ?? genesisCommitteeRecords(genesis)
  const links: EpochLink[] = []
  let bytes = 0
  for (let epoch = first + 1; epoch <= last; epoch++) {
    const proof = coord.epochProof(epoch)
    if (proof === undefined) return unavailable(`the proof of epoch ${epoch} is not held here`)
    const link = linkOf(proof, values)
    bytes += EpochLinkType.value_serializedSize(link)
    if (bytes > LINKS_BYTES_MAX) {
      const from = `the epochs before ${epoch} alone are ${LINKS_BYTES_MAX} bytes`
      return unavailable(`${from}: name a final coordination block of a later one as the checkpoint`)
    }
    links.push(link)
    values = proof.records.map(({ value }) => value)
  }
  return accept(links)
}

const linkOf = ({ headers, certificate, records }: EpochProof, before: readonly Uint8Array[]): EpochLink => ({
  headers,
  certificate,
  records: records.slice(0, COMMITTEE_KEYS.length).map(({ value, proof }, index) => {
    const known = before[index]
    return { value: known !== undefined && equal(known, value) ? [] : [value], proof }
  })
})

export function headersOf(store: Pick<ChainStore, 'header'>, from: number, to: number): Header[] | undefined {
  if (to < from || to - from >= PROOF_HEADERS_MAX) return undefined
  const headers: Header[] = []
  for (let height = from; height <= to; height++) {
    const header = store.header(height)
    if (header === undefined) return undefined
    headers.push(header)
  }
  return headers
}
