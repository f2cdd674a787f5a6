import assert from 'node:assert/strict'
import { encodeResults } from '../../../src/codec/results.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { receivedWrites } from '../../../src/store/received.ts'
import { dropRows } from '../../../src/store/retention-rows.ts'

const [A, B] = [shardId(1), shardId(2)]
const receipt = (source: typeof A, sequence: number) =>
  ({ source, sequence, refusal: undefined, refund: undefined }) as const

describe('store/retention-rows', () => {
  it('R16: where the receipts of a block were delivered is forgotten with the block, and no other one', () => {
    const received = [receipt(A, 4), receipt(A, 5), receipt(B, 9)]
    const of = new Map([[7, encodeResults({ results: [], received, emitted: [] })]])
    const kept = {
      network: new Uint8Array(32),
      hashAt: () => undefined,
      body: () => undefined,
      results: (height: number) => of.get(height)
    }
    const dropped = (from: number, to: number): string[] =>
      dropRows(kept, from, to).writes.map(({ type, key }) => `${type} ${toHex(key)}`)
    const rows = receivedWrites(received, 7).map(({ key }) => `del ${toHex(key)}`)
    assert.equal(rows.length, 2)
    for (const row of rows) {
      assert.ok(dropped(7, 8).includes(row))
      assert.ok(!dropped(6, 7).includes(row))
      assert.ok(!dropped(8, 9).includes(row))
    }
  })
})
