/** The deliveries of a block, decoded, each with what its certificate is worth (R5). What is none is for the judge. */
import { readDelivery } from '../../chain/delivery.ts'
import type { ReadDelivery } from '../../chain/judge.ts'
import type { Block } from '../../codec/block.ts'
import type { Certificate } from '../../codec/statement.ts'

export async function readDeliveries(
  { body }: Block,
  certificateHolds: (certificate: Certificate) => Promise<boolean>
): Promise<ReadDelivery[]> {
  const read: ReadDelivery[] = []
  for (const bytes of body.deliveries) {
    const delivery = readDelivery(bytes)
    const certificate = delivery.ok ? delivery.value.certificate[0] : undefined
    const certificateValid = certificate !== undefined && (await certificateHolds(certificate))
    read.push({ bytes, delivery: delivery.ok ? delivery.value : undefined, certificateValid })
  }
  return read
}
