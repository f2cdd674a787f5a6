import assert from 'node:assert/strict'
import { containerTypes, notation } from '../../../scripts/vectors/types.ts'
import { listFolder, readText } from '../../support/repository.ts'

/** Files of src/codec that define nothing that is hashed, signed or sent. */
const NOT_PROTOCOL = [
  'chunk-limits.ts',
  'merkleize.ts',
  'offset.ts',
  'peer-ban.ts',
  'refusals.ts',
  'results.ts',
  'ssz.ts',
  'state-prefixes.ts',
  'stored-peer.ts'
]

/** `### Name`, then rows `| field | type | meaning |`. */
function tablesOf(text: string): Map<string, string[]> {
  const tables = new Map<string, string[]>()
  for (const section of text.split(/^#+ /m).slice(1)) {
    const rows = [...section.matchAll(/^\| `(\w+)` \| ([^|]+?) \|/gm)]
    if (rows.length > 0)
      tables.set(
        section.split('\n', 1)[0]!,
        rows.map(([, field, type]) => `${field}: ${type}`)
      )
  }
  return tables
}

describe('tables of encoding.md, discovery.md and snapshot.md', () => {
  const tables = tablesOf(
    ['encoding', 'discovery', 'snapshot', 'cooperation']
      .map((page) => readText(`protocols/${page}.md`))
      .join('')
  )
  const types = containerTypes()

  it('ENC-18: has a table for every container of the codec and no other', () => {
    assert.deepEqual([...tables.keys()].toSorted(), [...types.keys()].toSorted())
  })

  for (const [name, type] of types) {
    it(`ENC-18: the table of ${name} is the fields, types and limits of the codec`, () => {
      const fields = Object.entries(type.fields).map(
        ([field, fieldType]) => `${field}: ${notation(fieldType)}`
      )
      assert.deepEqual(tables.get(name), fields)
    })
  }

  it('ENC-18: every file of the codec is among those compared', () => {
    const compared = readText('scripts/vectors/types.ts')
    for (const file of listFolder('src/codec')) {
      const isCompared = compared.includes(`src/codec/${file}'`)
      assert.ok(
        isCompared || NOT_PROTOCOL.includes(file),
        `${file}: add its types to scripts/vectors/types.ts`
      )
    }
  })
})
