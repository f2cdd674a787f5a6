import { deepEqual, equal, ok } from 'node:assert/strict'
import { isEpochKnownAt, readDelivery } from '../../../src/chain/delivery.ts'
import { DeliveryType } from '../../../src/codec/receipt.ts'
import type { Delivery, Receipt } from '../../../src/codec/receipt.ts'
import { NOTARISE } from '../../../src/codec/statement.ts'
import { blockHash } from '../../../src/codec/block.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { fc } from '../../support/fast-check.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'

function scene(): { a: LaneChain; b: LaneChain; delivery: Delivery } {
  const [a, b] = laneChains(3) as [LaneChain, LaneChain]
  const pay = (ahead: number) => a.pay(a.parties[0]!, b.parties[0]!.address, 5n, ahead)
  a.run({ transactions: [pay(0), pay(1)] })
  a.run({ transactions: [pay(0)] })
  b.run({ transactions: [b.pay(b.parties[0]!, a.parties[0]!.address, 5n)] })
  a.run({ deliveries: a.deliveries(b) })
  return { a, b, delivery: a.assemble(b)! }
}

describe('deliveries', () => {
  const { b, delivery } = scene()
  const code = (change: Partial<Delivery>, valid = true): string => {
    const judged = b.judge({ ...delivery, ...change }, valid)
    return judged.ok ? 'ok' : judged.code
  }
  const [certificate] = delivery.certificate

  it('R5: what a source proves is what its state holds: entries, receipts and its cursor', () => {
    const judged = b.judge(delivery)
    ok(judged.ok)
    deepEqual(
      judged.value.receipts.map(({ sequence }) => sequence),
      [0, 1, 2]
    )
    equal(judged.value.acknowledgement?.cursor, 1)
    equal(delivery.entries.length, 2)
  })

  it('R5: the source is another chain of this network', () => {
    const { header } = delivery
    const of = (fields: Partial<Delivery['header']>): Partial<Delivery> => {
      const changed = { ...header, ...fields }
      return {
        header: changed,
        certificate: [{ ...certificate!, chain: changed.chain, hash: blockHash(changed) }]
      }
    }
    equal(code(of({ chain: shardId(1) })), 'delivery-source')
    equal(code(of({ chain: shardId(3) })), 'delivery-source')
    equal(code(of({ chain: COORD })), 'delivery-reference', 'of coordination, but not its final block')
    equal(code(of({ network: new Uint8Array(32) })), 'delivery-source')
  })

  it('R5: the certificate is the finality of that header, and holds', () => {
    equal(code({ certificate: [] }), 'delivery-certificate')
    equal(code({}, false), 'delivery-certificate')
    equal(code({ certificate: [{ ...certificate!, kind: NOTARISE }] }), 'delivery-certificate')
    equal(code({ certificate: [{ ...certificate!, chain: shardId(2) }] }), 'delivery-certificate')
    equal(code({ certificate: [{ ...certificate!, epoch: 1 }] }), 'delivery-certificate')
    equal(code({ certificate: [{ ...certificate!, hash: new Uint8Array(32) }] }), 'delivery-certificate')
  })

  it('R6: the committee of the header is frozen at or below the reference', () => {
    const params = { epochLength: 20, freezeDistance: 4 }
    equal(isEpochKnownAt(0, 0, params), true)
    equal(isEpochKnownAt(1, 15, params), false)
    equal(isEpochKnownAt(1, 16, params), true)
    const header = { ...delivery.header, epoch: 1 }
    equal(
      code({ header, certificate: [{ ...certificate!, epoch: 1, hash: blockHash(header) }] }),
      'delivery-epoch'
    )
  })

  it('R5: proofs hold under the state root of that very header', () => {
    const header = { ...delivery.header, stateRoot: new Uint8Array(32).fill(9) }
    equal(code({ header, certificate: [{ ...certificate!, hash: blockHash(header) }] }), 'delivery-proof')
    const [first, second] = delivery.entries
    equal(code({ entries: [{ ...first!, proof: second!.proof }] }), 'delivery-proof')
    equal(code({ entries: [{ ...first!, entry: { ...first!.entry, height: 3 } }] }), 'delivery-proof')
    const [acknowledgement] = delivery.acknowledgement
    const ahead = { ...acknowledgement!, lane: { ...acknowledgement!.lane, cursor: 9 } }
    equal(code({ acknowledgement: [ahead] }), 'delivery-proof')
    equal(code({ acknowledgement: [] }), 'ok')
  })

  it('R5: all receipts of an entry, unchanged, entry after entry', () => {
    const [first, second] = delivery.entries
    equal(code({ entries: [first!] }), 'ok')
    equal(code({ entries: [second!] }), 'ok', 'where it begins is for the cursor to say')
    equal(code({ entries: [second!, first!] }), 'delivery-receipts')
    equal(code({ entries: [first!, first!] }), 'delivery-receipts')
    const [one, two] = first!.entry.receipts
    const having = (...receipts: Receipt[]): string =>
      code({ entries: [{ ...first!, entry: { ...first!.entry, receipts } }] })
    equal(having(one!, two!), 'ok')
    equal(having(one!), 'delivery-proof')
    equal(having({ ...one!, consumer: 6n }, two!), 'delivery-proof')
    equal(having(two!, one!), 'delivery-receipts')
    equal(having(one!, { ...two!, sequence: 2 }), 'delivery-receipts')
    equal(having({ ...one!, source: shardId(2) }, two!), 'delivery-receipts')
    equal(having({ ...one!, destination: shardId(2) }, two!), 'delivery-receipts')
    equal(having(), 'delivery-receipts')
  })

  it('R5: another chain cannot use what was proven for this one', () => {
    const [, , c] = laneChains(3)
    const judged = c!.judge(delivery)
    ok(!judged.ok && judged.code === 'delivery-receipts')
  })

  it('R5: any byte changed anywhere is refused', () => {
    const bytes = DeliveryType.serialize(delivery)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = changed[at]! ^ flip
        const read = readDelivery(changed)
        if (!read.ok) return
        // Signatures are the caller's to verify, and so is the statement they are over.
        const { certificate: held } = read.value
        const isSigned =
          held[0] !== undefined && DeliveryType.fields.certificate.equals(held, delivery.certificate)
        ok(!b.judge(read.value, isSigned).ok)
      })
    )
  })
})
