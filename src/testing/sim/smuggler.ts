/**
 * A leader that builds bad deliveries (R5, R10): its own process makes whole blocks of them, with the state that they
 * lead to, so that nothing but the proofs is wrong.
 */
import { DeliveryType } from '../../codec/receipt.ts'
import type { Delivery } from '../../codec/receipt.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainNode } from '../../node/chain/chain-node.ts'
import { readOutLane } from '../../node/chain/outbox.ts'
import type { StateView } from '../../state/ports.ts'
import type { CheckedDelivery } from '../../state/receipts.ts'
import type { Prng } from './prng.ts'

type Lie = (delivery: Delivery, state: Pick<StateView, 'get'>, prng: Prng) => Delivery | undefined

const EXTRA = 1_000_000n

/** More arrives than was sent. */
const raised: Lie = (delivery) => {
  const [first, ...others] = delivery.entries
  const [receipt, ...receipts] = first?.entry.receipts ?? []
  if (first === undefined || receipt === undefined) return undefined
  const more = { ...receipt, consumer: receipt.consumer + EXTRA }
  const entry = { ...first.entry, receipts: [more, ...receipts] }
  return { ...delivery, entries: [{ ...first, entry }, ...others] }
}

/** All that was sent has arrived, so the source may forget it. */
const acknowledged: Lie = (delivery, state) => {
  const [proven] = delivery.acknowledgement
  const next = readOutLane(state, delivery.header.chain)?.next ?? 0
  if (proven === undefined || next <= proven.lane.cursor) return undefined
  return { ...delivery, acknowledgement: [{ ...proven, lane: { ...proven.lane, cursor: next } }] }
}

/** Finality that nobody signed, of a header that says what one likes. */
const unsigned: Lie = (delivery, _state, prng) => {
  const [certificate] = delivery.certificate
  if (certificate === undefined) return undefined
  const signatures = certificate.signatures.map(() => prng.bytes(64))
  return { ...delivery, certificate: [{ ...certificate, signatures }] }
}

/** The order of the lane is another one, or the same comes again. */
const shuffled: Lie = (delivery) => {
  const [first] = delivery.entries
  return first === undefined ? undefined : { ...delivery, entries: [...delivery.entries, first] }
}

const LIES: readonly Lie[] = [raised, raised, acknowledged, unsigned, shuffled]
const LIE_PPM = 700_000

/** From now on the process lies in the deliveries of its own blocks, most of the time. */
export function smuggle(chains: readonly ChainNode[], prng: Prng, onFault: () => void): void {
  for (const { chain, inbox } of chains) {
    if (chain === COORD) continue
    const honest = inbox.offers.bind(inbox)
    inbox.offers = (parent, coordHeight, params) =>
      honest(parent, coordHeight, params).map((offered) => {
        if (!prng.chance(LIE_PPM)) return offered
        const delivery = DeliveryType.deserialize(offered.bytes)
        const lie = prng.pick(LIES)(delivery, parent.state, prng)
        if (lie === undefined) return offered
        onFault()
        return checkedAs(lie)
      })
  }
}

const checkedAs = (delivery: Delivery): CheckedDelivery => ({
  source: delivery.header.chain,
  bytes: DeliveryType.serialize(delivery),
  receipts: delivery.entries.flatMap(({ entry }) => entry.receipts),
  acknowledgement: delivery.acknowledgement[0]?.lane
})
