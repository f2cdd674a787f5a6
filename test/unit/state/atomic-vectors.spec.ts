/** Runs protocols/vectors/atomic.json: what is refused without state, what is signed, and how each story ends. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { AtomicRecordType, MultiTransferType, cosignedBytes } from '../../../src/codec/atomic.ts'
import type { AtomicTerms } from '../../../src/codec/atomic.ts'
import { ReceiptType } from '../../../src/codec/receipt.ts'
import { verify } from '../../../src/crypto/ed25519.ts'
import { fromHex, toHex } from '../../../src/primitives/bytes.ts'
import { multiTransfer } from '../../../src/state/actions/multi-transfer.ts'
import { readJson } from '../../support/repository.ts'

interface Block {
  readonly chain: number
  readonly height: number
  readonly receipts: readonly string[]
  readonly outcomes: readonly number[]
  readonly emitted: readonly string[]
  readonly changes: Readonly<Record<string, readonly string[]>>
}
interface File {
  readonly network: string
  readonly shards: number
  readonly sender: string
  readonly cosigned: {
    readonly terms: {
      readonly sender: string
      readonly chain: number
      readonly nonce: string
      readonly validUntil: number
      readonly heights: number
      readonly legs: readonly {
        readonly from: string
        readonly to: string
        readonly consumer: string
        readonly industrial: string
      }[]
    }
    readonly sequence: number
    readonly message: string
    readonly key: string
    readonly signature: string
  }
  readonly legs: readonly {
    readonly name: string
    readonly payload: string
    readonly verdict: string
    readonly others: readonly number[]
    readonly cost: string
  }[]
  readonly stories: readonly {
    readonly name: string
    readonly id: string
    readonly blocks: readonly Block[]
  }[]
}

describe('Vectors of atomic actions', () => {
  const file = readJson('protocols/vectors/atomic.json') as File
  const network = fromHex(file.network)

  it('ATO-3, ATO-14: every payload has its verdict, its other shards and its cost', () => {
    ok(file.legs.some(({ verdict }) => verdict === 'ok') && file.legs.some(({ verdict }) => verdict !== 'ok'))
    const constants = { network, shards: file.shards, payloadBytesMax: 16_384 }
    const sender = fromHex(file.sender)
    for (const { name, payload: bytes, verdict, others, cost } of file.legs) {
      const payload = MultiTransferType.deserialize(fromHex(bytes))
      equal(multiTransfer.stateless(payload, sender, constants) ?? 'ok', verdict, name)
      deepEqual(multiTransfer.destinations(payload, sender, constants), others, name)
      equal(multiTransfer.cost(1_100, others.length).toString(), cost, name)
    }
  })

  it('ATO-4: the co-signed bytes are those that are signed', () => {
    const { terms: told, sequence, message, key, signature } = file.cosigned
    const terms = {
      ...told,
      sender: fromHex(told.sender),
      nonce: BigInt(told.nonce),
      legs: told.legs.map((leg) => ({
        from: fromHex(leg.from),
        to: fromHex(leg.to),
        consumer: BigInt(leg.consumer),
        industrial: BigInt(leg.industrial)
      }))
    } as AtomicTerms
    equal(toHex(cosignedBytes(network, terms, BigInt(sequence))), message)
    ok(verify(fromHex(signature), fromHex(message), fromHex(key)))
  })

  it('ATO-1, ATO-6, ATO-13: every receipt is of its action, and every record that goes had ended', () => {
    ok(file.stories.length > 0)
    for (const { name, id, blocks } of file.stories) {
      let endedAt = 0
      for (const { chain, height, receipts, outcomes, emitted, changes } of blocks) {
        equal(outcomes.length, receipts.length, name)
        for (const bytes of emitted) {
          const { origin, source } = ReceiptType.deserialize(fromHex(bytes))
          deepEqual([toHex(origin), source], [id, chain], name)
        }
        const record = changes[`07${id}`]
        if (record?.[0] !== undefined) endedAt = AtomicRecordType.deserialize(fromHex(record[0])).endedAt
        else if (record !== undefined) equal(height, endedAt + 5_760, name)
      }
    }
  })
})
