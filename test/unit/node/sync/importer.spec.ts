import assert from 'node:assert/strict'
import { blockHash, bodyHash, BodyType, HeaderType } from '../../../../src/codec/block.ts'
import type { VerifyOptions } from '../../../../src/crypto/ports.ts'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { Importer } from '../../../../src/node/sync/importer.ts'
import type { ImporterComponents } from '../../../../src/node/sync/importer.ts'
import { CONSTANTS, party, transferBytes } from '../../../support/state.ts'

const body = BodyType.serialize({
  ...BodyType.defaultValue(),
  transactions: [transferBytes(party(1), { consumer: 1n })]
})
const headers = Array.from({ length: 10 }, (_, at) => {
  const header = { ...HeaderType.defaultValue(), height: at + 1, bodyHash: bodyHash(body) }
  return { header, hash: blockHash(header) }
})
const run = { from: 1, to: 10, parent: new Uint8Array(32), headers, parts: [] }

/** An importer whose verifier never answers. @returns options of what was asked of it */
function waitingImporter(): { importer: Importer; asked: (VerifyOptions | undefined)[] } {
  const asked: (VerifyOptions | undefined)[] = []
  const verifier = {
    verify: async (_: unknown, options?: VerifyOptions) => {
      asked.push(options)
      return new Promise<boolean[]>(() => undefined)
    }
  }
  const components: Partial<ImporterComponents> = { verifier, constants: CONSTANTS }
  return { importer: new Importer(components as ImporterComponents, shardId(0)), asked }
}

describe('import of synced blocks', () => {
  it('SYN-6: signatures of the lowest requests are verified ahead in bulk, and no more than six of them', () => {
    const { importer, asked } = waitingImporter()
    for (let height = 1; height <= 10; height++) importer.prepare(height, run, [body])
    assert.deepEqual(
      asked,
      Array.from({ length: 6 }, () => ({ bulk: true }))
    )
  })

  it('what came for a sync that ended is forgotten', () => {
    const { importer, asked } = waitingImporter()
    for (let height = 1; height <= 10; height++) importer.prepare(height, run, [body])
    importer.forget()
    importer.prepare(1, run, [body])
    assert.equal(asked.length, 7)
  })
})
