/**
 * A process that makes a snapshot of a state on disk, takes it over into another database as a fast start does, and
 * writes the same rows out of memory, without any check, beside it. Prints milliseconds and bytes as JSON.
 *
 *   node snapshot-process.js STATE DIR ACCOUNTS
 */
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { CertificateType, FINALISE } from '../codec/statement.ts'
import { MANIFEST_VERSION } from '../codec/state-snapshot.ts'
import { blockHash } from '../codec/block.ts'
import { must } from '../primitives/errors.ts'
import { PackedRows, eachPackedRow } from '../primitives/packed-rows.ts'
import { chunkBits, verifyChunk } from '../state/chunk.ts'
import { ChunkSorter } from '../state/chunk-sorter.ts'
import { subtreeHashes } from '../state/subtree.ts'
import { CHAIN_BUCKETS, bucketKey, bucketRange } from '../store/buckets.ts'
import { ChainImport } from '../store/chain-import.ts'
import { openLevel } from '../store/level.ts'
import type { KeyValueStore, Write } from '../store/ports.ts'
import { openStaging } from '../store/staging.ts'
import { ChunkThreads } from '../node/snapshot/chunk-threads.ts'
import { ASKS_MAX } from '../sync/chunk-download.ts'
import { networkId } from '../params/genesis.ts'
import { isLeafPage, leafRows } from '../state/leaf-page.ts'
import { Page } from '../state/page.ts'
import type { Hex } from '../primitives/bytes.ts'
import { join } from 'node:path'
import { SHARD, createFixture } from './fixture.ts'
import { StoredState } from './state-store.ts'

const [statePath = '', directory = '', accountsText = ''] = process.argv.slice(2)
const accounts = Number(accountsText)
const ROW_BYTES = 62
const WRITING_MAX = 4
/** Of a piece of rows that are written together. */
const PIECE_BYTES = 256 * 1024

const source = await openLevel(statePath, { isNew: false })
const state = new StoredState(source)
const bits = chunkBits({ accounts, stateBytes: ROW_BYTES * accounts })
const hashes = must(subtreeHashes(state, bits), 'a large state can be cut')
const chunkStore = await openLevel(join(directory, 'chunks'), { isNew: true })
const chunkKey = (index: number): Uint8Array =>
  bucketKey(CHAIN_BUCKETS.chunk, Uint8Array.of(index >> 8, index & 255))

/** Every row read, sorted into its chunk, checked and stored: what the maker does, without its pauses. */
async function make(): Promise<number> {
  const sorter = new ChunkSorter(bits, { from: 0, to: hashes.length })
  for await (const [, page] of source.range(bucketRange(CHAIN_BUCKETS.page))) {
    if (isLeafPage(page)) for (const [key, value] of leafRows(page)) sorter.add(key, value)
  }
  let bytes = 0
  for (const [index, hash] of hashes.entries()) {
    const chunk = sorter.take(index)
    must(verifyChunk(chunk, { bits, index }, hash).ok || undefined, 'a chunk that was just made is right')
    await chunkStore.batch([{ type: 'put', key: chunkKey(index), value: chunk }], { sync: false })
    bytes += chunk.length
  }
  return bytes
}

const { genesis } = createFixture()
const { block } = buildChainGenesis(genesis, SHARD)

/** Each chunk read as a peer reads it for us, verified, stored as pages; then joined and switched. */
async function take(): Promise<void> {
  const root = Page.decode(must(state.page('' as Hex), 'the root page'), '').hash(1)
  const header = { ...block.header, height: 4, stateRoot: root }
  const certificate = { ...CertificateType.defaultValue(), kind: FINALISE, hash: blockHash(header) }
  const threads = new ChunkThreads()
  const release = threads.hold()
  const staging = await openStaging(join(directory, 'chain'))
  const target = await ChainImport.begin(
    staging.database,
    { network: networkId(genesis), chain: SHARD },
    {
      version: MANIFEST_VERSION,
      tip: { header, certificate },
      totals: new Uint8Array(),
      totalsProof: { siblings: [], other: [] },
      hashes: [...hashes]
    }
  )
  const takeChunk = async (index: number, hash: Uint8Array): Promise<void> => {
    const chunk = must(chunkStore.get(chunkKey(index)), 'made before')
    const verdict = await threads.verify(chunk, { bits, index }, hash)
    if (!verdict.ok) throw new RangeError(verdict.detail)
    await target.putChunk(index, verdict.value)
    threads.reuse(verdict.value.pages)
  }
  const taking: Promise<void>[] = []
  for (const [index, hash] of hashes.entries()) {
    taking.push(takeChunk(index, hash))
    if (taking.length >= ASKS_MAX) await taking.shift()
  }
  await Promise.all(taking)
  release()
  await target.putBody(block.bodyBytes)
  must(await target.finish(), 'the chunks make the state')
  await staging.database.close()
}

/** All pages in the order of their names, in pieces. */
async function readAll(): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  let rows = new PackedRows(PIECE_BYTES)
  for await (const [key, value] of source.range(bucketRange(CHAIN_BUCKETS.page))) {
    const at = rows.add(key.length, value.length)
    rows.bytes.set(key, at)
    rows.bytes.set(value, at + key.length)
    if (at < PIECE_BYTES) continue
    pieces.push(rows.take())
    rows = new PackedRows(PIECE_BYTES)
  }
  return [...pieces, rows.take()]
}

/** The same pages written as an import writes them, out of memory and with nothing checked. */
async function raw(pieces: readonly Uint8Array[]): Promise<void> {
  const beside: KeyValueStore = await openLevel(join(directory, 'raw'), { isNew: true, loads: true })
  const writing: Promise<void>[] = []
  for (const piece of pieces) {
    const writes: Write[] = []
    eachPackedRow(piece, (keyFrom, valueFrom, end) => {
      writes.push({
        type: 'put',
        key: piece.subarray(keyFrom, valueFrom),
        value: piece.subarray(valueFrom, end)
      })
    })
    writing.push(beside.batch(writes, { sync: piece === pieces.at(-1) }))
    if (writing.length > WRITING_MAX) await writing.shift()
  }
  await Promise.all(writing)
  await beside.close()
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const started = performance.now()
  const value = await work()
  return { ms: performance.now() - started, value }
}

const made = await timed(make)
const taken = await timed(take)
const pieces = await readAll()
const beside = await timed(async () => raw(pieces))
await chunkStore.close()
await source.close()
process.stdout.write(
  JSON.stringify({
    bytes: made.value,
    chunks: hashes.length,
    makeMs: made.ms,
    takeMs: taken.ms,
    rawMs: beside.ms
  })
)
