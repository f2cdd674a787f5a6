/** Evidence as it travels, with what its signatures say under the committees of its epochs (C30). */
import type { ReadEvidence } from '../../chain/evidence.ts'
import { decodeEvidence, isGuilty, judgeEvidence } from '../../consensus/evidence.ts'
import type { Accusation, EvidenceCode } from '../../consensus/evidence.ts'
import type { Verifier } from '../../crypto/ports.ts'
import type { Verdict } from '../../primitives/result.ts'
import type { EpochBook } from './epoch-book.ts'

export interface EvidenceSurroundings {
  readonly network: Uint8Array
  readonly epochs: Pick<EpochBook, 'committee'>
  readonly verifier: Verifier
}

export function accusationOf(
  bytes: Uint8Array,
  { network, epochs }: EvidenceSurroundings
): Verdict<Accusation, EvidenceCode> {
  const decoded = decodeEvidence(bytes)
  if (!decoded.ok) return decoded
  return judgeEvidence(decoded.value, network, (chain, epoch) => epochs.committee(chain, epoch))
}

export async function readEvidence(
  items: readonly Uint8Array[],
  around: EvidenceSurroundings
): Promise<ReadEvidence[]> {
  const read: ReadEvidence[] = []
  for (const bytes of items) {
    const accused = accusationOf(bytes, around)
    const isProven = accused.ok && (await isGuiltyBy(accused.value, around.verifier))
    read.push({ bytes, offence: isProven ? accused.value.offence : undefined })
  }
  return read
}

export const isGuiltyBy = async (accusation: Accusation, verifier: Verifier): Promise<boolean> =>
  isGuilty(accusation, await verifier.verify([...accusation.holds, ...accusation.fails], { urgent: true }))
