/** What is served of a certified history, and what the asker makes of it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeaderType } from '../../../../src/codec/block.ts'
import {
  BODIES_ANSWER_BYTES,
  BodyListType,
  CertificateListType,
  HEADERS_PER_ANSWER,
  HeaderListType
} from '../../../../src/codec/sync-messages.ts'
import { dataPaths } from '../../../../src/node/data-dir.ts'
import { serveBodies, serveHeaders } from '../../../../src/node/sync/serve.ts'
import { networkId } from '../../../../src/params/genesis.ts'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { ChainStore } from '../../../../src/store/chain-store.ts'
import { openLevel } from '../../../../src/store/level.ts'
import type { KeyValueStore } from '../../../../src/store/ports.ts'
import { readBodies } from '../../../../src/sync/body-list.ts'
import { readHeaderRun, runAbove, runHash } from '../../../../src/sync/header-run.ts'
import type { HeaderRun } from '../../../../src/sync/header-run.ts'
import { makeHistory } from '../../../../src/testing/index.ts'

const SHARD = shardId(0)
const BLOCKS = 620
const CERTIFY = 16

describe('ranges of a final chain', function () {
  this.timeout(60_000)
  let directory: string
  let database: KeyValueStore
  let store: ChainStore
  let network: Uint8Array

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'icn-ranges-'))
    const history = await makeHistory({
      out: join(directory, 'history'),
      preset: 'minimal',
      shards: 1,
      blocks: BLOCKS,
      transfers: 1,
      memoBytes: 256,
      epochs: 2,
      certifyEvery: CERTIFY,
      threads: 0
    })
    network = networkId(history.genesis)
    database = await openLevel(dataPaths(history.data).chainDatabase(SHARD), { isNew: false })
    store = ChainStore.open(database, { network, chain: SHARD })
  })
  after(async () => {
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const frames = async (from: number, limit: number): Promise<readonly Uint8Array[]> => {
    const answer = await serveHeaders(store, { chain: SHARD, from, limit })
    assert.equal(answer.result, 'ok')
    return answer.frames
  }
  async function runOf(from: number, limit: number): Promise<HeaderRun> {
    const run = readHeaderRun(await frames(from, limit), { network, chain: SHARD, from })
    assert(run.ok, run.ok ? '' : run.detail)
    return run.value
  }
  const refusedBy = (of: readonly Uint8Array[], from: number, chain = SHARD): string => {
    const run = readHeaderRun(of, { network, chain, from })
    return run.ok ? 'accepted' : run.detail
  }

  it('SYN-2: up to the highest certified block within the limit, each epoch with its certificate', async () => {
    const run = await runOf(1, 512)
    assert.equal(run.from, 1)
    assert(run.to <= 512 && run.to > 512 - CERTIFY)
    assert.equal(store.header(run.to)?.epoch, run.parts.at(-1)?.epoch)
    assert.deepEqual(
      run.parts.slice(0, -1).map(({ to }) => to),
      [...new Set(run.parts.slice(0, -1).map(({ epoch }) => store.boundary(epoch)!.header.height))]
    )
    assert.deepEqual(runHash(run), store.hashAt(run.to))
    assert.deepEqual(run.parent, store.hashAt(0))
    const rest = await runOf(run.to + 1, 512)
    assert.equal(rest.to, BLOCKS)
    assert.deepEqual(rest.parent, runHash(run))
  })

  it('SYN-2: no certified block within the limit: to the first one above', async () => {
    const run = await runOf(2, 1)
    assert(run.to > 2 && run.to <= 2 + CERTIFY)
    assert(run.to - run.from < HEADERS_PER_ANSWER)
  })

  it('SYN-2: genesis, what lies above the last final block, and nothing at all are lacking', async () => {
    for (const [from, limit] of [
      [0, 10],
      [BLOCKS + 1, 10],
      [1, 0]
    ] as const) {
      assert.equal((await serveHeaders(store, { chain: SHARD, from, limit })).result, 'lacks')
    }
  })

  it('SYN-2: a run that is no run is proof against its sender', async () => {
    const [first, last] = [(await frames(1, 100))[0]!, (await frames(1, 100)).at(-1)!]
    const headers = HeaderListType.deserialize(first)
    const certificates = CertificateListType.deserialize(last)
    const changed = headers.map((header, at) =>
      at === 40 ? { ...header, timeMs: header.timeMs + 1 } : header
    )
    const write = (list: typeof headers): Uint8Array => HeaderListType.serialize(list)
    const [certificate] = certificates
    const cases: [string, readonly Uint8Array[], RegExp][] = [
      ['no certificates', [first], /due/],
      ['only certificates', [last], /due/],
      ['a header that was changed', [write(changed), last], /does not link/],
      ['a header left out', [write(headers.filter((_, at) => at !== 3)), last], /out of turn/],
      ['the last header left out', [write(headers.slice(0, -1)), last], /no finality/],
      ['not canonical', [first.subarray(1), last], /./],
      [
        'a certificate too many',
        [first, CertificateListType.serialize([...certificates, certificate!])],
        /2 certificates/
      ],
      [
        'a notarisation',
        [first, CertificateListType.serialize([{ ...certificate!, kind: 1 }])],
        /no finality/
      ],
      [
        'of another epoch',
        [first, CertificateListType.serialize([{ ...certificate!, epoch: 9 }])],
        /no finality/
      ]
    ]
    assert.equal(refusedBy([first, last], 1), 'accepted')
    for (const [name, answer, why] of cases) assert.match(refusedBy(answer, 1), why, name)
    assert.match(refusedBy([first, last], 2), /out of turn/)
    assert.match(refusedBy([first, last], 1, shardId(5)), /another chain/)
  })

  it('SYN-3: what is held is cut off from below, the proof at the end stays', async () => {
    const run = await runOf(1, 512)
    assert.equal(runAbove(run, 0), run)
    const above = runAbove(run, 100)
    assert.deepEqual(above?.parent, store.hashAt(100))
    assert.equal(above?.headers[0]?.header.height, 101)
    assert.equal(above?.parts.at(-1), run.parts.at(-1))
    assert.equal(runAbove(run, run.to), undefined)
  })

  it('SYN-4: bodies in height order, at least one, not above the bytes of an answer', async () => {
    const run = await runOf(1, 512)
    const answer = serveBodies(store, { chain: SHARD, from: 1, limit: 200 })
    const bodies = readBodies(answer.frames, run.headers)
    assert(bodies.ok)
    assert.equal(bodies.value.length, 200)
    const all = serveBodies(store, { chain: SHARD, from: 1, limit: 512 })
    const bytes = all.frames.reduce((sum, { length }) => sum + length, 0)
    assert(bytes <= BODIES_ANSWER_BYTES + 4 * 512 && all.frames.length > 1)
    for (const [from, limit] of [
      [BLOCKS + 1, 1],
      [1, 0]
    ] as const) {
      assert.equal(serveBodies(store, { chain: SHARD, from, limit }).result, 'lacks')
    }
  })

  it('SYN-4: another body, one too many or none is proof against the sender; fewer are not', async () => {
    const { headers } = await runOf(1, 64)
    const bodies = [1, 2, 3].map((height) => store.body(height)!)
    const read = (list: readonly Uint8Array[], of = headers) =>
      readBodies([BodyListType.serialize([...list])], of)
    assert(read(bodies).ok)
    assert(read(bodies.slice(0, 1)).ok)
    const answers = [
      read([bodies[1]!]),
      read([bodies[0]!.subarray(1)]),
      read([bodies[0]!, new Uint8Array(bodies[1]!.length)]),
      read(bodies, headers.slice(0, 2)),
      readBodies([], headers),
      readBodies([new Uint8Array(3)], headers)
    ]
    assert.deepEqual(
      answers.map((answer) => (answer.ok ? 'ok' : answer.code)),
      ['wrong-body', 'wrong-body', 'wrong-body', 'malformed', 'malformed', 'malformed']
    )
  })

  it('SYN-2: a header has a fixed width, so a frame of them is one after the other', () => {
    assert.equal(HeaderType.fixedSize, 387)
  })
})
