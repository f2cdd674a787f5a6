/** The deliveries of a block, decoded, each with what its certificate is worth (R5). */
import type { BlockCode, ReadDelivery } from '../../chain/judge.ts'
import { readDelivery } from '../../chain/delivery.ts'
import type { Block } from '../../codec/block.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import type { Executor } from './executor.ts'

export async function readDeliveries(
  { body }: Block,
  executor: Pick<Executor, 'certificateHolds'>
): Promise<Verdict<ReadDelivery[], BlockCode>> {
  const read: ReadDelivery[] = []
  for (const bytes of body.deliveries) {
    const delivery = readDelivery(bytes)
    if (!delivery.ok) return refuse('bad-delivery', delivery.detail)
    const [certificate] = delivery.value.certificate
    const certificateValid = certificate !== undefined && (await executor.certificateHolds(certificate))
    read.push({ bytes, delivery: delivery.value, certificateValid })
  }
  return accept(read)
}
