/**
 * History below a snapshot, fetched, linked, hashed and stored (SNAP-9), from a store that serves it in this process:
 * both ends share the thread, and no network lies between.
 */
import { join } from 'node:path'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { bodyHash, blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { decode } from '../codec/ssz.ts'
import { CertificateType, FINALISE } from '../codec/statement.ts'
import { MANIFEST_VERSION } from '../codec/state-snapshot.ts'
import { BodyRangeType, HeaderRangeType } from '../codec/sync-messages.ts'
import { inlineVerifier } from '../crypto/inline-verifier.ts'
import type { Network, Peer, Response } from '../net/types.ts'
import { EpochBook } from '../node/chain/epoch-book.ts'
import { Backfill } from '../node/snapshot/backfill.ts'
import { serveBodies, serveHeaders } from '../node/sync/serve.ts'
import { compare as compareBytes, fromHex, u64be } from '../primitives/bytes.ts'
import { must } from '../primitives/errors.ts'
import { encodeChunk, verifyChunk } from '../state/chunk.ts'
import { pathOf } from '../state/hashes.ts'
import { ChainImport } from '../store/chain-import.ts'
import { ChainStore } from '../store/chain-store.ts'
import { openLevel } from '../store/level.ts'
import type { Write } from '../store/ports.ts'
import type { Bench } from './figure.ts'
import { SHARD, createFixture } from './fixture.ts'

const BODY_BYTES = 41_000
const BLOCKS = 2_000
/** A certificate of its own for one block in so many. */
const CERTIFIED_EVERY = 8
/** Written together by the raw loop: as many as a backfill writes in one step. */
const TOGETHER = 200
/** As the database of a chain that began with a snapshot is until the node's next start. */
const LOADING = { isNew: true, loads: true }
/** Bodies fetched, checked and stored in a second. */
const BAR_MB_S = 100
const PEER = 'bench' as Peer

const { genesis, constants } = createFixture()
const begin = buildChainGenesis(genesis, SHARD)
const identity = { network: constants.network, chain: SHARD }

const certificateOf = (hash: Uint8Array) => ({
  ...CertificateType.defaultValue(),
  kind: FINALISE,
  chain: SHARD,
  hash
})

async function makeSource(path: string): Promise<{ store: ChainStore; tip: Header; body: Uint8Array }> {
  const store = await ChainStore.create(await openLevel(path, { isNew: true }), identity, begin)
  const changes = { values: new Map(), pages: new Map(), root: store.root }
  let tip = begin.block.header
  let body = begin.block.bodyBytes
  for (let height = 1; height <= BLOCKS; height++) {
    body = crypto.getRandomValues(new Uint8Array(BODY_BYTES))
    const linked = { height, parent: blockHash(tip), view: height, transactionCount: 0 }
    tip = { ...tip, ...linked, bodyHash: bodyHash(body), bodyBytes: BODY_BYTES }
    const hash = blockHash(tip)
    const block = { header: tip, hash, bodyBytes: body, body: begin.block.body }
    const end = height % CERTIFIED_EVERY === 0 ? { certificate: certificateOf(hash) } : {}
    await store.commitFinal([{ block, changes, results: new Uint8Array(0), transactionIds: [], ...end }])
  }
  return { store, tip, body }
}

/** A chain that began at the last block. */
async function makeTarget(path: string, header: Header, body: Uint8Array): Promise<ChainStore> {
  const rows = [...begin.changes.values]
    .flatMap(([key, value]) => (value === undefined ? [] : [{ key: fromHex(key), value }]))
    .sort((a, b) => compareBytes(pathOf(a.key), pathOf(b.key)))
  const manifest = {
    version: MANIFEST_VERSION,
    tip: { header, certificate: certificateOf(blockHash(header)) },
    totals: new Uint8Array(),
    totalsProof: { siblings: [], other: [] },
    hashes: [header.stateRoot]
  }
  const database = await openLevel(path, LOADING)
  const target = await ChainImport.begin(database, identity, manifest)
  const chunk = verifyChunk(encodeChunk(rows), { bits: 0, index: 0 }, header.stateRoot)
  if (!chunk.ok) throw new RangeError(chunk.detail)
  await target.putChunk(0, chunk.value)
  await target.putBody(body)
  return must(await target.finish(), 'the rows of genesis make its root')
}

const serving = (store: ChainStore): Pick<Network, 'peers' | 'request' | 'report'> => ({
  peers: () => [
    {
      peer: PEER,
      address: '',
      direction: 'outbound',
      agent: '',
      score: 0,
      status: { network: identity.network, features: 0n, required: 0n, role: 0, chains: [] }
    }
  ],
  report: (_peer, _fact, why) => {
    throw new RangeError(why)
  },
  async request(_peer, protocol, body): Promise<Response> {
    const headers = protocol === 'headers' ? decode(HeaderRangeType, body) : undefined
    if (headers?.ok === true) return serveHeaders(store, headers.value)
    const bodies = decode(BodyRangeType, body)
    return bodies.ok ? serveBodies(store, bodies.value) : { result: 'invalid', frames: [] }
  }
})

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

export const backfill: Bench = {
  name: 'backfill',
  summary: `${BLOCKS} blocks of ${BODY_BYTES / 1_000} kB below a snapshot`,
  async run({ directory, note }) {
    const { store, tip, body } = await makeSource(join(directory, 'backfill-source'))
    const target = await makeTarget(join(directory, 'backfill-target'), tip, body)
    const work = new Backfill({
      network: serving(store),
      clock: { wallMs: () => Date.now(), monoMs: () => performance.now(), at: () => () => undefined },
      verifier: inlineVerifier,
      epochs: new EpochBook(() => undefined),
      store: target
    })
    const value = await timed(async () => {
      while (target.earliest > 1) await work.step(PEER)
    })
    const beside = await openLevel(join(directory, 'backfill-raw'), LOADING)
    const raw = await timed(async () => {
      for (let from = 1; from < BLOCKS; from += TOGETHER) {
        const count = Math.min(TOGETHER, BLOCKS - from)
        const writes = Array.from({ length: count }, (_, at): Write => {
          const value = must(store.body(from + at), 'the source holds every body')
          return { type: 'put', key: u64be(from + at), value }
        })
        await beside.batch(writes, { sync: false })
      }
    })
    await beside.close()
    const megabytes = ((BLOCKS - 1) * BODY_BYTES) / 1e6
    const rate = (ms: number): string => `${((megabytes * 1_000) / ms).toFixed(1)} MB/s`
    note(`${megabytes.toFixed(1)} MB: backfilled at ${rate(value)}, LevelDB alone ${rate(raw)}`)
    return [
      {
        name: 'backfill',
        what: `${BLOCKS} blocks of ${BODY_BYTES / 1_000} kB served, linked, hashed, stored; no network between`,
        unit: 'ms',
        value,
        raw: { what: 'LevelDB reading and writing the same bodies, nothing checked', value: raw },
        bar: (megabytes * 1_000) / BAR_MB_S
      }
    ]
  }
}
